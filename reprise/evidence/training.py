"""What trainings over lanes are judged by: curves, first successes, falls, and evaluations.

Shapes: K episodes or iterations, L lanes, E evaluation episodes.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.evidence import statistics

LAST_ITERATIONS = 10  # they stand for the end of a training by iterations
LAST_EPISODES = 50  # they stand for the end of one by episodes
QUANTILES = {"low": 0.1, "median": 0.5, "high": 0.9}

Array = NDArray[np.float64]


def by_lane(curves: NDArray, index: str, first: int = 0) -> pd.DataFrame:
    """Return curves [K, L] as a table: a row a step, a column a lane.

    >>> by_lane(np.array([[9.0, 12.0], [11.0, 30.0]]), "episode")
       episode  lane_0  lane_1
    0        0     9.0    12.0
    1        1    11.0    30.0

    Args:
        curves: one a lane.
        index: what a step is, the name of the first column.
        first: its first number.
    """
    table = pd.DataFrame(
        curves, columns=pd.Index([f"lane_{lane}" for lane in range(curves.shape[1])])
    )
    table.insert(0, index, np.arange(first, first + len(curves)))
    return table


def quantiles(curves: NDArray, index: str, first: int = 0) -> pd.DataFrame:
    """Return mean, median and 10% and 90% quantiles over lanes of curves [K, L], but for NaN."""
    seen = ~np.isnan(curves).all(axis=1)
    table = pd.DataFrame({index: np.arange(first, first + len(curves))[seen]})
    table["mean"] = np.nanmean(curves[seen], axis=1)
    for name, share in QUANTILES.items():
        table[name] = np.nanquantile(curves[seen], share, axis=1)
    return table


def first_at(returns: NDArray, level: float) -> Array:
    """Return the number, from 0, of each lane's first return of at least `level` [L], or NaN."""
    reached = returns >= level
    return np.where(reached.any(axis=0), reached.argmax(axis=0), np.nan)


def steps_to(returns: NDArray, steps: NDArray, target: float, window: int) -> Array:
    """Return the environment steps until each lane's mean return passes a target [L], or NaN.

    Args:
        returns: mean return of an iteration's episodes [K, L].
        steps: environment steps of an iteration [K, L].
        target: the return to pass.
        window: iterations that the mean is taken over; before there are as many, none passes.
    """
    totals = np.cumsum(np.pad(returns.astype(float), ((1, 0), (0, 0))), axis=0)
    means = (totals[window:] - totals[:-window]) / window  # [K - window + 1, L]
    first = first_at(means, target)
    used = np.cumsum(steps.astype(float), axis=0)
    last = np.where(np.isnan(first), 0, first).astype(int) + window - 1
    return np.where(np.isnan(first), np.nan, used[last, np.arange(returns.shape[1])])


def falls(returns: NDArray, top: float) -> NDArray[np.int64]:
    """Return how often each lane fell [L]: by half of `top`, having reached it since last.

    >>> falls(np.array([[200], [90], [120], [200], [200]]), top=200).tolist()
    [1]

    Args:
        returns: of episodes in the order they were played [K, L].
        top: the most that an episode can bring.
    """
    holds = np.zeros(returns.shape[1], bool)
    count = np.zeros(returns.shape[1], np.int64)
    for row in returns:
        fell = holds & (row < top - abs(top) / 2)
        count += fell
        holds = (holds | (row >= top)) & ~fell
    return count


def course(
    returns: NDArray,
    steps: NDArray,
    played: Mapping[str, NDArray],
    limits: Sequence[int],
    top: float,
) -> pd.DataFrame:
    """Return one row a lane: the course of its training by episodes, and its evaluations.

    Args:
        returns: of training episodes [K, L].
        steps: environment steps played so far [K, L].
        played: by the way of playing, returns of evaluation episodes [limits, E, L].
        limits: the time limits of the evaluation.
        top: the most that a training episode can bring, or what solves the task.
    """
    samples = pd.DataFrame({"lane": range(returns.shape[1])})
    samples["last_return"] = tail_mean(returns, LAST_EPISODES)
    samples["first_at_cap"] = first_at(returns, top)
    samples["falls"] = falls(returns, top)
    samples["environment_steps"] = steps[-1]
    return samples.join(evaluated(played, limits))


def trained(samples: pd.DataFrame) -> dict[str, dict | None]:
    """Return what a table made by `course` says of the trainings, for metrics.json."""
    reached = samples["first_at_cap"].dropna()
    return {
        "last_return": statistics.summary(samples["last_return"]),
        "reached_cap": statistics.wilson_interval(len(reached), len(samples))._asdict(),
        "first_at_cap": statistics.summary(reached) if len(reached) > 1 else None,
        "falls": statistics.summary(samples["falls"]),
        "environment_steps": statistics.summary(samples["environment_steps"]),
    }


def evaluated(played: Mapping[str, NDArray], limits: Sequence[int]) -> pd.DataFrame:
    """Return each lane's mean evaluation return: a row a lane, a column for each way and limit.

    Args:
        played: by the way of playing, such as "greedy", returns [limits, E, L].
        limits: the time limits.
    """
    return pd.DataFrame(
        {
            f"{how}_{limit}": episodes.mean(axis=0)
            for how, returns in played.items()
            for limit, episodes in zip(limits, returns, strict=True)
        }
    )


def evaluation(
    returns: NDArray,
    limits: Sequence[int],
    solved_share: float,
    solved_return: float | None = None,
) -> dict[str, dict]:
    """Return how good policies are under each time limit; the unit is a lane.

    Args:
        returns: of evaluation episodes [len(limits), E, L].
        limits: the time limits, which are also the most that an episode can bring if 1 is paid a
            step.
        solved_share: then a lane has solved the task if its mean return is at least this share of
            the limit.
        solved_return: the mean return that solves any other task.
    """
    results = {}
    for limit, episodes in zip(limits, returns, strict=True):
        lanes = episodes.mean(axis=0)
        level = solved_share * limit if solved_return is None else solved_return
        solved = statistics.wilson_interval(int((lanes >= level).sum()), len(lanes))
        results[f"limit_{limit}"] = statistics.summary(lanes) | {
            "solved": solved.estimate, "solved_low": solved.low, "solved_high": solved.high,
        }  # fmt: skip
    return results


def median_lane(values: Array) -> int:
    """Return the lane whose value is nearest to the median of all [L], the first among equals.

    >>> median_lane(np.array([200.0, 120.0, 35.0]))
    1
    """
    return int(np.abs(values - np.median(values)).argmin())


def side_by_side(curves: Sequence[NDArray]) -> Array:
    """Return the curves of several packs [K, L] as those of one; shorter ones end in NaN."""
    length = max(len(pack) for pack in curves)
    padded = [
        np.pad(pack.astype(float), ((0, length - len(pack)), (0, 0)), constant_values=np.nan)
        for pack in curves
    ]
    return np.concatenate(padded, axis=1)


def tail_mean(returns: NDArray, count: int) -> Array:
    """Return the mean of each lane's last returns [L]; a round without one does not count."""
    return np.array([lane[~np.isnan(lane)][-count:].mean() for lane in returns.T])
