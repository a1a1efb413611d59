"""Modules of the user's own are below a dep of their stage, or the stage does not run."""

import importlib
import sys
from pathlib import Path

import pytest

from reprise.errors import UserError
from reprise.pipeline import tracking

FILES = ("environments/own_room.py", "own_table.py", "own_helper.py", "elsewhere/own_package.py")


def load(*names: str) -> set[str]:
    """Import modules, and return the names of those that were loaded before."""
    before = set(sys.modules)
    for name in names:
        importlib.import_module(name)
    return before


def test_a_module_that_dvc_does_not_see_is_named_with_its_stage(tmp_path: Path, monkeypatch):
    (tmp_path / "dvc.yaml").write_text(
        "stages: {training: {deps: [environments, own_table.py]}, another: {}}"
    )
    for file in FILES:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
        monkeypatch.syspath_prepend(tmp_path / Path(file).parent)
        monkeypatch.setitem(sys.modules, Path(file).stem, sys)  # undone afterwards
        del sys.modules[Path(file).stem]
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "quopri", raising=False)
    monkeypatch.delitem(sys.modules, "execnet", raising=False)
    tracking.check("training", load("own_room", "own_table", "quopri", "execnet"))
    for name, file in (("own_helper", FILES[2]), ("own_package", FILES[3])):
        before = load(name)
        with pytest.raises(UserError) as error:
            tracking.check("training", before)
        assert str(error.value) == (
            f"the module {name} is {file}, which DVC does not see: it is below no dep of training "
            "in dvc.yaml; allowed: a file in environments/, or one that you add to these deps"
        )
        tracking.check("in no dvc.yaml", before)
        del sys.modules[name]
