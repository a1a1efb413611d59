"""A training of somebody else's, one seed at a time, against the compiled trainings, taking turns.

Ours keeps to one process that stays, so that each program is compiled once, before it is timed.
"""

import importlib
import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.spread import Spread, spread

SEEDS = (1, 32)
SECONDS = 4.0  # that a training without an end of its own is timed for


def compiled(algorithm: str, seeds: int, changes: Mapping[str, Any]) -> float:
    """Return the environment steps a second of trainings with the values of params.yaml.

    Args:
        algorithm: reinforce or dqn.
        seeds: of the pack.
        changes: of the values.
    """
    from reprise.environments.cartpole import CartPole
    from reprise.pipeline import parameters
    from reprise.seeds import training_keys

    name = f"{algorithm}_training"
    params = parameters.load(name, importlib.import_module(f"stages.{name}").Params)
    params = params.model_copy(update=dict(changes))
    train = importlib.import_module(f"reprise.agents.{algorithm}").train
    keys = training_keys(params.seed, "training", range(seeds))
    train(params, CartPole(), keys)  # compiles, the first time
    played, start = 0.0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < SECONDS:
        played += float(np.sum(train(params, CartPole(), keys).steps[-1]))
    return played / seconds


def rate(command: Sequence[str]) -> float:
    """Return the steps a second of a program that prints its steps and seconds at last.

    Raises:
        RuntimeError: if it fails, or prints something else.
    """
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return parsed(done.stdout)


def parsed(printed: str) -> float:
    """Return the steps a second of what such a program printed.

    Raises:
        RuntimeError: if its last line is not steps and seconds.
    """
    try:
        found = json.loads(printed.strip().rpartition("\n")[2])
        return found["steps"] / found["seconds"]
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        raise RuntimeError(f"a yardstick printed {printed!r}") from None


def against(
    name: str,
    theirs: Mapping[str, Callable[[int], Sequence[str]]],
    repeats: int,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Spread]:
    """Return the speeds of both, and ours over theirs: of one seed, and of a pack.

    Args:
        name: theirs.
        theirs: by our algorithm's name, from a seed to the command that runs theirs.
        repeats: how often each is timed.
        changes: by our algorithm's name, of the values of params.yaml.
    """
    results: dict[str, Spread] = {}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for algorithm, command in theirs.items():
            rates: dict[Any, list[float]] = {who: [] for who in (name, *SEEDS)}
            for repeat in range(repeats):
                rates[name].append(rate(command(repeat)))
                for seeds in SEEDS:
                    change = dict((changes or {}).get(algorithm, {}))
                    asked = pool.submit(compiled, algorithm, seeds, change)
                    rates[seeds].append(asked.result())
                shown = ", ".join(f"{each[-1]:,.0f}" for each in rates.values())
                print(f"  {algorithm}, {name} and ours at {SEEDS} seeds: {shown}", flush=True)
            results |= compared(algorithm, name, rates)
    return results


def compared(algorithm: str, name: str, rates: Mapping[Any, list[float]]) -> dict[str, Spread]:
    """Return what the rates of theirs, by its name, and of ours, by seeds, say turn by turn."""
    ratios = {
        f"{algorithm}_ratio_at_{_seeds(seeds)}": spread(
            [ours / theirs for ours, theirs in zip(rates[seeds], rates[name], strict=True)]
        )
        for seeds in SEEDS
    }
    ours = {
        f"{algorithm}_steps_per_second_at_{_seeds(seeds)}": spread(rates[seeds]) for seeds in SEEDS
    }
    return ratios | ours | {f"{algorithm}_{name}_steps_per_second": spread(rates[name])}


def _seeds(count: int) -> str:
    return f"{count}_seed{'s' if count > 1 else ''}"
