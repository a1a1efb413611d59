"""Every sentence of the project is plain: no phrase of the banned list, no clause as a title."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tiny import ROOT

BANNED = re.compile(
    r"\b(but for|beside|told|had|whose|left to itself|as it is born|(?:is|was|are|been) born"
    r"|comes? to (?:a|the|its|all)\b(?! (?:end|rest))|what a training leaves)\b",
    re.IGNORECASE,
)
QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|`[^`]*`")  # the chapter's words, and names
CLAUSE = re.compile(r"^(What|Whether|Whoever|Where|When|How|Which|That)\b")
FOLDERS = ("reprise", "stages", "tests", "benchmarks", "environments")
CODE = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
TEXTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "params.yaml", "dvc.yaml")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "data/inputs").glob("*.yaml")),
    *sorted((ROOT / "reprise/site/templates").glob("*.html")),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
]


def sentences(path: Path) -> Iterator[str]:
    """Yield the prose of a file: docstrings and comments of code, Markdown of notebooks."""
    text = path.read_text(encoding="utf-8")
    match path.suffix:
        case ".py":
            yield from (re.sub(r"^ *>>>.*$", "", each, flags=re.M) for each in docstrings(text))
            tokens = tokenize.generate_tokens(io.StringIO(text).readline)
            yield from (token.string for token in tokens if token.type == tokenize.COMMENT)
        case ".ipynb":
            cells = json.loads(text)["cells"]
            yield from ("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        case _:
            yield text


def docstrings(text: str) -> Iterator[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, kinds) and (found := ast.get_docstring(node)):
            yield found


@pytest.mark.parametrize("path", [*TEXTS, *CODE], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_banned_phrase(path: Path):
    prose = (QUOTED.sub(" ", " ".join(text.split())) for text in sentences(path))
    found = [
        each[max(0, match.start() - 40) : match.end() + 40]
        for each in prose
        for match in BANNED.finditer(each)
    ]
    assert not found


@pytest.mark.parametrize(
    "path",
    [path for path in CODE if path.relative_to(ROOT).parts[0] in {"reprise", "stages"}],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_docstring_begins_with_a_noun_phrase_or_an_imperative(path: Path):
    firsts = (text.split("\n")[0] for text in docstrings(path.read_text(encoding="utf-8")))
    assert not [first for first in firsts if CLAUSE.match(first)]


@pytest.mark.parametrize("text", ["All but for one.", "It is told.", "It comes to the top."])
def test_a_banned_phrase_is_found(text: str):
    assert BANNED.search(text)
