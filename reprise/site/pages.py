"""An executed notebook as the page of a report: prose, code that is folded, figures as files."""

import base64
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import bleach
from markupsafe import Markup
from nbformat import NotebookNode
from PIL import Image

from reprise.site import markdown

QUESTION = re.compile(r"\*\*The question\.?\*\*\s*(.+?)(?=\n\s*\n|\Z)", flags=re.DOTALL)
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
TAKEN = ("main", "claims")  # ids that a page has itself


class Figure(NamedTuple):
    """A picture: where it is, what it shows to who does not see it, and its size in pixels."""

    number: int
    source: str
    alt: str
    width: int
    height: int
    still: str | None = None  # of an animation, its first frame


class Block(NamedTuple):
    """One thing below the other: Markup, lines of text or a figure."""

    kind: Literal["prose", "code", "text", "figure"]
    content: Any
    lines: int = 0  # of code
    opened: bool = False


class Page(NamedTuple):
    """A notebook as it is read."""

    name: str
    title: str
    question: Markup
    blocks: list[Block]
    shown: dict[str, Figure]  # which figure shows a claim, where a notebook's cell says so
    files: dict[str, bytes]  # the figures, by path from the page

    @property
    def figures(self) -> list[Figure]:
        """Return its figures in order."""
        return [block.content for block in self.blocks if block.kind == "figure"]

    @property
    def key(self) -> Figure | None:
        """Return the figure that stands for the page: of most claims, the first of those drawn."""
        drawn = [figure for figure in self.figures if not figure.still]
        claims = list(self.shown.values())
        return max(drawn, key=claims.count, default=None)


def read(
    name: str,
    notebook: NotebookNode,
    *,
    link: Callable[[str], str],
    animations: Mapping[bytes, str],
) -> Page:
    """Return a notebook as a page.

    Args:
        name: of the notebook.
        notebook: executed, nbformat 4.
        link: from an address in its texts to that which the page links to.
        animations: by content, where a GIF is already, as seen from the page.
    """
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    title = headings[0][1] if (headings := _headings(texts, 1)) else name.replace("_", " ")
    render = markdown.Text(taken=TAKEN, deeper=1 if len(headings) > 1 else 0, link=link)
    pictures = Pictures(name, animations)
    blocks: list[Block] = []
    shown: dict[str, Figure] = {}
    heading = title
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = cell.source
            if headings and not blocks:  # the page has the title above
                source = re.sub(r"^#[ \t]+.+$", "", source, count=1, flags=re.MULTILINE)
            heading = ([text for _, text in _headings([cell.source])] or [heading])[-1]
            if source.strip():
                blocks.append(Block("prose", render(source)))
        elif cell.cell_type == "code":
            made = [_output(output, render, pictures, heading) for output in cell.outputs]
            blocks += [*_code(cell, [block.kind for block in made]), *made]
            figure = next((block.content for block in made if block.kind == "figure"), None)
            if figure:
                shown |= dict.fromkeys(cell.metadata.get("claims", ()), figure)
    plain = re.sub(r"[*`$]", "", title)
    return Page(name, plain, _question(texts, link), blocks, shown, pictures.files)


class Pictures:
    """The figures of a page as they are met, each a file of its own but for those that are one."""

    def __init__(self, name: str, animations: Mapping[bytes, str]) -> None:
        """Begin with none."""
        self.files: dict[str, bytes] = {}
        self._name, self._animations, self._count = name, animations, 0

    def add(self, content: bytes, alt: str) -> Figure:
        """Return a figure, and keep its content, unless it is an animation that is somewhere."""
        self._count += 1
        stem = f"figures/{self._name}-{self._count}"
        picture = Image.open(io.BytesIO(content))
        suffix = (picture.format or "png").lower()
        source = self._animations.get(content, f"{stem}.{suffix}")
        still = None
        if source == f"{stem}.{suffix}":
            self.files[source] = content
        if getattr(picture, "is_animated", False):
            still = f"{stem}-still.png"
            self.files[still] = first_frame(content)
        return Figure(self._count, source, alt, *picture.size, still)


def first_frame(content: bytes) -> bytes:
    """Return the first frame of an animation as PNG."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(content)).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def _output(output: NotebookNode, render: markdown.Text, pictures: Pictures, near: str) -> Block:
    """Return an output by the best of its kinds."""
    data = output.get("data", {})
    for kind in ("image/gif", "image/png"):
        if kind in data:
            alt = output.metadata.get(kind, {}).get("alt") or output.metadata.get("alt")
            content = base64.b64decode(data[kind])
            return Block("figure", pictures.add(content, alt or f"Figure in the section “{near}”"))
    if "text/markdown" in data:
        return Block("prose", render(data["text/markdown"]))
    if "text/html" in data:
        return Block("prose", table(data["text/html"]))
    return Block("text", output.get("text") or data.get("text/plain", ""))


def table(html: str) -> Markup:
    """Return the tables of some HTML, and of nothing else more than its text."""
    bare = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    clean = bleach.clean(bare, tags=TABLE, attributes={}, strip=True).strip()
    return Markup(f'<div {markdown.SCROLLS}="table">{clean}</div>')


def _code(cell: NotebookNode, made: Sequence[str]) -> Iterator[Block]:
    """Yield a cell's code, folded unless it is the matter itself: what it prints, says so."""
    source = cell.source.strip()
    tags = cell.metadata.get("tags", [])
    if source and "parameters" not in tags:  # those that were injected stand below
        yield Block("code", markdown.code(source), source.count("\n") + 1, "text" in made)


def _question(texts: Sequence[str], link: Callable[[str], str]) -> Markup:
    """Return what a notebook asks, or how it begins."""
    everything = "\n\n".join(texts)
    paragraphs = [part for part in re.split(r"\n\s*\n", everything) if not part.startswith("#")]
    found = QUESTION.search(everything)
    said = found[1] if found else (paragraphs or [""])[0]
    return markdown.Text(link=link).inline(said.strip())


def _headings(texts: Sequence[str], level: int = 0) -> list[tuple[int, str]]:
    """Return the headings of some Markdown, all or those of a level, each with its level."""
    found = [
        (len(marks), text.strip())
        for source in texts
        for marks, text in re.findall(r"^(#{1,6})[ \t]+(.+)$", source, flags=re.MULTILINE)
    ]
    return [heading for heading in found if not level or heading[0] == level]
