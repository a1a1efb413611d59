"""The source of an algorithm, for its notebook: the few functions that are the equation."""

import ast
from pathlib import Path

from IPython.display import Markdown

PACKAGE = Path(__file__).parents[1]


def of(path: str, *names: str) -> Markdown:
    """Returns functions or classes of a file as a block of code, as they stand there today.

    Args:
        path: The file below reprise, such as `agents/dqn.py`.
        names: Those to show, in this order.

    Raises:
        ValueError: If the file has no such function.
    """
    text = (PACKAGE / path).read_text(encoding="utf-8")
    found = {
        node.name: "\n".join(text.splitlines()[first_line(node) - 1 : node.end_lineno])
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"reprise/{path} has no {missing[0]}; there are {', '.join(found)}")
    code = "\n\n\n".join(found[name] for name in names)
    return Markdown(f"The code, from `reprise/{path}`:\n\n```python\n{code}\n```")


def first_line(node: ast.FunctionDef | ast.ClassDef) -> int:
    """Returns the line in which a definition begins, that of its first decorator if it has any."""
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])
