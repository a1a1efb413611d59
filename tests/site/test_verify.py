"""Every byte of results and of DVC's cache is read."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reprise.site import verify
from tests.tiny import ROOT

PIPELINE = """
stages:
  play:
    cmd:
    - mkdir -p data/pages/more data/cached
    - echo 0 > data/cached/d
    - echo 1 > data/pages/a
    - echo 2 > data/pages/more/b
    - echo 3 > data/w
    outs: [{data/pages: {cache: false}}, data/cached, data/w]
  never_run:
    cmd: "true"
    outs: [data/nothing]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a DVC repository with a folder and cached files."""
    root = tmp_path_factory.mktemp("made")
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / ".dvcignore").write_text("__pycache__\n")
    dvc = [sys.executable, "-m", "dvc"]
    for command in (["git", "init", "-q"], [*dvc, "init", "-q"], [*dvc, "repro", "-q", "play"]):
        subprocess.run(command, cwd=root, check=True)
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy, as the current directory."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def test_what_dvc_noted_passes_and_what_is_missing_is_not_wrong(root, capsys):
    (root / "data/pages/__pycache__").mkdir()
    (root / "data/pages/__pycache__/x").write_text("ignored")
    assert verify.main() == 0
    assert capsys.readouterr().out == "the results, and DVC's cache, are what dvc.lock names\n"
    (root / "data/w").unlink()
    assert verify.main() == 0


@pytest.mark.parametrize("name", ["data/pages/more/b", "data/pages/c", "data/w"])
def test_a_file_that_was_changed_or_added_is_named(root, capsys, name):
    (root / name).write_text("4\n")
    out = "data/w" if name == "data/w" else "data/pages"
    assert verify.main() == 1
    assert capsys.readouterr().err.startswith(f"verify: not what dvc.lock names: {out}; remove ")


def test_each_file_of_the_cache_that_was_changed_is_named(root, capsys):
    cached = [path for path in sorted((root / ".dvc/cache/files").rglob("*")) if path.is_file()]
    assert [path for path in cached if path.suffix == ".dir"]
    for path in cached:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b" ")
        path.chmod(0o444)
    assert verify.main() == 1
    said = capsys.readouterr().err
    assert all(str(path.relative_to(root)) in said for path in cached)
    assert said.count("\n") == 1


def test_a_lock_file_that_dvc_cannot_read_is_told_in_one_line(root, capsys):
    (root / "dvc.lock").write_text("<<<<<<< HEAD\n")
    assert verify.main() == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("command", ["readme", "reproduce", "offline_plots"])
def test_what_has_to_run_at_the_root_says_so_elsewhere(command, monkeypatch, capsys):
    module = importlib.import_module(f"reprise.site.{command}")
    monkeypatch.chdir(ROOT / "notebooks")
    assert (module.main([]) if command == "readme" else module.main()) == 2
    assert capsys.readouterr().err == (
        f"{command}: {ROOT}/notebooks has no .dvc; run from the repository's root\n"
    )
