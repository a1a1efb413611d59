"""The stage that executes notebooks: what it refuses, and that it names what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reprise.errors import UserError
from reprise.pipeline import parameters
from stages import reporting

ROOT = Path(__file__).parents[2]
PARAMS = parameters.load("reporting", reporting.Params, ROOT / "params.yaml")


def test_every_notebook_of_the_repository_has_its_parameters():
    assert set(PARAMS.notebooks) == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


def test_every_key_that_a_notebook_asks_for_is_there(monkeypatch):
    monkeypatch.chdir(ROOT)
    for needed in PARAMS.notebooks.values():
        for key in needed.values():
            reporting.value(key)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("mdp_solving.tolerence", "mdp_solving has no 'tolerence'; did you mean 'tolerance'"),
        ("mdp_solvin.tolerance", "params.yaml has no 'mdp_solvin'; did you mean 'mdp_solving'"),
        ("mdp_solving.tolerance.x", "mdp_solving.tolerance has no 'x'"),
    ],
)
def test_a_key_that_params_yaml_lacks_is_named_with_the_closest(monkeypatch, key, message):
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match=message):
        reporting.value(key)


def test_a_misspelt_notebook_ends_with_one_line_and_exit_code_two():
    done = subprocess.run(
        [sys.executable, "-m", "stages.reporting", "mdp_solvin"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.strip().endswith("did you mean 'mdp_solving'?")
    assert len(done.stderr.strip().split("\n")) == 1


def test_committed_notebooks_have_no_outputs_and_executed_ones_have():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") for cell in cells), path.name
    for path in (ROOT / "data/reporting").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert any(cell.get("outputs") for cell in cells), path.name
