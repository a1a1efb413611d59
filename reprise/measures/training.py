"""Measures of training runs: curves, first successes, falls and evaluations.

Shapes: K episodes or iterations, N seeds, E evaluation episodes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.hyperparameters import Evaluation
from reprise.measures.training_run import TrainingRun
from reprise.stats import intervals, words
from reprise.stats.intervals import Array, Interval, known

LAST_ITERATIONS = 10  # the end of a training by iterations
LAST_EPISODES = 50  # the end of a training by episodes
QUANTILES = {"low": 0.1, "median": 0.5, "high": 0.9}
SHOWN = 96  # seeds in returns.csv and weights.npz, which must stay small


def curves(returns: NDArray, index: str, first: int = 0) -> dict[str, Any]:
    """Make the tables of returns [K, N], by file name."""
    return {
        "returns.csv": by_seed(returns[:, :SHOWN], index, first),
        "learning_curve.csv": quantiles(returns, index, first),
    }


def shown(weights: Sequence[NDArray]) -> list[NDArray]:
    """Keep the weights of the shown seeds [.., N]."""
    return [weight[..., :SHOWN] for weight in weights]


def by_seed(curves: NDArray, index: str, first: int = 0) -> pd.DataFrame:
    """Return curves [K, N] as a table by seed.

    >>> by_seed(np.array([[9.0, 12.0], [11.0, 30.0]]), "episode")
       episode  seed_0  seed_1
    0        0     9.0    12.0
    1        1    11.0    30.0
    """
    table = pd.DataFrame(curves).add_prefix("seed_")
    table.insert(0, index, np.arange(first, first + len(curves)))
    return table


def quantiles(curves: NDArray, index: str, first: int = 0) -> pd.DataFrame:
    """Return mean and `QUANTILES` over seeds of curves [K, N].

    NaN is ignored. A step with NaN for all seeds has no row.
    """
    seen = ~np.isnan(curves).all(axis=1)
    table = pd.DataFrame({index: np.arange(first, first + len(curves))[seen]})
    table["mean"] = np.nanmean(curves[seen], axis=1)
    for name, share in QUANTILES.items():
        table[name] = np.nanquantile(curves[seen], share, axis=1)
    return table


def first_at(returns: NDArray, level: float) -> Array:
    """Find each seed's first index at a level, or NaN."""
    reached = returns >= level
    return np.where(reached.any(axis=0), reached.argmax(axis=0), np.nan)


def lowest_after(returns: NDArray, level: float, episodes: int) -> Array:
    """Find each seed's lowest return after it reaches a level.

    Only the next `episodes` count. NaN if a seed never reaches the level, or if no episode follows.

    >>> lowest_after(np.array([[200.0], [90.0], [120.0], [20.0]]), level=200, episodes=2).tolist()
    [90.0]
    """
    following = [
        values[int(first) + 1 :][:episodes] if first >= 0 else values[:0]
        for values, first in zip(returns.T, first_at(returns, level), strict=True)
    ]
    return np.array([values.min() if len(values) else np.nan for values in following])


def steps_to(
    returns: NDArray, steps: NDArray, target: float, window: int, budget: float = np.inf
) -> Array:
    """Return seeds' steps to a target mean return, or NaN.

    Args:
        returns: Returns of episodes or iterations, NaN for none [K, N].
        steps: Environment steps so far [K, N].
        target: The mean return to reach.
        window: Returns in a mean.
        budget: Steps after which nothing counts.
    """
    found = np.full(returns.shape[1], np.nan)
    for seed, (totals, clock) in enumerate(_totals(returns, steps)):
        means, ends = (totals[window:] - totals[:-window]) / window, clock[window - 1 :]
        passed = ends[(means >= target) & (ends <= budget)]
        found[seed] = passed[0] if len(passed) else np.nan
    return found


def times(run: TrainingRun, targets: Iterable[float], window: int) -> pd.DataFrame:
    """Make a column such as `steps_to_195` for each target."""
    reached = {f"steps_to_{t}": steps_to(run.returns, run.steps, t, window) for t in targets}
    return pd.DataFrame(reached, range(run.returns.shape[1]))


def _totals(returns: NDArray, steps: NDArray) -> Iterator[tuple[Array, NDArray]]:
    # For each seed: the sum of its first 0, 1, 2, ... returns, and the steps to each return.
    for values, clock in zip(returns.T, steps.T, strict=True):
        done = ~np.isnan(values)
        yield np.concatenate([[0.0], np.cumsum(values[done].astype(float))]), clock[done]


def by_steps(run: TrainingRun, points: NDArray, window: int) -> Array:
    """Average each seed's last returns at environment steps [G, N].

    A mean covers a window of episodes, or fewer at the start. It is NaN before the first episode
    ends. After its training a seed keeps its last value.
    """
    curves = np.full((len(points), run.returns.shape[1]), np.nan)
    for curve, (totals, clock) in zip(curves.T, _totals(run.returns, run.steps), strict=True):
        finished = np.searchsorted(clock, points, side="right")
        count = np.minimum(finished, window)
        sums = totals[finished] - totals[finished - count]
        np.divide(sums, count, out=curve, where=count > 0)
    return curves


def falls(returns: NDArray, top: float) -> NDArray[np.int64]:
    """Count how often each seed falls from `top` below half.

    >>> falls(np.array([[200], [90], [120], [200], [200]]), top=200).tolist()
    [1]
    """
    holds, count = np.zeros(returns.shape[1], bool), np.zeros(returns.shape[1], np.int64)
    for row in returns:
        fell = holds & (row < top - abs(top) / 2)
        count += fell
        holds = (holds | (row >= top)) & ~fell
    return count


def by_iterations(run: TrainingRun, limits: Sequence[int]) -> pd.DataFrame:
    """Summarise each seed of a training by iterations."""
    return _samples(run, limits, run.returns[-LAST_ITERATIONS:].mean(axis=0))


def by_episodes(run: TrainingRun, limits: Sequence[int]) -> pd.DataFrame:
    """Summarise each seed of a training by episodes."""
    return _samples(run, limits, tail_mean(run.returns, LAST_EPISODES))


def _samples(run: TrainingRun, limits: Sequence[int], last: Array) -> pd.DataFrame:
    table = pd.DataFrame({"seed": range(len(last)), "last_return": last})
    table["environment_steps"] = run.steps[-1]
    return table.join(evaluated(run.evaluations, limits))


def course(run: TrainingRun, limits: Sequence[int], top: float) -> pd.DataFrame:
    """Add each seed's first success and its falls to `by_episodes`."""
    table = by_episodes(run, limits)
    table.insert(2, "first_at_cap", first_at(run.returns, top))
    table.insert(3, "falls", falls(run.returns, top))
    return table


def trained(samples: pd.DataFrame, top: float) -> dict[str, Any]:
    """Summarise a table made by `course` with the same `top`."""
    reached = samples["first_at_cap"].dropna()
    return {
        "cap": top,
        "last_return": intervals.summary(samples["last_return"]),
        "reached_cap": intervals.share_interval(len(reached), len(samples)).entry(),
        "first_at_cap": intervals.summary(reached) if len(reached) > 1 else None,
        "falls": intervals.summary(samples["falls"]),
        "environment_steps": intervals.summary(samples["environment_steps"]),
    }


def evaluated(played: Mapping[str, NDArray], limits: Sequence[int]) -> pd.DataFrame:
    """Return seeds' means, as `greedy_200`, of returns [limits, E, N]."""
    means = {}
    for how, returns in played.items():
        for limit, episodes in zip(limits, returns, strict=True):
            means[f"{how}_{limit}"] = episodes.mean(axis=0)
    return pd.DataFrame(means)


def evaluations(
    run: TrainingRun, settings: Evaluation, solved_return: float | None = None
) -> dict[str, Any]:
    """Count diverged seeds and evaluate each way of playing."""
    found: dict[str, Any] = {}
    for how, returns in run.evaluations.items():
        found.setdefault("diverged", int(np.isnan(returns[0, 0]).sum()))
        found[how] = evaluation(returns, settings, solved_return)
    return found


def evaluation(
    returns: NDArray, settings: Evaluation, solved_return: float | None = None
) -> dict[str, dict]:
    """Summarise policies under each time limit.

    Returns are [limits, E, N], NaN for a diverged seed, which has no policy. The mean covers the
    `n` seeds with a policy, which flatters the training; `missing` counts the others. The share
    that solves the task is a share of all seeds.
    """
    results = {}
    for limit, episodes in zip(settings.limits, returns, strict=True):
        seeds = episodes.mean(axis=0)
        level = solved_from(limit, settings.solved_share, solved_return)
        results[f"limit_{limit}"] = {
            **intervals.summary(seeds),
            "missing": int(np.isnan(seeds).sum()),
            "solved_from": level,
            "solved": solved(seeds, level).entry(),
        }
    return results


def solved_from(limit: int, solved_share: float, solved_return: float | None = None) -> float:
    """Return the lowest mean return that solves the task."""
    # With a reward of 1 for each step, the limit is the highest possible return.
    return solved_share * limit if solved_return is None else solved_return


def solved(seeds: Array, level: float) -> Interval:
    """Compute the share of seeds that reach a return."""
    return intervals.share_interval(int((seeds >= level).sum()), len(seeds))


def median_seed(values: Array) -> int | None:
    """Return the seed nearest the median, None without any.

    >>> median_seed(np.array([200.0, 120.0, 35.0]))
    1
    """
    if np.isnan(values).all():
        return None
    return int(np.nanargmin(np.abs(values - np.nanmedian(values))))


def tail_mean(returns: NDArray, count: int) -> Array:
    """Average each seed's last `count` returns, without NaN."""
    tails = [known(seed)[-count:] for seed in returns.T]
    return np.array([tail.mean() if len(tail) else np.nan for tail in tails])


def so_far(returns: Sequence[NDArray], choose: Callable = np.mean) -> str:
    """Return the mean or highest of packs' means in words."""
    means = [np.nanmean(pack) for pack in returns if not np.isnan(pack).all()]
    return words.number(choose(means) if means else None, none="none")


def mean_in_words(found: Mapping[str, Any]) -> str:
    """Return a summary's mean, and its interval if known."""
    ends = (found["mean"][key] for key in ("estimate", "low", "high"))
    mean, low, high = (words.number(end, none="none") for end in ends)
    return f"{mean} [{low}, {high}]" if found["mean"]["n"] > 1 else mean


def headline(found: Mapping[str, Any]) -> str:
    """Write the results of `evaluation` under the first limit.

    >>> solved = intervals.share_interval(1, 3).entry()
    >>> limit = intervals.summary([9.0, 20.0]) | {"missing": 1, "solved": solved}
    >>> headline({"limit_20": limit})
    '14.5 [-55.4, 84.4], solved by 33% of 3 seeds, 1 of which diverged'
    """
    first = next(iter(found.values()))
    share, missing = first["solved"], first["missing"]
    lost = f", {missing:.0f} of which diverged" if missing else ""
    solved_by = f"solved by {share['estimate']:.0%} of {share['n']:.0f} seeds"
    return f"{mean_in_words(first)}, {solved_by}{lost}"
