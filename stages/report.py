"""One HTML report of ledger and notebooks, readable offline.

Reads params.yaml, the chapter's parameters, dvc.yaml, executed notebooks, animations, the ledger
and the claims, tables of samples and curves, and networks of reinforce_training and dqn_training.
Writes to data/reporting/:
    index.html         the ledger, animations side by side, the chapter's sections
    playground.html    CartPoles balanced by the reader, rules and networks, also during training
    explorer.html      interactive charts of seeds, hyperparameters, decision processes, verdicts
    pages/             a page for each notebook of dvc.yaml, with figures, style sheet and scripts
    extra/             pages for the notebooks of extra/dvc.yaml

`python -m stages.report chapter` makes all but the last, `extra` the last.
"""

import sys
from pathlib import Path
from typing import Annotated

import nbformat
from pydantic import Field
from ruamel.yaml import YAML

from reprise.claims import ledger
from reprise.errors import UserError, closest
from reprise.hyperparameters import Frozen, Name
from reprise.pipeline import artifacts, parameters, stage
from reprise.site import charts, explorer, playground, report
from reprise.site.pages import Page
from reprise.site.report import Provenance, Shown, Site
from stages.claims import Committed, claims

NAME, FOLDER = "report", "reporting"
PARTS = ("chapter", "extra")
PIPELINE, LOCK = Path("dvc.yaml"), Path("requirements.lock")
FEATURES = ("position", "velocity", "angle", "angular_velocity")
LEDGER = stage.RESULTS / "claims/ledger.csv"


class Side(Frozen):
    """An animation, shown side by side with others."""

    title: Name
    file: Name


class Params(Frozen):
    """The section of params.yaml."""

    animations: Annotated[tuple[Side, ...], Field(strict=False)]


def run(params: Params, part: str) -> dict[str, bytes]:
    """Make the files of the report, or the extra pages."""
    if part not in PARTS:
        meant = closest(part, PARTS)
        hint = f"did you mean {meant!r}?" if meant else f"allowed: {', '.join(PARTS)}"
        raise UserError(f"no part {part!r} of the report; {hint}")
    site = Site(*notebooks())
    pages = [page(site, name) for name in (site.chapter if part == "chapter" else site.extra)]
    table = artifacts.read_csv(LEDGER)
    verdicts, figures = report.rows(table, site.chapter), report.shown(pages)
    contents = {}
    if part == "chapter":
        values = parameters.read()
        trained = [name for name in site.chapter if (stage.RESULTS / name / "returns.csv").exists()]
        numbers = explorer.content(trained, Committed(), values, claims(), table)
        changed = parameters.changes([*site.chapter, FOLDER, NAME])
        contents["index.html"] = site.index(
            pages,
            verdicts,
            Provenance.of(changed, LEDGER, LOCK),
            ledger.signs(table),
            animations=[animation(side, pages) for side in params.animations],
            curves=explorer.still(numbers),
        )
        noise = values["partial_observability"]["noise"]
        contents["playground.html"] = report.rendered(
            "playground.html.j2",
            groups=playground.trained(stage.RESULTS) | playground.in_training(stage.RESULTS),
            noise=[noise[name] for name in FEATURES],
        )
        contents |= report.assets()
        contents["explorer.html"] = report.rendered(
            "explorer.html.j2",
            content=numbers,
            data=explorer.written(numbers),
            specs=explorer.written(charts.specs()),
            points=explorer.POINTS,
            stills={page.name: page.key for page in pages if page.key},
        )
    for each in pages:
        folder = site.folder(each.name)
        contents[f"{folder}/{each.name}.html"] = site.html(each, verdicts, figures)
        contents |= {f"{folder}/{path}": content for path, content in each.files.items()}
    return contents


def page(site: Site, name: str) -> Page:
    """Return the page of a notebook, with its stage's animations."""
    paths = sorted((stage.RESULTS / name).glob("*.gif"))
    animations = {Path("..", name, path.name): path.read_bytes() for path in paths}
    return site.page(name, executed(name), animations)


def notebooks() -> tuple[list[str], list[str]]:
    """List the notebooks of dvc.yaml and of extra/dvc.yaml, in order."""
    chapter, extra = (
        list(YAML(typ="safe", pure=True).load(path)["stages"][FOLDER]["foreach"])
        for path in (PIPELINE, "extra" / PIPELINE)
    )
    return chapter, extra


def executed(name: str) -> nbformat.NotebookNode:
    """Read an executed notebook."""
    path = stage.RESULTS / FOLDER / f"{name}.ipynb"
    if not path.exists():
        raise UserError(f"{path} does not exist; `dvc repro` makes results")
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def animation(side: Side, pages: list[Page]) -> Shown:
    """Find an animation in the page that shows it."""
    source = f"../../{Path(side.file).parent.name}/{Path(side.file).name}"
    for page in pages:
        for figure in page.figures:
            if figure.source == source:
                return Shown(page.name, figure, side.title)
    raise UserError(f"report.animations has {side.file}, which no notebook shows")


def headline(results: dict[str, bytes]) -> str:
    """Report the number of pages and their size."""
    pages = sum(name.endswith(".html") for name in results)
    size = sum(map(len, results.values())) / 1e6
    return f"{pages} pages, {size:.1f} MB: {stage.RESULTS}/{FOLDER}/{next(iter(results))}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline, arguments=("part",), folder=FOLDER))
