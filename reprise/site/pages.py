"""An executed notebook as a page of the report."""

import base64
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from markupsafe import Markup
from nbformat import NotebookNode
from PIL import Image

from reprise.site import markdown

QUESTION = re.compile(r"\*\*The question\.?\*\*\s*(.+?)(?=\n\s*\n|\Z)", flags=re.DOTALL)
TAKEN = ("main", "claims")  # ids of the page's template
VERDICTS = "show.verdicts(results)"  # the cell with the ledger's rows on the stage


class Figure(NamedTuple):
    """A picture in a page."""

    number: int
    source: str
    alt: str
    width: int  # pixels
    height: int
    still: str | None = None  # the first frame of an animation


class Block(NamedTuple):
    """A part of a page."""

    kind: Literal["prose", "code", "text", "figure", "verdicts"]
    content: Any
    lines: int = 0  # of code
    opened: bool = False  # of verdicts: whether they are an experiment's


class Page(NamedTuple):
    """A notebook as a reader sees it."""

    name: str
    title: str
    question: Markup
    blocks: list[Block]
    shown: dict[str, Figure]  # by claim, where a cell of the notebook names it
    files: dict[str, bytes]  # figures by path from the page

    @property
    def figures(self) -> list[Figure]:
        """Return all figures in order."""
        return [block.content for block in self.blocks if block.kind == "figure"]

    @property
    def key(self) -> Figure | None:
        """Return the drawn figure with the most claims."""
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
    """Return an executed notebook, of nbformat 4, as a page.

    `link` translates an address in it; `animations` are paths, from the page, of GIFs outside the
    report by their content.
    """
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    titles = [title for text in texts for title in _headings(text, "#")]
    render = markdown.Text(taken=TAKEN, deeper=1 if len(titles) > 1 else 0, link=link)
    title = titles[0] if titles else name.replace("_", " ")
    files: dict[str, bytes] = {}
    blocks: list[Block] = []
    shown: dict[str, Figure] = {}
    heading = title
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = cell.source
            if titles and not blocks:  # the page's template has the title
                source = re.sub(r"^#[ \t]+.+$", "", source, count=1, flags=re.MULTILINE)
            heading = [heading, *_headings(cell.source)][-1]
            if source.strip():
                blocks.append(Block("prose", render(source)))
        elif cell.cell_type == "code":
            made: list[Block] = []
            for output in cell.outputs:
                data, kinds = output.get("data", {}), ("image/gif", "image/png")
                if kind := next((kind for kind in kinds if kind in data), None):
                    named = output.metadata.get(kind, {}).get("alt")
                    alt = named or f"Figure in the section “{heading}”"
                    number = sum(block.kind == "figure" for block in [*blocks, *made]) + 1
                    content = base64.b64decode(data[kind])
                    figure = _figure(name, number, content, alt, animations, files)
                    made.append(Block("figure", figure))
                elif "text/markdown" in data:
                    made.append(Block("prose", render(data["text/markdown"])))
                else:
                    made.append(Block("text", output.get("text") or data.get("text/plain", "")))
            source = cell.source.strip()
            if source == VERDICTS and cell.outputs:  # its rows become cards, its last words stay
                said = cell.outputs[0].data["text/markdown"]
                changed = "under your settings" in said
                made = [Block("verdicts", render(said.rpartition("\n\n")[2]), opened=changed)]
            if source and "parameters" not in cell.metadata.get("tags", []):
                opened = any(block.kind == "text" for block in made)
                lines = source.count("\n") + 1
                blocks.append(Block("code", markdown.code(source), lines, opened))
            blocks += made
            figure = next((block.content for block in made if block.kind == "figure"), None)
            if figure:
                shown |= dict.fromkeys(cell.metadata.get("claims", ()), figure)
    plain = re.sub(r"[*`$]", "", title)
    return Page(name, plain, _question(texts, link), blocks, shown, files)


def _figure(
    page: str, number: int, data: bytes, alt: str, known: Mapping[bytes, str], files: dict
) -> Figure:
    """Return a figure; add its files to the page's."""
    stem = f"figures/{page}-{number}"
    picture = Image.open(io.BytesIO(data))
    own, still = f"{stem}.{(picture.format or 'png').lower()}", None
    if data not in known:
        files[own] = data
    if getattr(picture, "is_animated", False):
        still, buffer = f"{stem}-still.png", io.BytesIO()
        picture.convert("RGB").save(buffer, "PNG")
        files[still] = buffer.getvalue()
    return Figure(number, known.get(data, own), alt, *picture.size, still)


def _question(texts: Sequence[str], link: Callable[[str], str]) -> Markup:
    """Return a notebook's question, or else its first paragraph."""
    everything = "\n\n".join(texts)
    paragraphs = [part for part in re.split(r"\n\s*\n", everything) if not part.startswith("#")]
    found = QUESTION.search(everything)
    said = found[1] if found else [*paragraphs, ""][0]
    return markdown.Text(link=link).inline(said.strip())


def _headings(text: str, marks: str = "#{1,6}") -> list[str]:
    found = re.findall(rf"^{marks}[ \t]+(.+)$", text, flags=re.MULTILINE)
    return [heading.strip() for heading in found]
