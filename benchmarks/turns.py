"""Compares another program's training with ours, taking turns.

Ours stays in one process, so each program is compiled once, before it is timed.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import ours
from benchmarks.spread import Spread, spread
from reprise.errors import UserError

ROOT = Path(__file__).parents[1]
YARDSTICKS = Path(__file__).parent / "yardsticks"
PYTHON = ROOT / ".venv-benchmarks" / "bin" / "python"  # with JAX and Stable-Baselines3


def yardstick(program: str, *words: object, python: Path = PYTHON) -> list[str]:
    """Return the command that runs a yardstick.

    Raises:
        UserError: if its environment is missing.
    """
    if not python.exists():
        raise UserError(f"{python.parent.parent.name} is not there; run `make .venv-benchmarks`")
    return [str(python), str(YARDSTICKS / program), *map(str, words)]


def printed(command: Sequence[str]) -> Any:
    """Run a command and read the JSON on its last line.

    Raises:
        RuntimeError: if it fails or prints no JSON; the message holds its last line.
    """
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    last = (done.stderr if done.returncode else done.stdout).strip().rpartition("\n")[2]
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise RuntimeError(f"`{' '.join(command)}` ended with {done.returncode}: {last}")
    try:
        return json.loads(last)
    except ValueError:
        raise RuntimeError(f"`{' '.join(command)}` printed {last!r}") from None


def rate(command: Sequence[str]) -> float:
    """Run a yardstick and return its steps per second."""
    found = printed(command)
    return found["steps"] / found["seconds"]


def against(
    name: str,
    theirs: Mapping[str, Callable[[int], Sequence[str]]],
    seeds: int,
    repeats: int,
    changes: Mapping[str, Mapping[str, Any]] = {},
) -> dict[str, Spread]:
    """Measure the steps per second of both, and the ratio ours / theirs.

    Args:
        name: the name of the other program.
        theirs: for each of our algorithms, a function from a seed to their command.
        seeds: number of seeds in our pack.
        repeats: how often each is timed.
        changes: for each of our algorithms, the hyperparameters to change.
    """
    results: dict[str, Spread] = {}
    with ours.pool() as pool:
        for algorithm, command in theirs.items():
            asked = algorithm, seeds, ours.SECONDS, changes.get(algorithm, {})
            pairs = [
                (pool.submit(ours.train, *asked).result().rate, rate(command(repeat)))
                for repeat in range(repeats)
            ]
            found = compared(algorithm, name, pairs)
            ratio = next(iter(found.values()))
            print(f"  {algorithm}, seeds: {seeds}, ours / {name}: {ratio}", flush=True)
            results |= found
    return results


def compared(algorithm: str, name: str, pairs: Sequence[tuple[float, float]]) -> dict[str, Spread]:
    """Summarize pairs of our and their rates."""
    return {
        f"{algorithm}_ratio_to_{name}": spread([mine / other for mine, other in pairs]),
        f"{algorithm}_steps_per_second": spread([mine for mine, _ in pairs]),
        f"{algorithm}_{name}_steps_per_second": spread([other for _, other in pairs]),
    }
