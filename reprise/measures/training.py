"""Measures of training runs: curves, first successes, falls and evaluations.

Shapes: K episodes or iterations, N seeds, E evaluation episodes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.measures.training_run import TrainingRun
from reprise.stats import intervals
from reprise.stats.intervals import known

LAST_ITERATIONS = 10  # the end of a training by iterations
LAST_EPISODES = 50  # the end of a training by episodes
QUANTILES = {"low": 0.1, "median": 0.5, "high": 0.9}

Array = NDArray[np.float64]


def by_seed(curves: NDArray, index: str, first: int = 0) -> pd.DataFrame:
    """Return curves [K, N] as a table: a row for each step, a column for each seed.

    >>> by_seed(np.array([[9.0, 12.0], [11.0, 30.0]]), "episode")
       episode  seed_0  seed_1
    0        0     9.0    12.0
    1        1    11.0    30.0

    Args:
        curves: one for each seed.
        index: the name of the first column, such as `episode`.
        first: its first number.
    """
    table = pd.DataFrame(
        curves, columns=pd.Index([f"seed_{seed}" for seed in range(curves.shape[1])])
    )
    table.insert(0, index, np.arange(first, first + len(curves)))
    return table


def quantiles(curves: NDArray, index: str, first: int = 0) -> pd.DataFrame:
    """Return mean, median and 10% and 90% quantiles over seeds of curves [K, N].

    NaN is ignored; a step at which all seeds are NaN has no row.
    """
    seen = ~np.isnan(curves).all(axis=1)
    table = pd.DataFrame({index: np.arange(first, first + len(curves))[seen]})
    table["mean"] = np.nanmean(curves[seen], axis=1)
    for name, share in QUANTILES.items():
        table[name] = np.nanquantile(curves[seen], share, axis=1)
    return table


def first_at(returns: NDArray, level: float) -> Array:
    """Return the index of each seed's first return of at least `level` [N], or NaN."""
    reached = returns >= level
    return np.where(reached.any(axis=0), reached.argmax(axis=0), np.nan)


def steps_to(returns: NDArray, steps: NDArray, target: float, window: int) -> Array:
    """Return the environment steps until each seed's mean return reaches a target [N], or NaN.

    Args:
        returns: mean return of an iteration's episodes [K, N].
        steps: environment steps so far [K, N].
        target: the return to reach.
        window: iterations in a mean; nothing counts before there are so many.
    """
    totals = np.cumsum(np.pad(returns.astype(float), ((1, 0), (0, 0))), axis=0)
    means = (totals[window:] - totals[:-window]) / window  # [K - window + 1, N]
    first = first_at(means, target)
    last = np.where(np.isnan(first), 0, first).astype(int) + window - 1
    return np.where(np.isnan(first), np.nan, steps[last, np.arange(returns.shape[1])])


def falls(returns: NDArray, top: float) -> NDArray[np.int64]:
    """Count each seed's falls [N]: after reaching `top`, a return below half of it.

    >>> falls(np.array([[200], [90], [120], [200], [200]]), top=200).tolist()
    [1]

    Args:
        returns: of episodes in order [K, N].
        top: the highest possible return of an episode.
    """
    holds = np.zeros(returns.shape[1], bool)
    count = np.zeros(returns.shape[1], np.int64)
    for row in returns:
        fell = holds & (row < top - abs(top) / 2)
        count += fell
        holds = (holds | (row >= top)) & ~fell
    return count


def by_iterations(run: TrainingRun, limits: Sequence[int]) -> pd.DataFrame:
    """Return a row for each seed of a training by iterations, with its evaluations.

    Args:
        run: of N seeds.
        limits: the time limits of the evaluations.
    """
    samples = pd.DataFrame({"seed": range(run.returns.shape[1])})
    samples["last_return"] = run.returns[-LAST_ITERATIONS:].mean(axis=0)
    samples["environment_steps"] = run.steps[-1]
    return samples.join(evaluated(run.evaluations, limits))


def course(run: TrainingRun, limits: Sequence[int], top: float) -> pd.DataFrame:
    """Return a row for each seed of a training by episodes, with its evaluations.

    Args:
        run: of N seeds.
        limits: the time limits of the evaluations.
        top: the highest possible return of a training episode, or the return that solves the task.
    """
    samples = pd.DataFrame({"seed": range(run.returns.shape[1])})
    samples["last_return"] = tail_mean(run.returns, LAST_EPISODES)
    samples["first_at_cap"] = first_at(run.returns, top)
    samples["falls"] = falls(run.returns, top)
    samples["environment_steps"] = run.steps[-1]
    return samples.join(evaluated(run.evaluations, limits))


def trained(samples: pd.DataFrame, top: float) -> dict[str, Any]:
    """Summarise a table made by `course`, for metrics.json.

    Args:
        samples: the table.
        top: as in `course`.
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
    """Return each seed's mean evaluation return, NaN for a seed without a policy.

    A row is a seed, a column a way of playing under a time limit.

    Args:
        played: returns [limits, E, N] by the way of playing, such as "greedy".
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

    A diverged seed has no policy. The mean and the quantiles are over the `n` seeds
    that have one, which flatters the training; `missing` counts the others. The share of seeds that
    solve the task is of all seeds: a seed without a policy does not solve it.

    Args:
        returns: of evaluation episodes [len(limits), E, N], NaN for seeds without a policy.
        limits: the time limits.
        solved_share: as in `solved_from`.
        solved_return: as in `solved_from`.
    """
    results = {}
    for limit, episodes in zip(limits, returns, strict=True):
        seeds = episodes.mean(axis=0)
        level = solved_from(limit, solved_share, solved_return)
        results[f"limit_{limit}"] = {
            **intervals.summary(seeds),
            "missing": int(np.isnan(seeds).sum()),
            "solved_from": level,
            **solved(seeds, level),
        }
    return results


def solved_from(limit: int, solved_share: float, solved_return: float | None = None) -> float:
    """Return the lowest mean return of a seed that solves the task.

    Args:
        limit: the time limit; with a reward of 1 for each step also the highest possible return.
        solved_share: the share of the limit that solves such a task.
        solved_return: the return that solves any other task.
    """
    return solved_share * limit if solved_return is None else solved_return


def solved(seeds: Array, level: float) -> dict[str, float]:
    """Return the share of seeds that solve the task, with its interval.

    Args:
        seeds: mean return of each [N], NaN without a policy.
        level: from `solved_from`.
    """
    share = intervals.wilson_interval(int((seeds >= level).sum()), len(seeds))
    return share.columns("solved")


def median_seed(values: Array) -> int | None:
    """Return the seed with the value nearest to the median [N], the first among equals.

    NaN is ignored; if all values are NaN, there is no median seed.

    >>> median_seed(np.array([200.0, 120.0, 35.0]))
    1
    """
    if np.isnan(values).all():
        return None
    return int(np.nanargmin(np.abs(values - np.nanmedian(values))))


def tail_mean(returns: NDArray, count: int) -> Array:
    """Return the mean of each seed's last returns [N], NaN for a seed without any.

    A round without a return, NaN, does not count.
    """
    tails = [known(seed)[-count:] for seed in returns.T]
    return np.array([tail.mean() if len(tail) else np.nan for tail in tails])


def so_far(returns: Sequence[NDArray], choose: Callable = np.mean) -> str:
    """Return the mean, or the highest, of several packs' means in words; NaN is ignored."""
    packs = [pack[~np.isnan(pack)] for pack in returns]
    means = [pack.mean() for pack in packs if len(pack)]
    return in_words(float(choose(means)) if means else None)


def in_words(value: float | None) -> str:
    """Return a return in words: `none` for NaN, and for the null of a JSON file."""
    return "none" if value is None or np.isnan(value) else f"{value:.1f}"


def mean_in_words(found: Mapping[str, float | None]) -> str:
    """Return a summary's mean and interval in words; a single value has no interval."""
    low, high = found["mean_low"], found["mean_high"]
    bounds = f" [{in_words(low)}, {in_words(high)}]" if (found["n"] or 0) > 1 else ""
    return f"{in_words(found['mean'])}{bounds}"


def headline(found: Mapping[str, float | None]) -> str:
    """Return one time limit's results of `evaluation` in words.

    >>> headline(evaluation(np.array([[[9.0, 20.0, np.nan]]]), [20], 0.975)["limit_20"])
    '14.5 [-55.4, 84.4], solved by 33% of 3 seeds, 1 of which diverged'

    Args:
        found: the results, or their copy read from metrics.json.
    """
    n, missing = found["n"] or 0, found.get("missing") or 0
    lost = f", {missing:.0f} of which diverged" if missing else ""
    solved_by = f"solved by {found['solved']:.0%} of {n + missing:.0f} seeds"
    return f"{mean_in_words(found)}, {solved_by}{lost}"
