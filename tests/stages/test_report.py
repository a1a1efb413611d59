"""The stage that makes the report: what it reads, what it refuses, and how it says so."""

import subprocess
import sys

import nbformat
import pytest

from reprise.errors import UserError
from reprise.pipeline import artifacts, stage
from stages import report
from tests.test_house import REPORT, covered, pipeline
from tests.tiny import ROOT

# Runs a part of the report and prints which files of the current folder were opened.
WATCHED = """
import sys, pathlib
opened = set()
sys.addaudithook(lambda event, given: event == "open" and opened.add(str(given[0])))
from reprise.pipeline import parameters
from stages import report
report.run(parameters.load(report.NAME, report.Params), sys.argv[1])
root = pathlib.Path.cwd()
paths = {pathlib.Path(root, name).resolve() for name in opened if not name.isdigit()}
print(*(path.relative_to(root) for path in paths if path.is_relative_to(root)), sep="\\n")
"""


@pytest.mark.parametrize("part", report.PARTS)
def test_every_file_that_the_report_opens_is_among_its_deps(part):
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED, part],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    opened = [path for path in done.stdout.split() if path.startswith(("data/", "reprise/"))]
    opened = [path for path in opened if not path.endswith((".py", ".pyc"))]  # of test_house
    file = {"chapter": "", "extra": "extra/dvc.yaml"}[part]
    (deps,) = (found.deps for found in pipeline() if (found.name, found.file) == (REPORT, file))
    assert len(opened) > 5
    assert not [path for path in opened if not covered(path, deps)]


def test_a_misspelt_part_ends_with_one_line_and_exit_code_two(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    words = {"arguments": ("part",), "argv": ["chaptre"]}
    assert stage.execute(report.NAME, report.Params, report.run, report.headline, **words) == 2
    said = "report@chaptre: no part 'chaptre' of the report; did you mean 'chapter'?\n"
    assert capsys.readouterr().err == said


def test_a_notebook_that_was_not_executed_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"data/reporting/mdp_solving.ipynb does not exist; `dvc"):
        report.executed("mdp_solving")


def test_claims_that_a_notebooks_figure_shows_are_of_its_stage_and_shown_once():
    table = artifacts.read_csv(ROOT / "data/claims/ledger.csv").to_dict("records")
    stages = {row["claim"]: [*str(row["stage"]).split(), "claims"] for row in table}
    shown = [
        (path.stem, claim)
        for path in sorted(ROOT.glob("notebooks/*.ipynb"))
        for cell in nbformat.v4.reads(path.read_text(encoding="utf-8")).cells
        for claim in cell.metadata.get("claims", ())
    ]
    assert len({claim for _, claim in shown}) == len(shown) > len(table) / 2
    assert not [(name, claim) for name, claim in shown if name not in stages.get(claim, [])]
