"""Trainings on one clock: environment steps, where learners' episodes and rounds are not alike.

Shapes: K rounds, N seeds, G points of the clock.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Episodes(NamedTuple):
    """The finished episodes of one seed, in order."""

    returns: NDArray[np.float64]
    ends: NDArray[np.int64]
    """Environment steps played by the end of each."""


def episodes(returns: NDArray, steps: NDArray) -> list[Episodes]:
    """Return each seed's episodes.

    Args:
        returns: of the episode that each round finished, NaN without one [K, N].
        steps: environment steps played by the end of each round [K, N].
    """
    return [
        Episodes(seed[done].astype(float), clock[done].astype(int))
        for seed, clock, done in zip(returns.T, steps.T, ~np.isnan(returns.T), strict=True)
    ]


def by_steps(seeds: Sequence[Episodes], clock: NDArray, window: int) -> NDArray[np.float64]:
    """Return each seed's mean return of its last episodes, at points of the clock [G, N].

    A seed whose training has ended stays at its last value; before its first episode it has none,
    NaN.

    Args:
        seeds: the episodes of each.
        clock: environment steps [G].
        window: how many episodes the mean is taken over, or as many as there are.
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
    """Return the environment steps until each seed's mean return passes a target [N], or NaN.

    Args:
        seeds: the episodes of each.
        target: the return to reach.
        window: episodes that the mean is taken over; before there are as many, none passes.
        budget: steps after which it does not count.
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


def samples(
    seeds: Sequence[Episodes],
    steps: NDArray,
    *,
    budget: int,
    last: int,
    window: int,
    targets: Sequence[int],
) -> pd.DataFrame:
    """Return a row a seed: how its training went within a budget of environment steps.

    Args:
        seeds: the episodes of each.
        steps: environment steps of each whole training [N].
        budget: steps after which nothing counts.
        last: episodes before the budget that stand for the end of a training.
        window: episodes that a return is averaged over when a target is looked for.
        targets: returns to come to.
    """
    table = pd.DataFrame({"seed": range(len(seeds))})
    table["last_return"] = by_steps(seeds, np.array([budget]), last)[0]
    table["environment_steps"] = steps
    table["episodes"] = [len(seed.returns) for seed in seeds]
    for target in targets:
        table[f"steps_to_{target}"] = steps_to(seeds, target, window, budget)
    return table
