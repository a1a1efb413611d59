"""The compiled trainings against the yardsticks, and what a seed costs as packs grow.

    python -m benchmarks.run training

Every training runs in a process of its own, with the values of params.yaml except for the number of
seeds: a first call, which compiles, and then the calls that are timed. Ours keeps to one thread;
the yardstick uses what it can get. Ours and the yardstick take turns, so that whatever else the
machine does meets both.
"""

import importlib
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.spread import Spread, spread

YARDSTICKS = Path(__file__).parent / "yardsticks"
ALGORITHMS = ("reinforce", "dqn")
SEEDS, REPEATS = 32, 5
SEEDS_OF_PACKS, CALLS = (8, 24, 32, 48, 96), 5

PRINTED = re.compile(r"first call ([\d.]+) s, run ([\d.]+) s, ([\d.]+) M env steps/s")


class Run(NamedTuple):
    """A process's trainings."""

    first_call: float  # seconds, with compilation
    seconds: list[float]  # of each call after it
    rates: list[float]  # environment steps a second of each call after the first


def train(algorithm: str, seeds: int, calls: int) -> Run:
    """Train in this process."""
    from reprise.environments.cartpole import CartPole
    from reprise.nn.determinism import tf
    from reprise.pipeline import parameters
    from reprise.seeds import training_keys

    name = f"{algorithm}_training"
    params = parameters.load(name, importlib.import_module(f"stages.{name}").Params)
    module = importlib.import_module(f"reprise.agents.{algorithm}")
    keys = training_keys(params.seed, "training", range(seeds))
    tf.constant(0)  # starts TensorFlow: compilation is timed, loading is not

    seconds = []
    for _ in range(1 + calls):
        start = time.perf_counter()
        trained = module.train(params, CartPole(), keys)
        seconds.append(time.perf_counter() - start)
    played = float(np.sum(trained.steps[-1]))
    return Run(seconds[0], seconds[1:], [played / each for each in seconds[1:]])


def ours(algorithm: str, seeds: int, calls: int) -> Run:
    """Train in a new process."""
    command = [sys.executable, "-m", "benchmarks.training", algorithm, str(seeds), str(calls)]
    return Run(*json.loads(_output(command)))


def yardstick(algorithm: str, seeds: int) -> Run:
    """Run the yardstick, which trains twice, in a new process."""
    printed = _output([sys.executable, str(YARDSTICKS / f"{algorithm}_seeds.py"), str(seeds)])
    found = PRINTED.search(printed)
    if found is None:
        raise RuntimeError(f"the yardstick of {algorithm} printed {printed!r}")
    first, run, millions = map(float, found.groups())
    return Run(first, [run], [millions * 1e6])


def against_yardstick(algorithm: str) -> dict[str, Spread]:
    """Return speed and first call of both, taking turns, and the ratio of their speeds."""
    pairs = []
    for repeat in range(REPEATS):
        pair = ours(algorithm, SEEDS, calls=1), yardstick(algorithm, SEEDS)
        pairs.append(pair)
        mine, theirs = (run.rates[0] / 1e6 for run in pair)
        print(
            f"  {algorithm}, {SEEDS} seeds, {repeat + 1} of {REPEATS}: {mine:.2f} million steps "
            f"a second, yardstick {theirs:.2f}",
            flush=True,
        )
    mine, theirs = zip(*pairs, strict=True)
    return {
        f"{algorithm}_ratio": spread([a.rates[0] / b.rates[0] for a, b in pairs]),
        f"{algorithm}_steps_per_second": spread([run.rates[0] for run in mine]),
        f"{algorithm}_yardstick_steps_per_second": spread([run.rates[0] for run in theirs]),
        f"{algorithm}_seconds": spread([run.seconds[0] for run in mine]),
        f"{algorithm}_yardstick_seconds": spread([run.seconds[0] for run in theirs]),
        f"{algorithm}_first_call_seconds": spread([run.first_call for run in mine]),
        f"{algorithm}_yardstick_first_call_seconds": spread([run.first_call for run in theirs]),
    }


def by_seeds(algorithm: str) -> dict[str, Spread]:
    """Return speed and cost of a seed for packs of several sizes."""
    runs = {}
    for seeds in SEEDS_OF_PACKS:
        runs[seeds] = ours(algorithm, seeds, CALLS)
        print(f"  {algorithm}, {seeds} seeds: {spread(runs[seeds].seconds)} s", flush=True)
    rates = {
        f"{algorithm}_steps_per_second_at_{seeds}_seeds": spread(run.rates)
        for seeds, run in runs.items()
    }
    costs = {
        f"{algorithm}_milliseconds_per_seed_at_{seeds}_seeds": spread(
            [1000 * each / seeds for each in run.seconds]
        )
        for seeds, run in runs.items()
    }
    return rates | costs


def measure() -> dict[str, Spread]:
    """Return all measurements of both algorithms."""
    results: dict[str, Spread] = {}
    for algorithm in ALGORITHMS:
        results |= against_yardstick(algorithm) | by_seeds(algorithm)
    return results


def _output(command: list[str]) -> str:
    """Return what a command prints; what TensorFlow greets with is shown only if it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        done.check_returncode()
    return done.stdout


if __name__ == "__main__":  # one training, for the process above this one
    algorithm, seeds, calls = sys.argv[1:]
    print(json.dumps(train(algorithm, int(seeds), int(calls))))
