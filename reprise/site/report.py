"""The HTML report: the ledger, then the chapter's sections, then a page for each notebook.

It needs no network and no server. Its pages load one style sheet, one script and figures from the
folders below; their security policy forbids the rest. The same results give the same bytes.

    index.html
    pages/<notebook>.html    report.css    report.js    figures/
    extra/<notebook>.html    figures/      for notebooks of extra/dvc.yaml
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbformat import NotebookNode

from reprise.claims import ledger
from reprise.claims.model import Region
from reprise.site import marks, pages
from reprise.site.markdown import Text, slug
from reprise.site.pages import Figure, Page

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = ("report.css", "report.js", "icon.svg")
INDEX, CHAPTER, EXTRA = "index.html", "pages", "extra"
SIGNS = {"confirmed": "✓", "refuted": "✗", "unresolved": "?"}
LIBRARIES = {"tensorflow": "TensorFlow", "gymnasium": "Gymnasium", "numpy": "NumPy"}


Row = dict[str, Any]


def rows(table: pd.DataFrame, chapter: Sequence[str]) -> list[Row]:
    """Return the rows of the ledger in words, each with its page and its interval as a picture.

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
            "mark": marks.interval(ends, region.margins, region.holds),
        }
        made.append(row | in_words)
    return made


class Shown(NamedTuple):
    """A figure, the page that shows it, and its title where it needs one."""

    page: str
    figure: Figure
    title: str = ""


class Provenance(NamedTuple):
    """The inputs of a report, as far as they are the same on every machine."""

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
    """The pages of a report: the chapter's notebooks and the extra ones, in order."""

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
        """Return an executed notebook as a page.

        Args:
            name: name of the notebook.
            notebook: the executed notebook.
            animations: GIFs outside the report, by path from its folder.
        """

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
    ) -> bytes:
        """Return the first page.

        Args:
            made: the chapter's pages in order.
            verdicts: the ledger.
            animations: policies to show side by side.
            meaning: an explanation of the ledger's signs, in Markdown.
            provenance: the inputs of the results.
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
            provenance=provenance,
        )

    def html(self, page: Page, verdicts: Iterable[Row], figures: Mapping[str, Shown]) -> bytes:
        """Return a notebook's page with the claims that its results decide."""
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
    """Return style sheet, script and icon by path from the report's folder."""
    return {f"{CHAPTER}/{name}": (TEMPLATES / name).read_bytes() for name in ASSETS}


def shown(made: Iterable[Page]) -> dict[str, Shown]:
    """Return by claim the figure that shows it, where a notebook names one."""
    return {
        claim: Shown(page.name, figure) for page in made for claim, figure in page.shown.items()
    }


def counted(verdicts: Iterable[Row]) -> dict[str, int]:
    """Return the number of claims with each verdict."""
    found = [verdict["verdict"] for verdict in verdicts]
    return {verdict: found.count(verdict) for verdict in SIGNS}
