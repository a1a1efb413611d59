"""The HTML report: ledger, sections, a page for each notebook.

It needs no network and no server. Its pages load one style sheet, scripts and figures from the
folders below; their security policy forbids the rest. The same results give the same bytes.

    index.html               playground.html
    explorer.html            pages/vega.js    pages/explorer.js
    pages/<notebook>.html    report.css    report.js    playground.js    figures/
    extra/<notebook>.html    figures/      for notebooks of extra/dvc.yaml
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbformat import NotebookNode

from reprise.claims import ledger
from reprise.claims.model import Region
from reprise.site import charts, explorer, pages
from reprise.site.markdown import Text, slug
from reprise.site.pages import Figure, Page
from reprise.site.playground import Course, Network

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = ("report.css", "report.js", "playground.js", "explorer.js", "icon.svg")
INDEX, PLAYGROUND, EXPLORER = "index.html", "playground.html", "explorer.html"
CHAPTER, EXTRA = "pages", "extra"
SIGNS = {"confirmed": "✓", "refuted": "✗", "unresolved": "?"}
LIBRARIES = {"tensorflow": "TensorFlow", "gymnasium": "Gymnasium", "numpy": "NumPy"}
WIDTH, EDGE = 132, 6  # of an interval's picture
CURVES = 540, 150  # the size of the explorer's picture
STILL: dict[str, Any] = {  # a DQN saves a pole: every 8 steps, position (m) and angle (degrees)
    "ghosts": [(-0.8, 11.5), (-0.48, 6.8), (-0.14, 2.5), (0.21, -0.5), (0.53, -2.3)],
    "at": (0.83, -2.2),
    "label": "A cart on a track, with a pole on it that it keeps upright",
}

Row = dict[str, Any]


def rows(table: pd.DataFrame, chapter: Sequence[str]) -> list[Row]:
    """Return the ledger's rows in words, with page and picture.

    Args:
        table: as read from ledger.csv.
        chapter: the notebooks that may show a claim; `claims` shows the others.
    """
    made: list[Row] = []
    for row in table.to_dict("records"):
        region = Region.parsed(row["claimed"])
        ends = [] if region.equal else [row["low"], row["estimate"], row["high"]]
        shown_by = [name for name in str(row["stage"]).split() if name in chapter]
        exact = row["form"] == "value" or pd.isna(row["n"])
        in_words = {
            "anchor": f"claim-{slug(row['claim'])}",
            "measured": ledger.measured(row),
            "estimate": "" if pd.isna(row["estimate"]) else float(row["estimate"]),
            "n": "" if exact else int(row["n"]),
            "claimed": ledger.claimed(row),
            "page": [*shown_by, "claims"][0],
            "mark": mark(ends, region.margins, region.holds),
        }
        made.append(row | in_words)
    return made


def mark(ends: Sequence[float], margins: Sequence[float], holds: Callable[[float], bool]) -> Markup:
    """Return an interval as SVG, empty without finite ends.

    `ends` are low end, estimate and high end; `margins` are the borders of the claimed range, which
    `holds` tells from all other numbers.
    """
    if not ends or not np.isfinite(ends).all():
        return Markup("")
    points = [*ends, *margins]
    middle, half = (min(points) + max(points)) / 2, (max(points) - min(points)) / 2 or 1
    sides = (middle - 1.3 * half, middle + 1.3 * half)

    def x(value: float) -> float:
        return float(np.interp(value, sides, (EDGE, WIDTH - EDGE)))

    def line(kind: str, left: float, right: float, top: int = 9, bottom: int = 9) -> str:
        ends = f'x1="{x(left):.1f}" y1="{top}" x2="{x(right):.1f}" y2="{bottom}"'
        return f'<line class="{kind}" {ends}/>'

    cuts = itertools.pairwise([sides[0], *margins, sides[1]])
    low, estimate, high = ends
    parts = [line("claimed", a, b) for a, b in cuts if holds((a + b) / 2)]
    parts += [line("axis", *sides), *(line("margin", m, m, 2, 16) for m in margins)]
    parts += [line("interval", low, high)]
    parts += [f'<circle class="estimate" cx="{x(estimate):.1f}" cy="9" r="3.6"/>']
    return Markup(
        f'<svg class="mark" viewBox="0 0 {WIDTH} 18" width="{WIDTH}" height="18" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


class Shown(NamedTuple):
    """A figure, the page that shows it, its title."""

    page: str
    figure: Figure
    title: str = ""


class Provenance(NamedTuple):
    """The inputs of a report that every machine shares."""

    changes: list[str]
    """Parameters that differ from the chapter's, such as `stage.key = 1 (chapter: 2)`."""
    ledger: str  # SHA-256 of ledger.csv
    libraries: list[str]  # names and versions

    @classmethod
    def of(cls, changes: Iterable[object], ledger: Path, lock: Path) -> Self:
        """Read the files; `lock` is requirements.lock."""
        versions = dict(re.findall(r"^([\w-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE))
        return cls(
            [str(change) for change in changes],
            hashlib.sha256(ledger.read_bytes()).hexdigest(),
            [f"{name} {versions[package]}" for package, name in LIBRARIES.items()],
        )


class Site:
    """The pages of the chapter's notebooks and the extra ones."""

    def __init__(self, chapter: Sequence[str], extra: Sequence[str]) -> None:
        """Take the names of the notebooks."""
        self.chapter, self.extra = list(chapter), list(extra)
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters["count"] = counted

    def folder(self, name: str) -> str:
        """Return the folder of a notebook's page."""
        return EXTRA if name in self.extra else CHAPTER

    def page(self, name: str, notebook: NotebookNode, animations: Mapping[Path, bytes]) -> Page:
        """Return a notebook as a page, given animations by path."""

        def link(url: str) -> str:
            stem = Path(url).stem
            known = url.endswith(".ipynb") and stem in (*self.chapter, *self.extra)
            return f"../{self.folder(stem)}/{stem}.html" if known else url

        places = {content: f"../{path}" for path, content in animations.items()}
        return pages.read(name, notebook, link=link, animations=places)

    def index(
        self,
        made: Sequence[Page],
        verdicts: Sequence[Row],
        animations: Sequence[Shown],
        meaning: str,
        provenance: Provenance,
        curves: Sequence[str] = (),
    ) -> bytes:
        """Return the first page.

        `meaning` explains the ledger's signs; `curves` are the picture of the explorer.
        """
        return self._rendered(
            "index.html.j2",
            base=f"{CHAPTER}/",
            root="",
            folder=f"{CHAPTER}/",
            pages=made,
            verdicts=verdicts,
            animations=animations,
            figures=shown(made),
            meaning=Text().inline(meaning),
            procedure=Text().inline(ledger.PROCEDURE),
            provenance=provenance,
            curves=curves,
            **STILL,
        )

    def playground(
        self, networks: Sequence[Network], courses: Sequence[Course], noise: Sequence[float]
    ) -> bytes:
        """Return the playground, with the largest noise of each feature."""
        return self._rendered(
            "playground.html.j2",
            base=f"{CHAPTER}/",
            root="",
            networks=networks,
            courses=courses,
            noise=noise,
            **STILL,
        )

    def explorer(self, made: Sequence[Page], content: Mapping[str, Any]) -> bytes:
        """Return the explorer; notebooks' figures are its stills."""
        return self._rendered(
            "explorer.html.j2",
            base=f"{CHAPTER}/",
            root="",
            folder=f"{CHAPTER}/",
            content=content,
            data=explorer.written(content),
            specs=explorer.written(charts.specs()),
            points=explorer.POINTS,
            stills={page.name: page.key for page in made if page.key},
        )

    def html(self, page: Page, verdicts: Iterable[Row], figures: Mapping[str, Shown]) -> bytes:
        """Return a notebook's page with its claims."""
        order = self.chapter if page.name in self.chapter else [page.name]
        at = order.index(page.name)
        return self._rendered(
            "page.html.j2",
            base=f"../{CHAPTER}/",
            root="../",
            page=page,
            figures=figures,
            verdicts=[verdict for verdict in verdicts if verdict["page"] == page.name],
            before=order[at - 1] if at else None,
            after=order[at + 1] if at + 1 < len(order) else None,
        )

    def _rendered(self, template: str, **values: Any) -> bytes:
        text = self._environment.get_template(template).render(site=self, signs=SIGNS, **values)
        return text.encode()


def assets() -> dict[str, bytes]:
    """Return style sheet, scripts and icon by path."""
    found = {f"{CHAPTER}/{name}": (TEMPLATES / name).read_bytes() for name in ASSETS}
    return found | {f"{CHAPTER}/vega.js": charts.vega().encode()}


def shown(made: Iterable[Page]) -> dict[str, Shown]:
    """Return by claim the figure that shows it."""
    return {
        claim: Shown(page.name, figure) for page in made for claim, figure in page.shown.items()
    }


def counted(verdicts: Iterable[Row]) -> dict[str, int]:
    """Return the number of claims with each verdict."""
    found = [verdict["verdict"] for verdict in verdicts]
    return {verdict: found.count(verdict) for verdict in SIGNS}
