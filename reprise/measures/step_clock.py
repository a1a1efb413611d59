"""Trainings by environment steps, a clock common to all learners.

Shapes: K rounds, N seeds, G points of the clock.
"""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from reprise.hyperparameters import Frozen, PositiveInt
from reprise.measures.training_run import TrainingRun


class Clock(Frozen):
    """The points of curves by environment steps, and the returns to reach."""

    every: PositiveInt  # steps between two points of a curve
    window: PositiveInt  # episodes in a mean return
    targets: Annotated[tuple[PositiveInt, ...], Field(strict=False)]  # mean returns to reach


class Episodes(NamedTuple):
    """The finished episodes of one seed, in order."""

    returns: NDArray[np.float64]
    ends: NDArray[np.int64]  # environment steps by the end of each


def episodes(run: TrainingRun) -> list[Episodes]:
    """Return each seed's episodes."""
    return [
        Episodes(seed[done].astype(float), clock[done].astype(int))
        for seed, clock, done in zip(
            run.returns.T, run.steps.T, ~np.isnan(run.returns.T), strict=True
        )
    ]


def by_steps(seeds: Sequence[Episodes], clock: NDArray, window: int) -> NDArray[np.float64]:
    """Return each seed's mean return of its last episodes, at points of the clock [G, N].

    After its training a seed keeps its last value; before its first episode its value is NaN.

    Args:
        seeds: the episodes of each.
        clock: environment steps [G].
        window: episodes in a mean, or as many as there are.
    """
    curves = np.full((len(clock), len(seeds)), np.nan)
    for curve, seed in zip(curves.T, seeds, strict=True):
        finished = np.searchsorted(seed.ends, clock, side="right")
        totals = np.concatenate([[0.0], np.cumsum(seed.returns)])
        count = np.minimum(finished, window)
        some = count > 0
        sums = totals[finished] - totals[finished - count]
        curve[some] = sums[some] / count[some]
    return curves


def steps_to(
    seeds: Sequence[Episodes], target: float, window: int, budget: int
) -> NDArray[np.float64]:
    """Return the environment steps until each seed's mean return reaches a target [N], or NaN.

    Args:
        seeds: the episodes of each.
        target: the return to reach.
        window: episodes in a mean; nothing counts before there are so many.
        budget: steps after which nothing counts.
    """
    found = np.full(len(seeds), np.nan)
    for number, seed in enumerate(seeds):
        totals = np.concatenate([[0.0], np.cumsum(seed.returns)])
        means = (totals[window:] - totals[:-window]) / window
        ends = seed.ends[window - 1 :]
        passed = np.flatnonzero((means >= target) & (ends <= budget))
        if len(passed):
            found[number] = ends[passed[0]]
    return found


def samples(run: TrainingRun, clock: Clock, budget: int, last: int) -> pd.DataFrame:
    """Return a row for each seed: its training within a budget of environment steps.

    Args:
        run: of N seeds.
        clock: the window and the targets.
        budget: steps after which nothing counts.
        last: episodes at the end of a training.
    """
    seeds = episodes(run)
    table = pd.DataFrame({"seed": range(len(seeds))})
    table["last_return"] = by_steps(seeds, np.array([budget]), last)[0]
    table["environment_steps"] = run.steps[-1]
    table["episodes"] = [len(seed.returns) for seed in seeds]
    for target in clock.targets:
        table[f"steps_to_{target}"] = steps_to(seeds, target, clock.window, budget)
    return table
