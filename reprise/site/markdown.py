"""Markdown as HTML that can do no harm and needs no network: equations become MathML.

Raw HTML comes out as text, and links lead nowhere but to pages. There is no style attribute, which
the pages' security policy would refuse: a class says how a cell is aligned.
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
    """A text that cannot be shown; the message names the equation."""


class Text:
    """Turns the Markdown of one page into HTML, whose headings have ids of their own."""

    def __init__(
        self,
        *,
        taken: Iterable[str] = (),
        deeper: int = 0,
        link: Callable[[str], str] = lambda url: url,
    ) -> None:
        """Begin a page.

        Args:
            taken: ids that the page has already.
            deeper: by how many levels headings move down.
            link: from an address to that which the page links to.
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
        """Return a link: a picture of the text's own could only come from elsewhere."""
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
        MarkdownError: if it is not LaTeX that can be read.
    """
    try:
        root = converter.convert_to_element(latex, display=display)
    except Exception as error:  # its errors have no common class
        reason = type(error).__name__
        raise MarkdownError(f"the equation {latex!r} is not understood: {reason}") from None
    for element in root.iter():  # its texts are escaped in part; here they are in full
        if element.text:
            element.text = unescape(element.text)
            if element.tag == "mtext":
                element.text = element.text.replace(r"\_", "_")
            if element.text.startswith("\\"):  # what it does not know, it takes for a letter
                raise MarkdownError(
                    f"the equation {latex!r} has {element.text}, which is not known"
                )
    for element in list(root.iter()):
        _put_prime_beside(element)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def apart(latex: str) -> list[str]:
    """Return the equations of a line that stand well apart in it, so that they may stand below."""
    parts = [part.strip() for part in latex.split(r"\qquad") if part.strip()]
    whole = all(
        part.count(left) == part.count(right)
        for part in parts
        for left, right in (("{", "}"), (r"\left", r"\right"), (r"\begin", r"\end"))
    )
    return parts if whole else [latex]


def _put_prime_beside(element: ElementTree.Element) -> None:
    """Write a prime beside its letter, which is where fonts have it, and not above once more."""
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
    """Return Python with its words in classes."""
    return Markup(highlight(source, LEXER, FORMATTER).rstrip("\n"))


def slug(text: str) -> str:
    """Return a text as an id: small letters, figures and hyphens."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")
