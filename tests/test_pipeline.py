"""The whole pipeline with tiny parameters, in a repository of its own, through real DVC."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reprise.pipeline import parameters
from tests import tiny
from tests.publishing import documents

STAGES = [name for name in tiny.STAGES if name not in {"reporting", "report"}]
EXTRA = "lunar_lander"  # runs only when it is asked for

CLAIMS = "data/inputs/claims.yaml"
LIMITS = {"evaluation": {"limits": [200, 500]}}
# What claims ask for by name: returns under these limits, and the steps to this target.
CLAIMED: dict[str, dict[str, Any]] = {
    **dict.fromkeys(
        ("reinforce_training", "credit_assignment", "partial_observability", "dqn_training",
         "dqn_ablations", "approximate_q_learning"),
        LIMITS,
    ),
    "prior_knowledge": LIMITS | {"targets": [10, 195]},
    "policy_search": {"neat": LIMITS},
}  # fmt: skip


def answered(claim: dict[str, Any], sections: dict[str, Any]) -> bool:
    """Return whether the tiny stages have all variants of which a claim asks."""
    sources = [claim["test"][name] for name in ("of", "than") if name in claim["test"]]
    return all(
        source["where"]["variant"] in sections[source["stage"]]["variants"]
        for source in sources
        if "variant" in source.get("where", {}) and "variants" in sections[source["stage"]]
    )


class Repository:
    """A copy of this repository with a history of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = self.git("ls-files", "-co", "--exclude-standard", cwd=tiny.ROOT).split("\n")
        for name in listed:
            if name and (tiny.ROOT / name).is_file() and not name.startswith(("data/", "tests/")):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(tiny.ROOT / name, folder / name)
        shutil.copytree(tiny.ROOT / "data/inputs", folder / "data/inputs")
        for lock in ("dvc.lock", "extra/dvc.lock"):
            (folder / lock).unlink(missing_ok=True)
        sections = parameters.read(folder / "params.yaml")
        sections |= {stage: tiny.section(stage, **CLAIMED.get(stage, {})) for stage in STAGES}
        YAML().dump(sections, folder / "params.yaml")
        asked = YAML(typ="safe", pure=True).load(folder / CLAIMS)
        YAML().dump({n: c for n, c in asked.items() if answered(c, sections)}, folder / CLAIMS)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Tests")
        self.git("config", "user.email", "tests@example.org")
        self.commit("Start with tiny parameters")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Run git and return what it prints."""
        done = subprocess.run(
            ["git", *words], cwd=cwd or self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit everything that is not ignored."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def dvc(self, *words: str) -> subprocess.CompletedProcess:
        """Run DVC as a user whose PATH begins with the virtual environment."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "COLUMNS": "200", "DVC_NO_ANALYTICS": "1"}
        return subprocess.run(
            [sys.executable, "-m", "dvc", *words], cwd=self.folder, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Repository:
    """Return a repository in which the whole pipeline has run once and is committed."""
    made = Repository(tmp_path_factory.mktemp("pipeline"))
    done = made.dvc("repro")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (made.folder / "data" / EXTRA).exists()
    done = made.dvc("repro", "extra/dvc.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    made.commit("Add the results")
    return made


def test_every_stage_leaves_its_results_and_every_notebook_is_executed(repository):
    for stage in STAGES:
        assert (repository.folder / "data" / stage / "metrics.json").stat().st_size > 100
        assert (repository.folder / "data/reporting" / f"{stage}.ipynb").stat().st_size > 10_000


def test_the_report_is_whole_and_its_references_lead_somewhere(repository):
    folder = repository.folder / "data/reporting"
    assert (folder / "index.html").exists()
    assert {path.stem for path in folder.glob("pages/*.html")} == {*STAGES} - {EXTRA}
    assert {path.stem for path in folder.glob("extra/*.html")} == {EXTRA}
    assert not documents.dangling(folder)


def test_weights_stay_out_of_git_and_everything_else_is_in(repository):
    tracked = repository.git("ls-files", "data").split()
    assert [name for name in tracked if name.endswith(".npz")] == [f"data/{EXTRA}/weights.npz"]
    assert "data/dqn_training/metrics.json" in tracked
    assert not repository.git("status", "--porcelain")


def test_a_second_run_has_nothing_to_do(repository):
    assert "Data and pipelines are up to date." in repository.dvc("repro").stdout


def test_a_changed_text_of_a_notebook_executes_that_notebook_only(repository):
    notebook = repository.folder / "notebooks/mdp_solving.ipynb"
    before = notebook.read_text(encoding="utf-8")
    notebook.write_text(before.replace("\\n", " \\n", 1), encoding="utf-8")
    done = repository.dvc("repro", "--dry")
    notebook.write_text(before, encoding="utf-8")
    assert [line for line in done.stdout.split("\n") if line.startswith("Running")] == [
        "Running stage 'reporting@mdp_solving':"
    ]


def test_an_experiment_apart_leaves_the_workspace_alone_and_is_shown(repository):
    change = ["--set-param", "q_learning_convergence.discount=0.8"]
    done = repository.dvc(
        "exp", "run", "--temp", "--name", "shorter", *change, "q_learning_convergence"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not repository.git("status", "--porcelain")
    shown = repository.dvc("exp", "show", "--csv", "--only-changed").stdout
    assert "shorter" in shown
    assert "0.8" in shown


def test_a_changed_value_shows_in_the_differences_of_params_and_metrics(repository):
    done = repository.dvc(
        "exp", "run", "-S", "q_learning_convergence.runs=30", "q_learning_convergence"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    params, metrics = (repository.dvc(kind, "diff").stdout for kind in ("params", "metrics"))
    repository.git("checkout", "--quiet", ".")
    repository.dvc("checkout", "--quiet")
    assert "q_learning_convergence.runs" in params
    assert "data/q_learning_convergence/metrics.json" in metrics


def test_a_bad_value_stops_the_run_with_one_line_and_two_commands_bring_results_back(repository):
    done = repository.dvc("exp", "run", "-S", "dqn_training.batch_size=-1", "dqn_training")
    assert done.returncode != 0
    assert "dqn_training.batch_size" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    repository.git("checkout", ".")
    assert repository.dvc("checkout").returncode == 0
    assert "up to date" in repository.dvc("status").stdout
    assert not repository.git("status", "--porcelain")
