"""A fresh clone lacks nothing: what the README shows works there at once."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from reprise.site import readme
from tests.repositories import Repository, environment
from tests.tiny import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
STAGES = ["q_learning_convergence", "dqn_training"]  # of the sessions


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    stages = [*STAGES, "reporting@dqn_training"]
    made = Repository.make(tmp_path_factory.mktemp("committed"), stages)
    done = made.dvc("repro", REPRISE_WORKERS="1")
    assert done.returncode == 0, done.stdout + done.stderr
    made.commit("Add the results")
    return made


@pytest.fixture
def clone(committed: Repository, tmp_path: Path) -> Repository:
    """Return a clone that has what git gives it and nothing else."""
    committed.git("clone", "--quiet", ".", str(tmp_path / "clone"))
    made = Repository(tmp_path / "clone")
    made.git("config", "user.name", "Tests")
    made.git("config", "user.email", "tests@example.org")
    return made


def test_there_is_nothing_to_run_and_nothing_to_bring_back(clone, committed):
    assert clone.results() == committed.results()
    assert "Data and pipelines are up to date." in clone.dvc("status").stdout
    assert "Data and pipelines are up to date." in clone.dvc("repro").stdout
    assert clone.dvc("checkout").returncode == 0
    assert clone.python("-m", "reprise.site.verify").returncode == 0


def test_the_sessions_of_the_readme_run_and_end_where_they_began(clone, committed, monkeypatch):
    blocks = re.findall(r"<!-- session -->\n(.*?)<!-- end -->", README, flags=re.DOTALL)
    commands = [re.findall(r"^\$ (.*)$", block, flags=re.MULTILINE) for block in blocks]
    monkeypatch.setenv("PATH", environment({})["PATH"])
    monkeypatch.setenv("REPRISE_WORKERS", "1")
    said = [readme.session(lines, clone.folder) for lines in commands]
    assert re.search(r"^dqn_training.activation +elu +relu$", said[0], re.MULTILINE)
    assert clone.results() == committed.results()
    assert not clone.git("status", "--porcelain")
    assert "Data and pipelines are up to date." in clone.dvc("status").stdout


def test_the_readmes_python_loads_a_seed_of_the_committed_results(clone):
    (block,) = re.findall(
        r"^```python\n(import reprise\n.*?)^```", README, re.DOTALL | re.MULTILINE
    )
    assert "load(" in block
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{block}\nprint(model.output_shape)"],
        cwd=clone.folder, env=environment({"MPLBACKEND": "Agg"}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "(None, 2)\n"), done.stderr
    assert not clone.git("status", "--porcelain")
