"""A run leaves a note of how it came about, which is neither a result nor tracked."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reprise.pipeline import execution, stage
from tests.pipeline import test_stage
from tests.tiny import ROOT

root = test_stage.root

NOTE = Path(".reprise/provenance/markov_chain.json")


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def execute() -> int:
    return stage.execute(
        "markov_chain", test_stage.Params, test_stage.run, test_stage.headline, argv=[]
    )


def noted() -> dict[str, Any]:
    assert execute() == 0
    return json.loads(NOTE.read_text())


def test_a_run_notes_the_machine_the_code_the_time_and_the_memory(root: Path):
    Path(".gitignore").write_text(".reprise/\n")
    git("init", "--quiet")
    git("add", "params.yaml", ".gitignore")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--message", "start")
    note = noted()
    assert note["stage"] == "markov_chain"
    assert note["python"].startswith("CPython 3.1")
    assert 0 <= note["wall_seconds"] < 5
    assert 20 < note["peak_memory_mib"]["stage"] < 100_000
    assert note["cpu"]["count"] >= 1
    assert note["git"] == git("rev-parse", "HEAD")
    Path("params.yaml").write_text("markov_chain:\n  steps: 9\n")
    assert noted()["git"] == git("rev-parse", "HEAD") + "-dirty"


@pytest.mark.parametrize(
    ("name", "value"), [("PATH", ""), ("GIT_DIR", "nowhere")], ids=["program", "folder"]
)
def test_a_run_without_git_is_noted_all_the_same(root: Path, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert noted()["git"] is None


def test_a_run_that_fails_leaves_no_note(root: Path):
    Path("params.yaml").write_text("markov_chain:\n  steps: 0\n")
    assert execute() == 2
    assert not Path(".reprise").exists()


def test_a_wrong_number_of_workers_that_a_stage_does_not_use_does_not_matter(root, monkeypatch):
    monkeypatch.setenv(execution.WORKERS, "many")
    assert noted()["workers"] == "many"


def test_notes_are_ignored_by_git_and_by_dvc():
    path = ".reprise/provenance/markov_chain.json"
    assert git("-C", str(ROOT), "check-ignore", path) == path
    assert ".reprise" in (ROOT / ".dvcignore").read_text().split()
