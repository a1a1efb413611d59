"""Watches a stage's stored network play.

    python -m reprise watch dqn_training --seed 3

Writes an episode of the seed's greedy policy to a GIF and prints its path. It is the first episode
of the evaluation, under its first time limit. Only seeds with a network in data/STAGE/weights.npz
can play.

Exit codes: 0 written; 2 something given is not allowed; 1 the environment fails.
"""

import argparse
import importlib
import sys
from pathlib import Path

from reprise.errors import PlainError, UserError, closest

RESULTS = Path("data")
OUTPUT = Path(".reprise")
ABOUT = "Watch a stage's stored network play."


def main(argv: list[str] | None = None) -> int:
    """Render an episode, print its path, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m reprise", description=ABOUT)
    commands = parser.add_subparsers(dest="command", required=True)
    watch = commands.add_parser("watch", help="an episode of a stored network", description=ABOUT)
    watch.add_argument("stage", metavar="STAGE", help="a stage with networks, as dqn_training")
    watch.add_argument("--seed", type=int, default=0, help="the training; default: 0")
    watch.add_argument("--output", type=Path, metavar="FILE", help="a .gif; default: in .reprise")
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
    having = [name for name in stages if (RESULTS / name / "weights.npz").is_file()]
    if stage not in stages:
        meant = closest(stage, stages)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(having)}"
        raise UserError(f"stage {stage!r} is unknown; {hint}")
    if stage not in having:
        others = f"allowed: {', '.join(having)}" if having else "`dvc repro` makes them"
        raise UserError(f"{stage} has no networks in {RESULTS / stage / 'weights.npz'}; {others}")
    path = output or OUTPUT / f"{stage}-seed-{seed}.gif"
    if path.suffix != ".gif":
        raise UserError(f"--output is {path}; allowed: a name that ends in .gif")
    if output and not path.parent.is_dir():
        raise UserError(f"--output is {path}; {path.parent} is no folder")

    from reprise import stored

    params = parameters.load(stage, importlib.import_module(f"stages.{stage}").Params)
    arrays = artifacts.read_npz(RESULTS / stage / "weights.npz")
    limit, start = params.evaluation.limits[0], params.evaluation.first_seed
    return stored.watch(arrays, seed, params.environment, limit, start, path).path


if __name__ == "__main__":
    sys.exit(main())
