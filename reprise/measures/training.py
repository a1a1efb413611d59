"""What trainings over seeds are judged by: curves, first successes, falls, and evaluations.

Shapes: K episodes or iterations, N seeds, E evaluation episodes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reprise.stats import intervals

LAST_ITERATIONS = 10  # they stand for the end of a training by iterations
LAST_EPISODES = 50  # they stand for the end of one by episodes
QUANTILES = {"low": 0.1, "median": 0.5, "high": 0.9}

Array = NDArray[np.float64]


def by_seed(curves: NDArray, index: str, first: int = 0) -> pd.DataFrame:
    """Return curves [K, N] as a table: a row a step, a column a seed.

    >>> by_seed(np.array([[9.0, 12.0], [11.0, 30.0]]), "episode")
       episode  seed_0  seed_1
    0        0     9.0    12.0
    1        1    11.0    30.0

    Args:
        curves: one a seed.
        index: what a step is, the name of the first column.
        first: its first number.
    """
    table = pd.DataFrame(
        curves, columns=pd.Index([f"seed_{seed}" for seed in range(curves.shape[1])])
    )
    table.insert(0, index, np.arange(first, first + len(curves)))
    return table


def quantiles(curves: NDArray, index: str, first: int = 0) -> pd.DataFrame:
    """Return mean, median and 10% and 90% quantiles over seeds of curves [K, N], but for NaN.

    A step is left out where all seeds are NaN.
    """
    seen = ~np.isnan(curves).all(axis=1)
    table = pd.DataFrame({index: np.arange(first, first + len(curves))[seen]})
    table["mean"] = np.nanmean(curves[seen], axis=1)
    for name, share in QUANTILES.items():
        table[name] = np.nanquantile(curves[seen], share, axis=1)
    return table


def first_at(returns: NDArray, level: float) -> Array:
    """Return the number, from 0, of each seed's first return of at least `level` [N], or NaN."""
    reached = returns >= level
    return np.where(reached.any(axis=0), reached.argmax(axis=0), np.nan)


def steps_to(returns: NDArray, steps: NDArray, target: float, window: int) -> Array:
    """Return the environment steps until each seed's mean return passes a target [N], or NaN.

    Args:
        returns: mean return of an iteration's episodes [K, N].
        steps: environment steps so far [K, N].
        target: the return to pass.
        window: iterations that the mean is taken over; before there are as many, none passes.
    """
    totals = np.cumsum(np.pad(returns.astype(float), ((1, 0), (0, 0))), axis=0)
    means = (totals[window:] - totals[:-window]) / window  # [K - window + 1, N]
    first = first_at(means, target)
    last = np.where(np.isnan(first), 0, first).astype(int) + window - 1
    return np.where(np.isnan(first), np.nan, steps[last, np.arange(returns.shape[1])])


def falls(returns: NDArray, top: float) -> NDArray[np.int64]:
    """Return how often each seed fell [N]: by half of `top`, having reached it since last.

    >>> falls(np.array([[200], [90], [120], [200], [200]]), top=200).tolist()
    [1]

    Args:
        returns: of episodes in the order they were played [K, N].
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
    """Return one row a seed: the course of its training by episodes, and its evaluations.

    Args:
        returns: of training episodes [K, N].
        steps: environment steps played so far [K, N].
        played: by the way of playing, returns of evaluation episodes [limits, E, N].
        limits: the time limits of the evaluation.
        top: the most that a training episode can bring, or what solves the task.
    """
    samples = pd.DataFrame({"seed": range(returns.shape[1])})
    samples["last_return"] = tail_mean(returns, LAST_EPISODES)
    samples["first_at_cap"] = first_at(returns, top)
    samples["falls"] = falls(returns, top)
    samples["environment_steps"] = steps[-1]
    return samples.join(evaluated(played, limits))


def trained(samples: pd.DataFrame, top: float) -> dict[str, Any]:
    """Return what a table made by `course` says of the trainings, for metrics.json.

    Args:
        samples: the table.
        top: as `course` takes it.
    """
    reached = samples["first_at_cap"].dropna()
    return {
        "cap": top,
        "last_return": intervals.summary(samples["last_return"]),
        "reached_cap": intervals.wilson_interval(len(reached), len(samples))._asdict(),
        "first_at_cap": intervals.summary(reached) if len(reached) > 1 else None,
        "falls": intervals.summary(samples["falls"]),
        "environment_steps": intervals.summary(samples["environment_steps"]),
    }


def evaluated(played: Mapping[str, NDArray], limits: Sequence[int]) -> pd.DataFrame:
    """Return each seed's mean evaluation return: a row a seed, a column for each way and limit.

    It is NaN in a seed that has no policy.

    Args:
        played: by the way of playing, such as "greedy", returns [limits, E, N].
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
    """Return how good policies are under each time limit; the unit is a seed.

    A seed whose training diverged has no policy. The mean and its like are over the `n` seeds that
    have one, which flatters the training; `missing` says how many have none. The share that has
    solved the task is of all seeds: one without a policy has not.

    Args:
        returns: of evaluation episodes [len(limits), E, N], NaN in seeds without a policy.
        limits: the time limits.
        solved_share: as `solved_from` takes it.
        solved_return: likewise.
    """
    results = {}
    for limit, episodes in zip(limits, returns, strict=True):
        seeds = episodes.mean(axis=0)
        level = solved_from(limit, solved_share, solved_return)
        share = solved(seeds, level)
        results[f"limit_{limit}"] = intervals.summary(seeds) | {
            "missing": int(np.isnan(seeds).sum()), "solved_from": level,
            "solved": share.estimate, "solved_low": share.low, "solved_high": share.high,
        }  # fmt: skip
    return results


def solved_from(limit: int, solved_share: float, solved_return: float | None = None) -> float:
    """Return the mean return from which on a seed has solved the task.

    Args:
        limit: the time limit, which is also the most that an episode can bring if 1 is paid a step.
        solved_share: then it is this share of the limit.
        solved_return: what it is in any other task.
    """
    return solved_share * limit if solved_return is None else solved_return


def solved(seeds: Array, level: float) -> intervals.Interval:
    """Return the share of seeds that have solved the task; one without a policy has not.

    Args:
        seeds: mean return of each [N], NaN without a policy.
        level: as `solved_from` gives it.
    """
    return intervals.wilson_interval(int((seeds >= level).sum()), len(seeds))


def median_seed(values: Array) -> int | None:
    """Return the seed whose value is nearest to the median of all [N], the first among equals.

    NaN is left out; where there is nothing else, no seed is the median.

    >>> median_seed(np.array([200.0, 120.0, 35.0]))
    1
    """
    if np.isnan(values).all():
        return None
    return int(np.nanargmin(np.abs(values - np.nanmedian(values))))


def tail_mean(returns: NDArray, count: int) -> Array:
    """Return the mean of each seed's last returns [N]; a round without one does not count.

    It is NaN in a seed that has no return at all.
    """
    tails = [known(seed)[-count:] for seed in returns.T]
    return np.array([tail.mean() if len(tail) else np.nan for tail in tails])


def known(values: ArrayLike) -> NDArray:
    """Return those of some values that are not NaN, in one row."""
    array = np.asarray(values)
    return array[~np.isnan(array)]


def mean_so_far(returns: Sequence[NDArray]) -> str:
    """Return the mean of several packs' means in words, of the seeds that have a policy."""
    means = [values.mean() for pack in returns if len(values := known(pack))]
    return in_words(float(np.mean(means)) if means else None)


def in_words(value: float | None) -> str:
    """Return a return in words; NaN, and null as JSON has it, are none."""
    return "none" if value is None or np.isnan(value) else f"{value:.1f}"


def mean_in_words(found: Mapping[str, float | None]) -> str:
    """Return a summary's mean and its interval in words; one value has no interval."""
    low, high = found["mean_low"], found["mean_high"]
    bounds = f" [{in_words(low)}, {in_words(high)}]" if (found["n"] or 0) > 1 else ""
    return f"{in_words(found['mean'])}{bounds}"


def headline(found: Mapping[str, float | None]) -> str:
    """Return in words what `evaluation` says of a time limit.

    >>> headline(evaluation(np.array([[[9.0, 20.0, np.nan]]]), [20], 0.975)["limit_20"])
    '14.5 [-55.4, 84.4], solved by 33% of 3 seeds, 1 of which diverged'

    Args:
        found: a time limit's, or its copy read from metrics.json.
    """
    n, missing = found["n"] or 0, found.get("missing") or 0
    lost = f", {missing:.0f} of which diverged" if missing else ""
    solved_by = f"solved by {found['solved']:.0%} of {n + missing:.0f} seeds"
    return f"{mean_in_words(found)}, {solved_by}{lost}"
