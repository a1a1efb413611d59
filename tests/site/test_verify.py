"""Every byte of results and of DVC's cache is read."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reprise.errors import PlainError
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


def test_what_dvc_noted_passes_and_what_is_missing_is_not_wrong(root):
    (root / "data/pages/__pycache__").mkdir()
    (root / "data/pages/__pycache__/x").write_text("ignored")
    (root / "data/w").unlink()
    verify.refuse(verify.cache, verify.results)


@pytest.mark.parametrize("name", ["data/pages/more/b", "data/pages/c", "data/w"])
def test_a_file_that_was_changed_or_added_is_named(root, name):
    (root / name).write_text("4\n")
    out = "data/w" if name == "data/w" else "data/pages"
    with pytest.raises(PlainError, match=f"^not what dvc.lock names: {out}; remove "):
        verify.refuse(verify.results)


def test_each_file_of_the_cache_that_was_changed_is_named(root):
    cached = [path for path in sorted((root / ".dvc/cache/files").rglob("*")) if path.is_file()]
    assert [path for path in cached if path.suffix == ".dir"]
    for path in cached:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b" ")
        path.chmod(0o444)
    with pytest.raises(PlainError) as error:
        verify.refuse(verify.cache)
    assert all(str(path.relative_to(root)) in str(error.value) for path in cached)


def test_a_lock_file_that_dvc_cannot_read_is_reported_in_one_line(root):
    (root / "dvc.lock").write_text("<<<<<<< HEAD\n")
    command = [sys.executable, "-m", "reprise.site.verify"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("verify: ")
    assert done.stderr.count("\n") == 1
