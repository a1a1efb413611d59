"""What decides a result is seen by DVC: a user's own environment, and the stage that is studied."""

from pathlib import Path
from typing import Any

import pytest

from reprise.pipeline import artifacts
from tests import tiny
from tests.repositories import LIMITS, Repository

TRAINING, STUDY = "reinforce_training", "hyperparameter_study"
CORRIDOR = {
    "id": "environments.corridor:Corridor-v0", "kwargs": {}, "wrappers": [], "solved_return": -4,
}  # fmt: skip
GRID = [{"name": "learning_rate", "values": [0.1, 0.2]}]
CHANGES: dict[str, Any] = {"environment": CORRIDOR, "seeds": 2, "pack_size": 1, "iterations": 1}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository in which REINFORCE has played the environment of the user's own."""
    made = Repository.make(tmp_path_factory.mktemp("seen"), [TRAINING, STUDY])
    made.set(**{f"{TRAINING}__{name}": value for name, value in CHANGES.items()})
    made.set(hyperparameter_study__stage=TRAINING, hyperparameter_study__grid=GRID)
    artifacts.write_all(made.folder / "data" / TRAINING, tiny.run(TRAINING, **LIMITS, **CHANGES))
    study = made.folder / "data" / STUDY  # empty: only DVC looks at it
    study.mkdir()
    for path in (tiny.ROOT / "data" / STUDY).iterdir():
        (study / path.name).touch()
    assert made.dvc("commit", "--force").returncode == 0
    made.commit("Play the corridor")
    return made


def mean(folder: Path) -> float:
    found = artifacts.read_json(folder / "data" / TRAINING / "metrics.json")
    return found["greedy"]["limit_200"]["mean"]


def test_a_changed_environment_of_the_users_own_runs_its_stages_again(repository):
    """In worker processes, and in a folder apart from the workspace, too."""
    assert "up to date" in repository.dvc("status").stdout
    path = repository.folder / "environments/corridor.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("-1.0, self", "-2.0, self"), encoding="utf-8")
    words = ("exp", "run", "--temp", "--name", "dear", TRAINING)
    done = repository.dvc(*words, REPRISE_WORKERS="2")
    assert f"Running stage '{TRAINING}'" in done.stdout, done.stdout + done.stderr
    before = mean(repository.folder)
    repository.git("checkout", "--quiet", ".")
    assert repository.dvc("exp", "apply", "dear").returncode == 0
    assert mean(repository.folder) == 2 * before < 0
    repository.git("checkout", "--quiet", ".")


def test_only_the_section_of_the_studied_stage_counts(repository):
    repository.set(dqn_training__discount=0.5)
    assert "up to date" in repository.dvc("status", STUDY).stdout
    repository.set(reinforce_training__discount=0.5)
    assert f"modified:           {TRAINING}" in repository.dvc("status", STUDY).stdout
