"""Markdown as safe HTML without a network: equations become MathML.

Raw HTML becomes text. Links lead to pages only. A class aligns a table's cells, because the pages'
security policy refuses style attributes.
"""

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
    """An equation that has no MathML; the message names it."""


class Text:
    """Converts the Markdown of one page to HTML, with a unique id for each heading."""

    def __init__(
        self,
        *,
        taken: Iterable[str] = (),
        deeper: int = 0,
        link: Callable[[str], str] = lambda url: url,
    ) -> None:
        """Start a page.

        Args:
            taken: ids that are in use already.
            deeper: number of levels by which headings move down.
            link: translates the address of each link.
        """
        self._render = MarkdownWithMath(_Renderer(set(taken), deeper, link)).render

    def __call__(self, source: str) -> Markup:
        """Return a text as HTML."""
        return Markup(self._render(source).strip())

    def inline(self, source: str) -> Markup:
        """Return a text of one paragraph as HTML, without the paragraph around it."""
        return Markup(self(source).removeprefix("<p>").removesuffix("</p>"))


class _Renderer(IPythonRenderer):
    def __init__(self, taken: set[str], deeper: int, link: Callable[[str], str]) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
        self._taken, self._deeper, self._link = taken, deeper, link

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        stem = slug(unescape(Markup(text).striptags())) or "section"
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._taken.add(name)
        level = min(level + self._deeper, 6)
        return f'<h{level} id="{name}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, self._link(url), title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a link, because a picture in Markdown would come from outside the report."""
        return self.link(str(escape(text)) or "picture", url, title)

    def block_code(self, source: str, info: str | None = None) -> str:
        text = source.rstrip()
        shown = code(text) if info == "python" else escape(text)
        return f'<pre {SCROLLS}="code"><code>{shown}</code></pre>\n'

    def block_math(self, body: str) -> str:
        equations = [
            f'<div {SCROLLS}="equation">{mathml(equation, "block")}</div>'
            for equation in apart(body)
        ]
        return f'<div class="equations">{"".join(equations)}</div>'

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
    """Return an equation as MathML.

    Raises:
        MarkdownError: if the converter does not know some of the LaTeX.
    """
    try:
        root = converter.convert_to_element(latex, display=display)
    except Exception as error:  # its errors have no common class
        raise MarkdownError(f"equation {latex!r} is no LaTeX: {type(error).__name__}") from None
    for element in reversed(list(root.iter())):  # children first
        text = unescape(element.text or "")  # the converter escapes some, tostring() all
        if text.startswith("\\"):  # an unknown command becomes a letter
            raise MarkdownError(f"equation {latex!r} has {text}, which is unknown")
        if text:
            element.text = text.replace(r"\_", "_") if element.tag == "mtext" else text
        _lower_prime(element)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def apart(latex: str) -> list[str]:
    r"""Split a line of equations at each `\qquad`, so that a narrow page can stack them."""
    parts = [part.strip() for part in latex.split(r"\qquad") if part.strip()]
    whole = all(
        part.count(left) == part.count(right)
        for part in parts
        for left, right in (("{", "}"), (r"\left", r"\right"), (r"\begin", r"\end"))
    )
    return parts if whole else [latex]


def _lower_prime(element: ElementTree.Element) -> None:
    """Turn a raised prime into a following one: fonts draw it high already."""
    if element.tag not in ("msup", "msubsup") or element[-1].text not in PRIMES:
        return
    base, *below, prime = element
    prime.tag = "mo"
    if below:
        row = ElementTree.Element("mrow")
        row.extend([base, prime])
        element[:] = [row, *below]
        element.tag = "msub"
    else:
        element.tag = "mrow"


def code(source: str) -> Markup:
    """Return Python as HTML with a class for each kind of word."""
    return Markup(highlight(source, LEXER, FORMATTER).rstrip("\n"))


def slug(text: str) -> str:
    """Return a text as an id of small letters, digits and hyphens."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")
