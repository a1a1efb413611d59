"""A run leaves a note of how it came about, which is neither a result nor tracked."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reprise.pipeline import execution, provenance, stage
from tests.pipeline import test_stage
from tests.tiny import ROOT

root = test_stage.root

NOTE = Path(".reprise/provenance/markov_chain.json")
MEBIBYTE = 2**20


@pytest.fixture
def repository(root: Path) -> Path:
    """The root of a repository with the parameters in its only commit."""
    Path("requirements.lock").write_text("numpy==2\n")
    Path(".gitignore").write_text(".reprise/\n")
    git("init", "--quiet")
    git("add", "params.yaml", "requirements.lock", ".gitignore")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--message", "start")
    return root


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def execute(run: Any = test_stage.run) -> int:
    return stage.execute("markov_chain", test_stage.Params, run, test_stage.headline, argv=[])


def noted() -> dict[str, Any]:
    return json.loads(NOTE.read_text())


def test_a_run_notes_the_machine_the_code_the_time_and_the_memory(repository: Path):
    assert execute() == 0
    note = noted()
    assert note["stage"] == "markov_chain"
    assert note["python"].startswith("CPython 3.1")
    assert note["requirements_lock_sha256"] == hashlib.sha256(b"numpy==2\n").hexdigest()
    assert note["git"] == {"commit": git("rev-parse", "HEAD"), "changed": False}
    assert 0 <= note["wall_seconds"] < 5
    assert 20 < note["peak_memory_mib"]["stage"] < 100_000
    cpu = note["cpu"]
    assert cpu["architecture"]
    assert cpu["count"] >= 1
    if provenance.CPU.exists():
        text = provenance.CPU.read_text()
        assert cpu["model"] is None or cpu["model"] in text
        assert all(f" {name} " in text.replace("\n", " ") for name in cpu["instructions"])


def test_results_that_differ_are_no_change_of_the_code_but_parameters_are(repository: Path):
    (repository.parent / "stray.csv").write_text("x")
    assert execute() == 0
    assert noted()["git"]["changed"] is False
    Path("params.yaml").write_text("markov_chain:\n  steps: 9\n")
    assert execute() == 0
    assert noted()["git"]["changed"] is True


def test_memory_is_that_of_this_run(repository: Path):
    def hungry(params: test_stage.Params) -> dict[str, Any]:
        held = np.ones(300 * MEBIBYTE // 8)
        return test_stage.run(params) | {"sum.json": {"sum": held.sum()}}

    before = provenance.peak_memory()["stage"]
    assert execute(hungry) == 0
    assert noted()["peak_memory_mib"]["stage"] >= min(before + 100, 320)


def test_a_folder_without_git_and_lock_says_so(root: Path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path.cwd().parent))
    assert execute() == 0
    assert noted()["git"] == {"commit": None, "changed": None}
    assert noted()["requirements_lock_sha256"] is None


def test_a_run_without_git_installed_is_noted_all_the_same(root: Path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert execute() == 0
    assert noted()["git"] == {"commit": None, "changed": None}


def test_a_run_that_fails_leaves_no_note(repository: Path):
    Path("params.yaml").write_text("markov_chain:\n  steps: 0\n")
    assert execute() == 2
    assert not Path(".reprise").exists()


def test_a_wrong_number_of_workers_that_a_stage_does_not_use_does_not_matter(root, monkeypatch):
    monkeypatch.setenv(execution.WORKERS, "many")
    assert execute() == 0
    assert noted()["workers"] == "many"


def test_notes_are_ignored_by_git_and_by_dvc():
    path = ".reprise/provenance/markov_chain.json"
    assert git("-C", str(ROOT), "check-ignore", path) == path
    assert ".reprise" in (ROOT / ".dvcignore").read_text().split()
