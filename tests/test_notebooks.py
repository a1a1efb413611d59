"""What every notebook owes its reader: it runs where it lies, teaches, and types no number."""

import ast
import os
import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from reprise.pipeline import parameters
from tests import prose, shown, tiny

ROOT = tiny.ROOT
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = parameters.read(ROOT / "params.yaml")
every = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


@cache
def text(notebook: Path) -> str:
    return "\n\n".join(said.text for said in prose.markdown(notebook))


def code(notebook: Path) -> str:
    cells = prose.cells(notebook)
    return "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")


@every
def test_no_number_in_prose_is_typed(notebook: Path):
    typed = [
        f"{notebook.stem}, cell {said.cell}: … {words} …"
        for said in prose.markdown(notebook)
        for words in prose.typed(said.text)
    ]
    assert not typed, "\n" + "\n".join(typed)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("The DQN gets 169.4 steps: 38% of 96 seeds, a buffer of `2000`, $\\gamma = 0.95$", 5),
        ('The chapter says "close to 200" of CartPole-v1 (Puterman, 1994).', 0),
        ("$Q_k(s, a) + \\frac{1}{2} (1 - x)^2$, where `0` is left", 0),
        ("`dvc exp run -S dqn_training.learning_rate=0.003`", 0),
        (f"{prose.VALUE} of {prose.VALUE} seeds", 0),
    ],
)
def test_typed_numbers_are_found_except_in_names_sources_commands_and_quotations(said, found):
    assert len(prose.typed(said)) == found


@every
def test_a_notebook_asks_explains_shows_judges_and_proposes(notebook: Path):
    said = text(notebook)
    parts = ["**The question.**", "## The idea", "## What this says about the chapter"]
    if notebook.stem == "claims":  # all of it is about the chapter
        parts.pop()
    places = [said.index(part) for part in [*parts, "## What to try"]]
    assert places == sorted(places)
    assert "dvc exp run -S " in said.partition("## What to try")[2]
    assert "figures." in code(notebook)
    assert len(re.findall(r"^source\.of\(", code(notebook), flags=re.MULTILINE)) == 1


@every
def test_the_idea_begins_with_at_most_three_sentences(notebook: Path):
    idea = re.split(r"## The idea\n+", text(notebook))[1].split("\n\n")[0]
    sentences = re.findall(r"[.?!]\W*(?=\s+\W*[A-Z]|$)", idea.strip())
    assert 1 <= len(sentences) <= 3, idea


@every
def test_an_equation_is_in_the_codes_names(notebook: Path):
    said = text(notebook)
    assert "$$" in said
    named = set(re.findall(r"`(\w+)`", said)) | set(re.findall(r"texttt\{([\w\\]+)\}", said))
    known = "\n".join(path.read_text() for path in (ROOT / "reprise").rglob("*.py"))
    known += (ROOT / "params.yaml").read_text()
    assert [name for name in named if re.search(rf"\b{name}\b".replace("\\_", "_"), known)]


@every
def test_a_notebook_is_given_its_whole_section_and_what_differs_from_the_chapter(notebook: Path):
    (cell,) = (c for c in prose.cells(notebook) if "parameters" in c["metadata"].get("tags", ()))
    own = {
        ast.unparse(line.targets[0]): ast.literal_eval(line.value)
        for line in ast.parse(cell["source"]).body
        if isinstance(line, ast.Assign)
    }
    assert own == {
        "data": f"data/{notebook.stem}", "params": None, "changed": [],
        "confidence": PARAMETERS["reporting"]["confidence"],
    }  # fmt: skip


@every
def test_a_notebook_computes_nothing_and_judges_nothing(notebook: Path):
    """Thresholds, comparisons and sentences with numbers in them belong to stages and the judge."""
    banned = (ast.Compare, ast.JoinedStr, ast.FunctionDef, ast.For, ast.BinOp)
    found = [node for node in ast.walk(ast.parse(code(notebook))) if isinstance(node, banned)]
    assert not [ast.unparse(node) for node in found]


def test_all_notebooks_together_have_few_lines_of_code():
    assert sum(len(code(notebook).splitlines()) for notebook in NOTEBOOKS) <= 900


def test_a_notebook_runs_in_its_own_folder_as_jupyter_has_it():
    notebook = ROOT / "notebooks/exploration.ipynb"
    document = nbformat.read(notebook, as_version=4)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    place = {"metadata": {"path": str(notebook.parent)}}
    NotebookClient(document, timeout=300, resources=place).execute(env=environment)
    outputs = [output for cell in document.cells for output in cell.get("outputs", [])]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert {"image/png", "text/markdown"} <= kinds
    assert all(
        o["metadata"]["image/png"]["alt"] for o in outputs if "image/png" in o.get("data", {})
    )


@every
def test_a_notebook_shows_the_committed_results_from_its_own_folder(notebook, monkeypatch):
    monkeypatch.chdir(notebook.parent)
    figures, texts = shown.by(notebook)
    assert figures
    assert len(texts) > 1
