"""Makes one HTML report of the ledger and the executed notebooks, to be read without a network.

Reads: params.yaml, dvc.yaml, the executed notebooks, the animations, the ledger, the code.
Writes to data/reporting/:
    index.html    the ledger, animations side by side, the chapter as sections
    pages/        a page for each notebook of dvc.yaml, their figures, style sheet and script
    api/          pages for the library, from its docstrings
    extra/        pages for the notebooks of extra/dvc.yaml, and their figures

`python -m stages.report chapter` makes all but the last, `extra` the last.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import nbformat
import pandas as pd
from pydantic import Field
from ruamel.yaml import YAML

from reprise.claims import ledger
from reprise.claims.model import Region
from reprise.errors import UserError, closest
from reprise.hyperparameters import Frozen, Name
from reprise.pipeline import artifacts, stage
from reprise.site import api, marks, report
from reprise.site.report import Animation, Site, Verdict

NAME, FOLDER = "report", "reporting"
PARTS = ("chapter", "extra")
PIPELINE = Path("dvc.yaml")
CODE = ("reprise", "stages")
LEDGER = "claims"  # the notebook that shows what no other does


class Side(Frozen):
    """An animation to be set beside others."""

    title: Name
    file: Name


class Params(Frozen):
    """The section of params.yaml."""

    animations: Annotated[tuple[Side, ...], Field(strict=False)]


def run(params: Params, part: str) -> dict[str, bytes]:
    """Return the files of the chapter's report, or of the pages that stand apart."""
    if part not in PARTS:
        hint = closest(part, PARTS)
        raise UserError(
            f"no part {part!r} of the report; "
            + (f"did you mean {hint!r}?" if hint else f"there are {', '.join(PARTS)}")
        )
    site = Site(*notebooks())
    names = site.chapter if part == "chapter" else site.extra
    pages = [site.page(name, executed(name), gifs(name)) for name in names]
    table = artifacts.read_csv(stage.RESULTS / LEDGER / "ledger.csv")
    found = [verdict(row, site.chapter) for row in table.to_dict("records")]
    where = report.shown(pages)
    contents = {
        f"{site.folder(page.name)}/{page.name}.html": site.html(page, found, where)
        for page in pages
    }
    contents |= report.figures_of(pages, site)
    if part == "chapter":
        shown = [animation(side, pages) for side in params.animations]
        index = site.index(pages, found, shown, ledger.signs(table))
        contents = {report.INDEX: index} | contents | report.assets()
        contents |= site.api(api.packages(Path.cwd(), CODE))
    return contents


def notebooks() -> tuple[list[str], list[str]]:
    """Return the notebooks that dvc.yaml executes, in its order, and those of extra/dvc.yaml."""
    chapter, extra = (
        list(YAML(typ="safe", pure=True).load(path)["stages"][FOLDER]["foreach"])
        for path in (PIPELINE, "extra" / PIPELINE)
    )
    return chapter, extra


def executed(name: str) -> nbformat.NotebookNode:
    """Return a notebook as it was executed."""
    path = stage.RESULTS / FOLDER / f"{name}.ipynb"
    if not path.exists():
        raise UserError(f"{path} does not exist; `dvc repro` makes results")
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def gifs(name: str) -> dict[Path, bytes]:
    """Return a stage's animations by path from the report's folder."""
    paths = sorted((stage.RESULTS / name).glob("*.gif"))
    return {Path("..", name, path.name): path.read_bytes() for path in paths}


def animation(side: Side, pages: list[report.Page]) -> Animation:
    """Return an animation as its notebook's page shows it."""
    path = Path(side.file)
    source = f"../../{path.parent.name}/{path.name}"
    for page in pages:
        for figure in page.figures:
            if figure.source == source:
                return Animation(side.title, page.name, figure)
    raise UserError(f"report.animations has {side.file}, which no notebook shows")


def verdict(row: Mapping[Any, Any], pages: list[str]) -> Verdict:
    """Return a row of the ledger in words, with its interval as a picture."""
    stages = [name for name in str(row["stage"]).split() if name in pages]
    region = Region.parsed(row["claimed"])
    exact = row["form"] == "value" or pd.isna(row["n"])
    numbers = [] if region.equal else [row["low"], row["estimate"], row["high"]]
    return Verdict(
        claim=row["claim"], statement=row["statement"], verdict=row["verdict"],
        measured=ledger.measured(row),
        estimate=None if pd.isna(row["estimate"]) else float(row["estimate"]),
        n=None if exact else int(row["n"]),
        claimed=f"{ledger.FORMS[row['form']]} {row['claimed']}", place=row["place"],
        page=[*stages, LEDGER][0], afterwards=bool(row["written_after_results"]),
        mark=marks.interval(numbers, region.margins, region.holds),
    )  # fmt: skip


def headline(results: dict[str, bytes]) -> str:
    """Return the stage in one line."""
    pages = sum(name.endswith(".html") for name in results)
    size = sum(map(len, results.values())) / 1e6
    return f"{pages} pages, {size:.1f} MB: {stage.RESULTS}/{FOLDER}/{next(iter(results))}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline, arguments=("part",), folder=FOLDER))
