"""Markdown as safe HTML, with equations as MathML.

The HTML needs no network. Raw HTML becomes text, and an image becomes a link. A class aligns the
cells of a table, because the security policy of the pages forbids style attributes.
"""

import itertools
import re
from collections.abc import Callable, Iterable
from html import unescape
from typing import Any
from xml.etree import ElementTree

from latex2mathml import converter
from markupsafe import Markup, escape
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer

from reprise.errors import PlainError

LEXER, FORMATTER = PythonLexer(), HtmlFormatter(nowrap=True)
PRIMES = ("\N{PRIME}", "\N{DOUBLE PRIME}", "\N{TRIPLE PRIME}")
SCROLLS = 'class="scrolls" role="group" tabindex="0" aria-label'


class MarkdownError(PlainError, ValueError):
    """An equation that cannot become MathML; the message names it."""


class Text:
    """Converts a page's Markdown; each heading has its own id."""

    def __init__(
        self,
        taken: Iterable[str] = (),
        deeper: int = 0,
        link: Callable[[str], str] = lambda url: url,
    ) -> None:
        """Take used ids, levels to add, a translator of links."""
        self._render = MarkdownWithMath(_Renderer(set(taken), deeper, link)).render

    def __call__(self, source: str) -> Markup:
        """Convert a text to HTML."""
        return Markup(self._render(source).strip())

    def inline(self, source: str) -> Markup:
        """Convert a paragraph to HTML without `<p>`."""
        return Markup(self(source).removeprefix("<p>").removesuffix("</p>"))


class _Renderer(IPythonRenderer):
    def __init__(self, taken: set[str], deeper: int, link: Callable[[str], str]) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
        self._taken, self._deeper, self._link = taken, deeper, link

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        stem = slug(unescape(Markup(text).striptags())) or "section"
        names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
        name = next(name for name in names if name not in self._taken)
        self._taken.add(name)
        level = min(level + self._deeper, 6)
        return f'<h{level} id="{name}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, self._link(url), title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return self.link(str(escape(text)) or "picture", url, title)

    def block_code(self, source: str, info: str | None = None) -> str:
        text = source.rstrip()
        shown = code(text) if info == "python" else escape(text)
        return f'<pre {SCROLLS}="code"><code>{shown}</code></pre>\n'

    def block_math(self, body: str) -> str:
        math = (f'<div {SCROLLS}="equation">{mathml(x, "block")}</div>' for x in apart(body))
        return f'<div class="equations">{"".join(math)}</div>'

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def table(self, text: str) -> str:
        return f'<div {SCROLLS}="table"><table>\n{text}</table></div>\n'

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        aligned = f' class="{align}"' if align else ""
        return f'<th scope="col"{aligned}>{text}</th>' if head else f"<td{aligned}>{text}</td>"


def mathml(latex: str, display: str) -> Markup:
    """Convert an equation from LaTeX to MathML.

    Raises:
        MarkdownError: if the converter does not know a command.
    """
    try:
        root = converter.convert_to_element(latex, display=display)
    except Exception as error:  # the converter's errors have no common class
        raise MarkdownError(f"equation {latex!r} is not LaTeX: {type(error).__name__}") from None
    for element in reversed(list(root.iter())):  # children first
        text = unescape(element.text or "")  # the converter has escaped some; tostring() does all
        if text.startswith("\\"):  # the converter takes an unknown command for a letter
            raise MarkdownError(f"equation {latex!r} has the unknown command {text}")
        if text:
            element.text = text.replace(r"\_", "_") if element.tag == "mtext" else text
        if text == "\N{LONG LEFT RIGHT DOUBLE ARROW}":  # the converter takes it for a letter
            element.tag = "mo"
        if element.tag in ("msup", "msubsup") and element[-1].text in PRIMES:
            base, *below, prime = element  # not raised again: fonts already draw a prime high
            prime.tag, element.tag = "mo", "msub" if below else "mrow"
            row = ElementTree.Element("mrow")
            row.extend([base, prime])
            element[:] = [row, *below]
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def apart(latex: str) -> list[str]:
    r"""Split equations at each `\qquad`; a narrow page stacks them."""
    parts = [part.strip() for part in latex.split(r"\qquad") if part.strip()]
    whole = all(
        part.count(left) == part.count(right)
        for part in parts
        for left, right in (("{", "}"), (r"\left", r"\right"), (r"\begin", r"\end"))
    )
    return parts if whole else [latex]


def code(source: str) -> Markup:
    """Highlight Python with a class for each kind of word."""
    return Markup(highlight(source, LEXER, FORMATTER).rstrip("\n"))


def slug(text: str) -> str:
    """Make an id of small letters, digits and hyphens."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")
