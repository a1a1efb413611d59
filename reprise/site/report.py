"""One HTML report: the ledger, then the chapter as sections, then the notebooks as pages.

It needs no network and runs from a disk: its pages refer to one style sheet, one script and the
figures beside them, and their security policy lets nothing else in. The same notebooks give the
same bytes.

    index.html
    pages/<notebook>.html    report.css    report.js    figures/
    extra/<notebook>.html    figures/      of what runs only when it is asked for
    api/<package>.html
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbformat import NotebookNode

from reprise.site import pages
from reprise.site.api import Package
from reprise.site.markdown import Text, slug
from reprise.site.pages import Figure, Page

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = ("report.css", "report.js", "icon.svg")
INDEX, CHAPTER, EXTRA, API = "index.html", "pages", "extra", "api"
SIGNS = {"confirmed": "✓", "refuted": "✗", "unresolved": "?"}


class Verdict(NamedTuple):
    """A claim in the ledger, in words."""

    claim: str
    statement: str
    verdict: str
    measured: str  # with its interval
    estimate: float | None  # to sort by
    n: int | None
    claimed: str
    place: str
    page: str  # the notebook that shows it
    afterwards: bool  # written after results were seen
    mark: Markup

    @property
    def anchor(self) -> str:
        """Return the id of its row."""
        return f"claim-{slug(self.claim)}"


class Shown(NamedTuple):
    """A figure, and the page that it is on."""

    page: str
    figure: Figure


class Animation(NamedTuple):
    """A policy at work, to be set beside others."""

    title: str
    page: str
    figure: Figure


class Site:
    """The notebooks that a report has, in order, and where their pages are."""

    def __init__(self, chapter: Sequence[str], extra: Sequence[str]) -> None:
        """Know the names of the notebooks: the chapter's, and those that stand apart."""
        self.chapter, self.extra = list(chapter), list(extra)
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        )  # fmt: skip
        self._environment.filters["count"] = counted

    def folder(self, name: str) -> str:
        """Return the folder of a notebook's page."""
        return EXTRA if name in self.extra else CHAPTER

    def page(self, name: str, notebook: NotebookNode, animations: Mapping[Path, bytes]) -> Page:
        """Return a notebook as a page of this report.

        Args:
            name: of the notebook.
            notebook: executed.
            animations: GIFs beside the report, by path from its folder.
        """

        def link(url: str) -> str:
            stem = Path(url).stem
            known = url.endswith(".ipynb") and stem in (*self.chapter, *self.extra)
            return f"../{self.folder(stem)}/{stem}.html" if known else url

        places = {content: f"../{path}" for path, content in animations.items()}
        return pages.read(name, notebook, link=link, animations=places)

    def index(
        self, made: Sequence[Page], verdicts: Sequence[Verdict], animations: Sequence[Animation],
        meaning: str,
    ) -> bytes:  # fmt: skip
        """Return the first page.

        Args:
            made: the chapter's pages in order.
            verdicts: the ledger.
            animations: policies to be seen side by side.
            meaning: of the ledger's signs, in Markdown.
        """
        return self._rendered(
            "index.html.j2", base=f"{CHAPTER}/", root="", folder=f"{CHAPTER}/", pages=made,
            verdicts=verdicts, animations=animations, figures=shown(made),
            meaning=Text().inline(meaning),
        )  # fmt: skip

    def html(self, page: Page, verdicts: Iterable[Verdict], figures: Mapping[str, Shown]) -> bytes:
        """Return a notebook's page with the claims that are judged on its results."""
        order = [name for name in self.chapter if self.folder(name) == self.folder(page.name)]
        at = order.index(page.name) if page.name in order else None
        return self._rendered(
            "page.html.j2", base=f"../{CHAPTER}/", root="../", page=page, figures=figures,
            verdicts=[verdict for verdict in verdicts if verdict.page == page.name],
            before=order[at - 1] if at else None,
            after=None if at is None or at + 1 == len(order) else order[at + 1],
        )  # fmt: skip

    def api(self, packages: Sequence[Package]) -> dict[str, bytes]:
        """Return the pages of the library, by path from the report's folder."""
        common = {"base": f"../{CHAPTER}/", "root": "../", "packages": packages}
        made = {
            f"{API}/{package.name}.html": self._rendered("api.html.j2", package=package, **common)
            for package in packages
        }
        return {f"{API}/index.html": self._rendered("api.html.j2", package=None, **common)} | made

    def _rendered(self, template: str, **values: Any) -> bytes:
        text = self._environment.get_template(template).render(site=self, signs=SIGNS, **values)
        return text.encode()


def figures_of(made: Iterable[Page], site: Site) -> dict[str, bytes]:
    """Return the figures of pages as files, by path from the report's folder."""
    return {
        f"{site.folder(page.name)}/{path}": content
        for page in made
        for path, content in page.files.items()
    }


def assets() -> dict[str, bytes]:
    """Return the style sheet and the script, by path from the report's folder."""
    return {f"{CHAPTER}/{name}": (TEMPLATES / name).read_bytes() for name in ASSETS}


def shown(made: Iterable[Page]) -> dict[str, Shown]:
    """Return where a claim is shown, for all claims of which a notebook says so."""
    return {
        claim: Shown(page.name, figure) for page in made for claim, figure in page.shown.items()
    }


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return how many of some claims have each verdict."""
    found = [verdict.verdict for verdict in verdicts]
    return {verdict: found.count(verdict) for verdict in SIGNS}
