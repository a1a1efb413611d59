"""Modules of the user's own are below a dep of their stage, or the stage does not run."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise.errors import UserError
from reprise.pipeline import tracking

DEPS = ["environments", "own_table.py"]
FILES = ("environments/own_room.py", "own_table.py", "own_helper.py", "elsewhere/own_package.py")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository's root with modules, as the current directory."""
    (tmp_path / "dvc.yaml").write_text(f"stages: {{training: {{deps: {DEPS}}}}}")
    for file in FILES:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
        monkeypatch.syspath_prepend(tmp_path / Path(file).parent)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for file in FILES:
        sys.modules.pop(Path(file).stem, None)


def load(*names: str) -> set[str]:
    """Import modules, and return the names of those that were loaded before."""
    before = set(sys.modules)
    for name in names:
        importlib.import_module(name)
    return before


def test_what_lies_below_a_dep_or_is_installed_is_allowed(monkeypatch):
    monkeypatch.delitem(sys.modules, "quopri", raising=False)
    monkeypatch.delitem(sys.modules, "execnet", raising=False)
    tracking.check("training", load("own_room", "own_table", "quopri", "execnet"))


@pytest.mark.parametrize(
    ("name", "file"), [("own_helper", "own_helper.py"), ("own_package", "elsewhere/own_package.py")]
)
def test_what_dvc_does_not_see_is_named_with_its_stage(name: str, file: str):
    before = load("own_room", name)
    with pytest.raises(UserError) as error:
        tracking.check("training", before)
    assert str(error.value) == (
        f"the module {name} is {file}, which DVC does not see: it is below no dep of training in "
        "dvc.yaml; allowed: a file in environments/, or one that you add to these deps"
    )


def test_what_lies_outside_the_repository_is_named_in_full(root: Path, monkeypatch):
    (root / "inside").mkdir()
    (root / "dvc.yaml").rename(root / "inside/dvc.yaml")
    monkeypatch.chdir(root / "inside")
    before = load("own_helper")
    with pytest.raises(UserError, match=f"the module own_helper is {root}/own_helper.py, which"):
        tracking.check("training", before)


def test_a_stage_that_dvc_does_not_run_may_load_what_it_likes(root: Path):
    before = load("own_helper")
    tracking.check("another", before)
    (root / "dvc.yaml").unlink()
    tracking.check("training", before)
