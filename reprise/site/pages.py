"""Pages from executed notebooks, and their templates."""

import base64
import io
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbformat import NotebookNode
from PIL import Image

from reprise.site import markdown

QUESTION = re.compile(r"\*\*The question\.?\*\*\s*(.+?)(?=\n\s*\n|\Z)", flags=re.DOTALL)
TAKEN = ("main", "claims")  # ids in the page's template
VERDICTS = "show.verdicts(results)"  # the cell that shows the stage's rows of the ledger
SPELLED = {"dqn": "DQN", "mdp": "MDP", "q": "Q", "reinforce": "REINFORCE", "td": "TD"}
TEMPLATES = Path(__file__).with_name("templates")
ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
ENVIRONMENT.globals["signs"] = {"confirmed": "✓", "refuted": "✗", "unresolved": "?"}


def words(name: str) -> str:
    """Write a name in words, such as DQN training."""
    spelled = " ".join(SPELLED.get(word, word) for word in name.split("_"))
    return spelled.replace("Q learning", "Q-learning")


def counts(verdicts: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the claims with each verdict."""
    found = [verdict["verdict"] for verdict in verdicts]
    return {verdict: found.count(verdict) for verdict in ENVIRONMENT.globals["signs"]}


ENVIRONMENT.filters |= {"words": words, "counts": counts}


def rendered(template: str, root: str = "", **values: Any) -> bytes:
    """Fill a template; `root` leads to the first page's folder."""
    return ENVIRONMENT.get_template(template).render(root=root, **values).encode()


class Figure(NamedTuple):
    """A picture in a page."""

    number: int
    source: str
    alt: str
    width: int  # pixels
    height: int
    still: str | None  # the first frame of an animation


class Block(NamedTuple):
    """A part of a page."""

    kind: str  # prose, code, text, figure or verdicts
    content: Any
    lines: int = 0  # number of lines of code
    opened: bool = False  # code: unfolded at first; verdicts: those of an experiment


class Page(NamedTuple):
    """A notebook as a reader sees it."""

    name: str
    title: str
    question: Markup
    blocks: list[Block]
    shown: dict[str, Figure]  # by claim; a cell's metadata names the claims that its figure shows
    files: dict[str, bytes]  # contents of figures by path from the page

    @property
    def figures(self) -> list[Figure]:
        """All figures in order."""
        return [block.content for block in self.blocks if block.kind == "figure"]

    @property
    def key(self) -> Figure | None:
        """The figure that shows the most claims, no animation."""
        drawn = [figure for figure in self.figures if not figure.still]
        return max(drawn, key=[*self.shown.values()].count, default=None)


def read(
    name: str,
    notebook: NotebookNode,
    link: Callable[[str], str] = lambda url: url,
    animations: Mapping[bytes, str] | None = None,
) -> Page:
    """Read an executed notebook, of nbformat 4, as a page.

    `link` translates an address in the notebook. `animations` gives the path from the page to a GIF
    outside the report, by the content of the GIF.
    """
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    titles = [title for text in texts for title in _headings(text, "#")]
    heading = title = titles[0] if titles else words(name)
    render = markdown.Text(taken=TAKEN, deeper=1 if len(titles) > 1 else 0, link=link)
    numbers, files = itertools.count(1), dict[str, bytes]()
    blocks: list[Block] = []
    shown: dict[str, Figure] = {}

    def figure(data: bytes, alt: str) -> Figure:
        number, picture = next(numbers), Image.open(io.BytesIO(data))
        stem, still = f"figures/{name}-{number}", None
        source = (animations or {}).get(data, f"{stem}.{(picture.format or 'png').lower()}")
        if source.startswith(stem):
            files[source] = data
        if getattr(picture, "is_animated", False):
            still, buffer = f"{stem}-still.png", io.BytesIO()
            picture.convert("RGB").save(buffer, "PNG")
            files[still] = buffer.getvalue()
        return Figure(number, source, alt, *picture.size, still)

    def block(output: NotebookNode) -> Block:
        data = output.get("data", {})
        for kind in {"image/gif", "image/png"} & {*data}:
            alt = output.metadata.get(kind, {}).get("alt", f"Figure in the section “{heading}”")
            return Block("figure", figure(base64.b64decode(data[kind]), alt))
        if "text/markdown" in data:
            return Block("prose", render(data["text/markdown"]))
        return Block("text", output.get("text") or data.get("text/plain", ""))

    for cell in notebook.cells:
        source = cell.source.strip()
        if cell.cell_type == "markdown":
            heading = [heading, *_headings(source)][-1]
            if titles and not blocks:  # the page's template has the title
                source = re.sub(r"^#[ \t]+.+$", "", source, count=1, flags=re.MULTILINE)
            blocks += [Block("prose", render(source))] if source.strip() else []
            continue
        made = [block(output) for output in cell.outputs]
        if source == VERDICTS and made:  # cards replace its table, its last paragraph stays
            first = cell.outputs[0]
            last = render(first.data["text/markdown"].rpartition("\n\n")[2])
            made = [Block("verdicts", last, opened="text/markdown" in first.metadata)]
        if source and "parameters" not in cell.metadata.get("tags", []):
            opened = any(block.kind == "text" for block in made)
            blocks.append(Block("code", markdown.code(source), source.count("\n") + 1, opened))
        blocks += made
        for first in [each.content for each in made if each.kind == "figure"][:1]:
            shown |= dict.fromkeys(cell.metadata.get("claims", ()), first)
    return Page(name, re.sub(r"[*`$]", "", title), _question(texts, link), blocks, shown, files)


def _question(texts: Sequence[str], link: Callable[[str], str]) -> Markup:
    """Find a notebook's question, else its first paragraph."""
    everything = "\n\n".join(texts)
    paragraphs = [part for part in re.split(r"\n\s*\n", everything) if not part.startswith("#")]
    found = QUESTION.search(everything)
    said = found[1] if found else [*paragraphs, ""][0]
    return markdown.Text(link=link).inline(said.strip())


def _headings(text: str, marks: str = "#{1,6}") -> list[str]:
    return [found.strip() for found in re.findall(rf"^{marks}[ \t]+(.+)$", text, re.MULTILINE)]
