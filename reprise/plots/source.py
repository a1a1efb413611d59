"""Source code of an algorithm, for its notebook."""

import ast
from pathlib import Path

from IPython.display import Markdown

PACKAGE = Path(__file__).parents[1]


def of(path: str, *names: str) -> Markdown:
    """Show functions or classes of a file in reprise/.

    Raises:
        ValueError: The file does not define a name.
    """
    text, found = (PACKAGE / path).read_text(encoding="utf-8"), {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = min(part.lineno for part in [node, *node.decorator_list])
            found[node.name] = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"reprise/{path} has no {missing[0]}; there are {', '.join(found)}")
    code = "\n\n\n".join(found[name] for name in names)
    return Markdown(f"The code, from `reprise/{path}`:\n\n```python\n{code}\n```")
