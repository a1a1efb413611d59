"""Figures and texts of a notebook, its cells executed in this process."""

import ast
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from tests import prose


@mpl.rc_context()
def by(notebook: Path, **given: Any) -> tuple[list[Figure], list[str]]:
    """Execute a notebook with other values of its parameters, and return what it shows."""
    figures: list[Figure] = []
    texts: list[str] = []

    def display(each: Any) -> None:
        if isinstance(each, Figure):
            figures.append(each)
        elif hasattr(each, "_repr_markdown_"):
            texts.append(each.data)

    names: dict[str, Any] = {"display": display, "__name__": "notebook"}
    for number, cell in enumerate(prose.cells(notebook)):
        if cell["cell_type"] != "code":
            continue
        where = f"{notebook.stem}, cell {number}"
        body = ast.parse(cell["source"], where).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), where, "exec"), names)  # noqa: S102 (ours)
        if last is not None:
            display(eval(compile(ast.Expression(last.value), where, "eval"), names))  # noqa: S307 (ours)
        if "parameters" in cell["metadata"].get("tags", ()):
            names |= given
    for figure in figures:
        figure.draw_without_rendering()
    return figures, texts
