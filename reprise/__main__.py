"""Watch a stage's stored network play.

    python -m reprise watch dqn_training --seed 3

This writes an episode of the seed's greedy policy to a GIF and prints the path. The episode is the
first of the evaluation, under its first time limit. Only seeds with a network in
data/STAGE/weights.npz can play.

Exit codes: 0 written; 1 the environment failed; 2 an argument is not allowed.
"""

import argparse
import importlib
import sys
from pathlib import Path

from reprise.errors import PlainError, UserError, suggestion

RESULTS = Path("data")
OUTPUT = Path(".reprise")
ABOUT = "Watch a stage's stored network play."


def main(argv: list[str] | None = None) -> int:
    """Render an episode, print its path, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m reprise", description=ABOUT)
    commands = parser.add_subparsers(dest="command", required=True)
    watch = commands.add_parser("watch", help=ABOUT, description=ABOUT)
    watch.add_argument("stage", metavar="STAGE", help="a stage with networks, such as dqn_training")
    watch.add_argument("--seed", type=int, default=0, help="the seed of the training; default: 0")
    where = "the GIF; default: .reprise/STAGE-seed-SEED.gif"
    watch.add_argument("--output", type=Path, metavar="FILE", help=where)
    given = parser.parse_args(argv)
    try:
        print(_watched(given.stage, given.seed, given.output))
    except PlainError as error:
        print(" ".join(f"watch: {error}".split()), file=sys.stderr)
        return error.exit_code
    return 0


def _watched(stage: str, seed: int, output: Path | None) -> Path:
    from reprise.pipeline import artifacts, execution, parameters  # here, as they take a second

    sections = parameters.read()
    stages = [name for name in sections if name != execution.SECTION]
    if stage not in stages:
        raise UserError(f"stage {stage!r} is unknown; {suggestion(stage, stages)}")
    weights = RESULTS / stage / "weights.npz"
    if not weights.is_file():
        stored = [name for name in stages if (RESULTS / name / "weights.npz").is_file()]
        others = f"allowed: {', '.join(stored)}" if stored else "`dvc repro` makes them"
        raise UserError(f"{stage} has no networks in {weights}; {others}")
    path = output or OUTPUT / f"{stage}-seed-{seed}.gif"
    if path.suffix != ".gif":
        raise UserError(f"--output is {path}; allowed: a name that ends in .gif")
    if output and not path.parent.is_dir():
        raise UserError(f"--output is {path}, but the folder {path.parent} does not exist")

    from reprise import stored

    params = parameters.load(stage, importlib.import_module(f"stages.{stage}").Params)
    arrays = artifacts.read_npz(weights)
    return stored.watch(arrays, seed, params.environment, params.evaluation, path).path


if __name__ == "__main__":
    sys.exit(main())
