"""Compare revisions: parameters, results, verdicts.

    python -m reprise.compare                    HEAD and the workspace
    python -m reprise.compare relu               relu and the workspace
    python -m reprise.compare main relu tanh     main and each of the others, ranked

A revision is a branch, a tag, a commit, the name of an experiment, or `workspace`. The first one is
the baseline. The command runs in any folder of the repository and checks nothing out.

Exit codes: 0 compared, with or without differences; 1 DVC cannot read a revision; 2 wrong
arguments; 130 interrupted.
"""

import argparse
import sys
from pathlib import Path

from reprise.errors import PlainError, UserError

FIGURES = (".png", ".svg")
REVISION = "branch, tag, commit, experiment or `workspace` (default: HEAD). The first one is the \
baseline. One alone is compared with the workspace."


def main(argv: list[str] | None = None) -> int:
    """Compare revisions, print the differences, return the exit code."""
    about = "Compare revisions: parameters, results of all seeds, verdicts on the claims."
    parser = argparse.ArgumentParser(prog="python -m reprise.compare", description=about)
    parser.add_argument("revisions", nargs="*", metavar="REVISION", help=REVISION)
    parser.add_argument(
        "--stage", action="append", default=[], help="compare only this stage; repeatable"
    )
    parser.add_argument("--all", action="store_true", help="show all outcomes and groups")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print Markdown")
    form.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="also draw a .png or .svg file")
    try:
        print(_compared(parser.parse_args(argv)))
    except KeyboardInterrupt:
        print("compare: interrupted", file=sys.stderr)
        return 130
    except PlainError as error:
        print(f"compare: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _compared(given: argparse.Namespace) -> str:
    if (path := given.figure) and path.suffix not in FIGURES:
        raise UserError(f"--figure is {path}; allowed: a name that ends in {' or '.join(FIGURES)}")

    from reprise.compare import figure, findings, report  # here, as they take seconds
    from reprise.compare.revisions import WORKSPACE, Revision
    from reprise.pipeline import artifacts

    names = given.revisions or ["HEAD"]
    revisions = [Revision(name) for name in (names if names[1:] else [*names, WORKSPACE])]
    found = findings.compare(revisions, given.stage, every=given.all)
    if path and not found.outcomes:
        raise UserError(f"--figure is {path}; no outcome differs, so there is nothing to draw")
    if path:
        artifacts.write(path, figure.outcomes(found.outcomes, path.suffix[1:]))
    if given.json:
        return report.document(found)
    return report.text(found, markdown=given.markdown, every=given.all)


if __name__ == "__main__":
    sys.exit(main())
