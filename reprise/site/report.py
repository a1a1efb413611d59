"""The HTML report: ledger, chapter, a page for each notebook.

It needs no network and no server. Each page loads a style sheet, scripts and figures from the
folders below, and its security policy forbids everything else. The same results give the same
bytes.

    index.html               playground.html
    explorer.html            pages/vega.js    pages/explorer.js
    pages/<notebook>.html    report.css    report.js    playground.js    figures/
    extra/<notebook>.html    figures/      of extra/dvc.yaml
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from markupsafe import Markup
from nbformat import NotebookNode

from reprise.claims import ledger
from reprise.claims.model import Region
from reprise.site import charts, pages
from reprise.site.markdown import Text, slug
from reprise.site.pages import TEMPLATES, Figure, Page, rendered

CHAPTER, EXTRA = "pages", "extra"
LIBRARIES = {"tensorflow": "TensorFlow", "gymnasium": "Gymnasium", "numpy": "NumPy"}
WIDTH, EDGE = 132, 6  # of the picture of an interval

Row = dict[str, Any]


def rows(table: pd.DataFrame, chapter: Sequence[str]) -> list[Row]:
    """Write ledger.csv's rows in words, with page and picture.

    `chapter` names the notebooks that may show a claim; `claims` shows all other claims.
    """
    found = []
    for row in table.to_dict("records"):
        region = Region.model_validate_json(row["region"])
        ends = [] if region.equal else [row["low"], row["estimate"], row["high"]]
        shown_by = [name for name in str(row["stage"]).split() if name in chapter]
        exact = row["form"] == "value" or pd.isna(row["n"])
        in_words = {
            "measured": ledger.measured(row),
            "claimed": ledger.claimed(row),
            "anchor": f"claim-{slug(row['claim'])}",
            "page": [*shown_by, "claims"][0],
            "estimate": "" if pd.isna(row["estimate"]) else float(row["estimate"]),
            "n": "" if exact else int(row["n"]),
            "mark": mark(ends, region.margins, region.holds),
        }
        found.append(row | in_words)
    return found


def mark(ends: Sequence[float], margins: Sequence[float], holds: Callable[[float], bool]) -> Markup:
    """Draw an interval as SVG, or nothing without finite ends.

    `ends` are low end, estimate and high end. `margins` are the borders of the claimed range, and
    `holds` says whether a number is in it.
    """
    if not ends or not np.isfinite(ends).all():
        return Markup("")
    points = [*ends, *margins]
    middle, half = (min(points) + max(points)) / 2, (max(points) - min(points)) / 2 or 1
    sides = (middle - 1.3 * half, middle + 1.3 * half)

    def x(value: float) -> float:
        return float(np.interp(value, sides, (EDGE, WIDTH - EDGE)))

    def line(kind: str, left: float, right: float, top: int = 9, bottom: int = 9) -> str:
        place = f'x1="{x(left):.1f}" y1="{top}" x2="{x(right):.1f}" y2="{bottom}"'
        return f'<line class="{kind}" {place}/>'

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
    """A figure, its title, and the page that shows it."""

    page: str
    figure: Figure
    title: str = ""


class Provenance(NamedTuple):
    """The origin of a report, the same on every machine."""

    changes: list[str]
    """Parameters that differ from the chapter's, such as `stage.key = 1 (chapter: 2)`."""
    ledger: str  # SHA-256 of ledger.csv
    libraries: list[str]  # names and versions

    @classmethod
    def of(cls, changes: Iterable[object], ledger: Path, lock: Path) -> Self:
        """Read the ledger, and the versions in requirements.lock."""
        versions = dict(re.findall(r"^([\w-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE))
        return cls(
            [str(change) for change in changes],
            hashlib.sha256(ledger.read_bytes()).hexdigest(),
            [f"{name} {versions[package]}" for package, name in LIBRARIES.items()],
        )


class Site:
    """Renders the chapter's notebooks and the extra ones."""

    def __init__(self, chapter: Sequence[str], extra: Sequence[str]) -> None:
        """Take the names of all notebooks."""
        self.chapter, self.extra = list(chapter), list(extra)

    def folder(self, name: str) -> str:
        """Name the folder of a notebook's page."""
        return EXTRA if name in self.extra else CHAPTER

    def page(self, name: str, notebook: NotebookNode, animations: Mapping[Path, bytes]) -> Page:
        """Read a notebook's page; `animations` are GIFs by path."""

        def link(url: str) -> str:
            stem = Path(url).stem
            known = url.endswith(".ipynb") and stem in (*self.chapter, *self.extra)
            return f"../{self.folder(stem)}/{stem}.html" if known else url

        places = {content: f"../{path}" for path, content in animations.items()}
        return pages.read(name, notebook, link, places)

    def index(
        self,
        made: Sequence[Page],
        verdicts: Sequence[Row],
        provenance: Provenance,
        meaning: str,
        **more: Any,
    ) -> bytes:
        """Render the first page.

        `meaning` explains the ledger's signs. `more` has the animations, and the curves in the
        picture of the explorer.
        """
        return rendered(
            "index.html.j2",
            pages=made,
            verdicts=verdicts,
            figures=shown(made),
            extra=self.extra,
            meaning=Text().inline(meaning),
            procedure=Text().inline(ledger.PROCEDURE),
            provenance=provenance,
            **more,
        )

    def html(self, page: Page, verdicts: Iterable[Row], figures: Mapping[str, Shown]) -> bytes:
        """Render a notebook's page with its claims."""
        order = self.chapter if page.name in self.chapter else [page.name]
        at = order.index(page.name)
        own = [verdict for verdict in verdicts if verdict["page"] == page.name]
        around = {"before": order[at - 1] if at else None, "after": [*order, None][at + 1]}
        values = {"page": page, "figures": figures, "verdicts": own}
        return rendered("page.html.j2", root="../", **values, **around)


def assets() -> dict[str, bytes]:
    """Collect style sheet, scripts and icon by path."""
    kinds = (".css", ".js", ".svg")
    paths = [path for path in sorted(TEMPLATES.iterdir()) if path.suffix in kinds]
    found = {f"{CHAPTER}/{path.name}": path.read_bytes() for path in paths}
    return found | {f"{CHAPTER}/vega.js": charts.vega().encode()}


def shown(made: Iterable[Page]) -> dict[str, Shown]:
    """Find for each claim the figure that shows it."""
    return {
        claim: Shown(page.name, figure) for page in made for claim, figure in page.shown.items()
    }
