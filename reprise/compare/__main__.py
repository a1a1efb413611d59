"""Says what two revisions differ in: parameters, and the outcomes of the stages' seeds.

    python -m reprise.compare                    HEAD beside the workspace
    python -m reprise.compare relu               relu beside the workspace
    python -m reprise.compare main relu          main beside relu

It works from any folder of the repository.

A revision is a branch, a tag, a commit, an experiment's name, or `workspace`. Exit codes: 0, also
if nothing differs; 2 what was asked for is not there; 1 it cannot be read.
"""

import argparse
import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reprise.errors import PlainError, UserError

if TYPE_CHECKING:
    from reprise.compare.findings import Findings

FIGURES = (".png", ".svg")


def parser() -> argparse.ArgumentParser:
    """Return what the command line may hold."""
    made = argparse.ArgumentParser(
        prog="python -m reprise.compare",
        description="What two revisions differ in: parameters, and the outcomes of stages' seeds.",
    )
    kinds = "a branch, tag, commit, experiment, or workspace"
    made.add_argument("a", nargs="?", default="HEAD", help=f"{kinds}; by default HEAD")
    made.add_argument("b", nargs="?", default="workspace", help="likewise; by default workspace")
    made.add_argument("--stage", action="append", default=[], help="this one only; may be repeated")
    made.add_argument("--all", action="store_true", help="every outcome, not the first of a stage")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print Markdown")
    form.add_argument("--json", action="store_true", help="print JSON")
    made.add_argument("--figure", type=Path, metavar="FILE", help="draw it: a .png or an .svg")
    return made


def main(argv: list[str] | None = None) -> int:
    """Compare two revisions, print what differs, return the exit code."""
    asked = parser().parse_args(argv)
    for name in ("dvc", "dvc_objects", "dvc_data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        _check_figure(asked.figure)
        print(_compared(asked))
    except KeyboardInterrupt:
        print("compare: interrupted", file=sys.stderr)
        return 130
    except PlainError as error:
        print(f"compare: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _compared(asked: argparse.Namespace) -> str:
    """Return what to print, having drawn what is to be drawn."""
    from reprise.compare import findings, report
    from reprise.compare.revisions import revision, root

    figure = asked.figure and asked.figure.absolute()
    with contextlib.chdir(root()):
        found = findings.between(revision(asked.a), revision(asked.b), asked.stage, asked.all)
    if figure:
        _draw(found, figure)
    return report.document(found) if asked.json else report.text(found, markdown=asked.markdown)


def _check_figure(path: Path | None) -> None:
    """Raise UserError if a figure cannot go there."""
    if path is None:
        return
    if path.suffix not in FIGURES:
        raise UserError(f"--figure is {path}; allowed: a name that ends in {' or '.join(FIGURES)}")
    if not path.parent.is_dir():
        raise UserError(f"--figure is {path}; {path.parent} is no folder")


def _draw(found: "Findings", path: Path) -> None:
    """Write the figure of all outcomes that differ."""
    import io

    import matplotlib

    from reprise.compare import figure
    from reprise.pipeline import artifacts
    from reprise.plots import style
    from reprise.stats.intervals import CONFIDENCE

    if not found.found:
        raise UserError(f"--figure is {path}; no outcome differs: there is nothing to draw")
    rows = [
        figure.Row(f"{each.stage}: {each.outcome}", each.group, each.values, each.contrast)
        for each in found.found
    ]
    content = io.BytesIO()
    with matplotlib.rc_context(fname=style.STYLE_SHEET):
        figure = figure.contrasts(rows, found.a.name, found.b.name, CONFIDENCE)
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(content, format=path.suffix[1:], metadata=metadata)
    artifacts.write_bytes(path, content.getvalue())


if __name__ == "__main__":
    sys.exit(main())
