"""What decides a result is seen by DVC: a user's own environment, and the stage that is studied."""

from pathlib import Path

import pytest

from reprise.pipeline import artifacts
from tests.repositories import Repository

TRAINING, STUDY = "reinforce_training", "hyperparameter_study"
CORRIDOR = {
    "id": "environments.corridor:Corridor-v0", "kwargs": {}, "wrappers": [], "solved_return": -4,
}  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository in which REINFORCE plays the environment of the user's own."""
    made = Repository.make(tmp_path_factory.mktemp("seen"), [TRAINING, STUDY])
    made.set(
        reinforce_training__environment=CORRIDOR,
        reinforce_training__seeds=2,
        reinforce_training__pack_size=1,
        reinforce_training__iterations=1,
    )
    made.commit("Play the corridor")
    return made


def mean(folder: Path) -> float:
    """Return the mean return that REINFORCE comes to."""
    found = artifacts.read_json(folder / "data" / TRAINING / "metrics.json")
    return found["greedy"]["limit_200"]["mean"]["estimate"]


def test_a_changed_environment_of_the_users_own_runs_its_stages_again(repository):
    """In worker processes, and in a folder apart from the workspace, too."""
    done = repository.dvc("repro", TRAINING, REPRISE_WORKERS="2")
    assert done.returncode == 0, done.stderr
    repository.commit("Add the results")
    path = repository.folder / "environments/corridor.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("-1.0, self", "-2.0, self"), encoding="utf-8")
    done = repository.dvc("exp", "run", "--temp", "--name", "dear", TRAINING, REPRISE_WORKERS="1")
    assert f"Running stage '{TRAINING}'" in done.stdout, done.stdout + done.stderr
    before = mean(repository.folder)
    repository.git("checkout", "--quiet", ".")
    assert repository.dvc("exp", "apply", "dear").returncode == 0
    assert mean(repository.folder) == 2 * before < 0
    repository.git("checkout", "--quiet", ".")


def test_the_studied_stage_is_switched_and_only_its_section_counts(repository):
    tried = "[{name: learning_rate, values: [0.1, 0.2]}]"
    done = repository.dvc(
        "exp", "run", "-S", f"{STUDY}.stage={TRAINING}", "-S", f"{STUDY}.grid={tried}", STUDY,
        REPRISE_WORKERS="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = artifacts.read_json(repository.folder / "data" / STUDY / "metrics.json")
    assert metrics["studied"] == TRAINING
    repository.set(dqn_training__discount=0.5)
    assert "up to date" in repository.dvc("status", STUDY).stdout
    repository.set(reinforce_training__discount=0.5)
    assert f"modified:           {TRAINING}" in repository.dvc("status", STUDY).stdout
