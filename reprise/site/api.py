"""What the library offers, as pages: signatures as they are written, docstrings as they are read.

Modules are parsed and never imported: nothing is loaded, and the pages are the same bytes on every
version of Python.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent, indent
from typing import NamedTuple

from markupsafe import Markup
from pdoc import docstrings

from reprise.site.markdown import Text, code

RENDER = Text()  # of no headings, whose ids it would remember
EXAMPLE = re.compile(r"^>>> .*?(?=\n\n|\Z)", flags=re.MULTILINE | re.DOTALL)
Definition = ast.FunctionDef | ast.ClassDef


class Entry(NamedTuple):
    """A class or a function, and what is in it."""

    name: str
    anchor: str
    signature: Markup
    text: Markup
    members: "list[Entry]"


class Module(NamedTuple):
    """A module: what it says of itself, and what it offers."""

    name: str
    text: Markup
    summary: Markup  # the first sentence
    entries: list[Entry]


class Package(NamedTuple):
    """Modules of one folder."""

    name: str
    summary: Markup
    modules: list[Module]


def packages(root: Path, names: Sequence[str]) -> list[Package]:
    """Return packages and those within them, in the order of their names.

    Args:
        root: the folder in which they are.
        names: of the outermost ones.
    """
    folders = [
        folder
        for name in names
        for folder in sorted({path.parent for path in (root / name).rglob("*.py")})
    ]
    return [package(root, folder) for folder in folders]


def package(root: Path, folder: Path) -> Package:
    """Return a folder's modules that offer something."""
    name = ".".join(folder.relative_to(root).parts)
    modules = [module(path, f"{name}.{path.stem}") for path in sorted(folder.glob("[!_]*.py"))]
    own = folder / "__init__.py"
    said = ast.get_docstring(_parsed(own)) if own.exists() else None
    return Package(name, _summary(said), [module for module in modules if module.entries])


def module(path: Path, name: str) -> Module:
    """Return a module as its file has it."""
    tree, lines = _parsed(path), path.read_text(encoding="utf-8").split("\n")
    said = ast.get_docstring(tree)
    return Module(name, _text(said), _summary(said), list(_entries(tree.body, lines, name)))


def _entries(body: Sequence[ast.stmt], lines: list[str], within: str) -> Iterator[Entry]:
    """Yield the public classes and functions of some statements that say what they are."""
    for node in body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        if said := ast.get_docstring(node):
            anchor = f"{within}.{node.name}"
            inner = node.body if isinstance(node, ast.ClassDef) else []
            members = list(_entries(inner, lines, anchor))
            yield Entry(node.name, anchor, code(_signature(node, lines)), _text(said), members)


def _signature(node: Definition, lines: list[str]) -> str:
    """Return a definition up to its docstring; of a class, its fields as well."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    parts = ["\n".join(lines[first - 1 : node.body[0].lineno - 1])]
    if isinstance(node, ast.ClassDef):
        fields = [inner for inner in node.body if isinstance(inner, ast.AnnAssign | ast.Assign)]
        parts += [
            "\n".join(lines[field.lineno - 1 : field.end_lineno])
            for field in fields
            if not ast.unparse(field).startswith("_")
        ]
    return dedent("\n".join(parts))


def _text(docstring: str | None) -> Markup:
    """Return a docstring as HTML, its sections as lists, its examples as they stand."""
    quoted = EXAMPLE.sub(lambda found: indent(found[0], "    "), docstring or "")
    markdown = docstrings.google(quoted)
    return RENDER(re.sub(r"^#+ (.*?):?$", r"**\1**\n", markdown, flags=re.MULTILINE))


def _summary(docstring: str | None) -> Markup:
    return RENDER.inline((docstring or "").partition("\n\n")[0])


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
