"""What every notebook owes its reader: it runs where it lies, teaches, and types no number."""

import ast
import os
import re
from functools import cache
from pathlib import Path

import matplotlib as mpl
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
    """Return a notebook's Markdown."""
    return "\n\n".join(said.text for said in prose.markdown(notebook))


def code(notebook: Path) -> str:
    """Return a notebook's code."""
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


TYPED = f"""
    The DQN gets 169.4 steps. | It solves 38% of the seeds, | over 96 seeds | *close to 200*
    | base, 150.8 | a buffer of 2,000 | a buffer of `2000` | where $\\gamma = 0.95$ |
    batches of 32. | $$10 + 0.8 \\cdot 0$$ | in 2000 steps | a share of ½
    | {prose.VALUE} of 96 seeds | ## 12 variants
"""
ALLOWED = [
    'The chapter says "very close to 200".',
    "CartPole-v1, FrozenLake8x8-v1, $s_0$, s3, a `kernel_0`",
    "(Puterman, 1994), (McDonough, 2003) and, since 2013, others",
    "## 1. The registry",
    "$Q_k(s, a) + \\frac{1}{2} (1 - x)^2$, where `0` is left and `1` right",
    "$2 \\times 10^{k}$",
    "`dvc exp run -S dqn_training.learning_rate=0.003`",
    "Try:\n\n    dvc exp run -S dqn_training.gradient_steps=8\n\nDoes it?",
    "```console\n$ dvc exp run -S dqn_training.discount=0.9\n```",
    f"{prose.VALUE} of {prose.VALUE} seeds",
]


@pytest.mark.parametrize("said", [said.strip() for said in TYPED.split("|")])
def test_a_typed_number_is_found(said: str):
    assert prose.typed(said)


@pytest.mark.parametrize("said", ALLOWED)
def test_names_sources_commands_and_the_chapters_words_may_hold_numerals(said: str):
    assert prose.typed(said) == []


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


@every
def test_the_idea_begins_with_at_most_three_sentences(notebook: Path):
    idea = re.split(r"## The idea\n+", text(notebook))[1].split("\n\n")[0]
    sentences = re.findall(r"[.?!]\W*(?=\s+\W*[A-Z]|$)", idea.strip())
    assert 1 <= len(sentences) <= 3, idea


@every
def test_the_source_of_the_algorithm_is_shown(notebook: Path):
    assert len(re.findall(r"^source\.of\(", code(notebook), flags=re.MULTILINE)) == 1


@every
def test_an_equation_is_in_the_codes_names(notebook: Path):
    said = text(notebook)
    assert "$$" in said
    named = set(re.findall(r"`(\w+)`", said)) | set(re.findall(r"texttt\{([\w\\]+)\}", said))
    known = "\n".join(path.read_text() for path in (ROOT / "reprise").rglob("*.py"))
    known += (ROOT / "params.yaml").read_text()
    assert [name for name in named if re.search(rf"\b{name}\b".replace("\\_", "_"), known)]


@pytest.mark.parametrize(
    ("name", "caption"),
    [
        ("policy_search", "Four points in the policy space (left) and the agent's corresponding"),
        ("credit_assignment", "Computing an action's return: the sum of discounted future rewards"),
        ("markov_chain", "Example of a Markov chain"),
    ],
)
def test_a_figure_names_its_counterpart_in_the_chapter(name: str, caption: str):
    assert f'"{caption}' in text(ROOT / "notebooks" / f"{name}.ipynb")


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
def test_a_notebook_shows_the_committed_results_from_its_own_folder(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(notebook.parent)
    with mpl.rc_context():
        figures, texts = shown.by(notebook)
        for figure in figures:
            figure.draw_without_rendering()
    assert figures
    assert len(texts) > 1
