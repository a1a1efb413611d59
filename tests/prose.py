"""The words of notebooks: their Markdown.

A number in prose is out of place: it comes from data/ or from a parameter. Numerals may stand in
the chapter's own words in quotation marks, in a name (`CartPole-v1`), in a source as its year,
before a heading, and in a command to type; and 0, 1 or 2 in a formula or as code.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

VALUE = "□"  # what an f-string puts in
NUMERAL = re.compile(rf"(?<![\w.{VALUE}])(?:\d[\d,.]*\d|\d|[½¼¾⅓⅔])")
COMMAND = re.compile(
    r"^```.*?^```|^(?: {4}|\t).*?$|`(?:dvc|git|make|python) [^`]*`", re.MULTILINE | re.DOTALL
)
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$|`[^`]+`", re.DOTALL)
IN_FORMULAS = re.compile(r"(?<![\w.])(?:[012](?![\d.]\d|\d)|10(?=\s*\^|\^))")
ALLOWED = re.compile(
    "|".join([
        r'"[^"\n]*"|“[^”]*”',  # the chapter's words
        r"[A-Z]\w+,? \(?(?:19|20)\d\d[);,]",  # a source: (Puterman, 1994)
        r"since (?:19|20)\d\d\b",
        r"(?<=\()1(?= \+ )",  # α / (1 + k), in the label of a curve
        r"^#+ \d\. .*$",
        r"https?://\S+",
    ]),
    re.MULTILINE,
)  # fmt: skip


class Said(NamedTuple):
    """A text, and the cell that says it, counted from 1."""

    cell: int
    text: str


def typed(text: str) -> list[str]:
    """Return the numbers that somebody typed into prose, each with some words around it."""
    text = FORMULA.sub(lambda found: IN_FORMULAS.sub(".", found.group()), COMMAND.sub(" ", text))
    text = ALLOWED.sub(" ", text)
    places = [found.span() for found in NUMERAL.finditer(text)]
    return [" ".join(text[max(0, low - 30) : high + 30].split()) for low, high in places]


def cells(notebook: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook, each with its source as one text."""
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in found]


def markdown(notebook: Path) -> Iterator[Said]:
    for number, cell in enumerate(cells(notebook), 1):
        if cell["cell_type"] == "markdown":
            yield Said(number, cell["source"])
