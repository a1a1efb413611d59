"""The stage that executes notebooks."""

import json

import pytest

from tests.tiny import ROOT


@pytest.mark.parametrize(("folder", "executed"), [("notebooks", False), ("data/reporting", True)])
def test_committed_notebooks_have_no_outputs_and_executed_ones_have(folder, executed):
    for path in (ROOT / folder).glob("[!.]*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert any(cell.get("outputs") for cell in cells) == executed, path.name
