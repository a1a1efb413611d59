"""The stage that executes notebooks: what it refuses, and that it names what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_misspelt_notebook_ends_with_one_line_and_exit_code_two():
    done = subprocess.run(
        [sys.executable, "-m", "stages.reporting", "mdp_solvin"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.strip().endswith("did you mean mdp_solving?")
    assert len(done.stderr.strip().split("\n")) == 1


def test_committed_notebooks_have_no_outputs_and_executed_ones_have():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") for cell in cells), path.name
    for path in (ROOT / "data/reporting").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert any(cell.get("outputs") for cell in cells), path.name
