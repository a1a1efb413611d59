"""What the variants of an experiment say beside each other: one table, and each against a baseline.

A sample has a row for each variant and seed. A seed that never got somewhere has no number there:
it counts as later than any that did. A seed whose training diverged has no return: whoever has one
is better, and means are over those that have one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.hyperparameters import Evaluation
from reprise.measures import training
from reprise.measures.training_run import TrainingRun
from reprise.stats import intervals


def tables(trained: Mapping[str, TrainingRun], limits: Sequence[int]) -> dict[str, pd.DataFrame]:
    """Return the variants' samples, returns and learning curves, each a table of all variants.

    Args:
        trained: by name of the variant.
        limits: the time limits of the evaluation.
    """
    samples, returns, curves = {}, {}, {}
    for name, trial in trained.items():
        samples[name] = training.evaluated({"greedy": trial.evaluations["greedy"]}, limits)
        samples[name].insert(0, "seed", range(len(samples[name])))
        last = trial.returns[-training.LAST_ITERATIONS :]
        samples[name].insert(1, "last_return", last.mean(axis=0))
        samples[name].insert(2, "environment_steps", trial.steps[-1])
        returns[name] = training.by_seed(trial.returns, "iteration", first=1)
        curves[name] = training.quantiles(trial.returns, "iteration", first=1)
    return {
        "samples.csv": stacked(samples),
        "returns.csv": stacked(returns),
        "learning_curve.csv": stacked(curves),
    }


def summaries(
    trained: Mapping[str, TrainingRun],
    samples: pd.DataFrame,
    limits: Sequence[int],
    solved_share: float,
    solved_return: float | None = None,
) -> dict[str, dict]:
    """Return how each variant's trainings end and how good its policies are.

    Args:
        trained: by name of the variant.
        samples: as `tables` gives them.
        limits: the time limits of the evaluation.
        solved_share: as `training.evaluation` takes it.
        solved_return: likewise.
    """
    return {
        str(name): {
            "last_return": intervals.summary(group["last_return"]),
            "environment_steps": intervals.summary(group["environment_steps"]),
            "diverged": int(np.isnan(trained[str(name)].evaluations["greedy"][0, 0]).sum()),
            "greedy": training.evaluation(
                trained[str(name)].evaluations["greedy"], limits, solved_share, solved_return
            ),
        }
        for name, group in samples.groupby("variant", sort=False)
    }


def stacked(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the variants' tables below each other, the variant's name in the first column."""
    named = [table.copy() for table in tables.values()]
    for name, table in zip(tables, named, strict=True):
        table.insert(0, "variant", name)
    return pd.concat(named, ignore_index=True)


def comparisons(
    samples: pd.DataFrame, column: str, baseline: str, *, seed: intervals.Seed
) -> dict[str, dict[str, dict]]:
    """Return for each variant but the baseline how a quantity differs from the baseline's.

    The difference of the means is of seeds that have a number, `n` in all, and NaN where a variant
    has fewer than two. The probability of improvement is of all seeds: none is below any number.

    Args:
        samples: with the columns variant, seed and the quantity's, NaN for none.
        column: the quantity, the more the better.
        baseline: the variant that the others are compared with.
        seed: of the bootstraps.
    """
    ranked = samples.assign(rank=samples[column].rank(na_option="top"))
    groups = {str(name): group for name, group in ranked.groupby("variant", sort=False)}
    known = {name: training.known(group[column]) for name, group in groups.items()}
    return {
        name: {
            "difference": _difference(known[name], known[baseline])._asdict(),
            "probability_of_improvement": intervals.probability_of_improvement(
                group["rank"], groups[baseline]["rank"], seed=seed
            )._asdict(),
        }
        for name, group in groups.items()
        if name != baseline
    }


def _difference(a: NDArray, b: NDArray) -> intervals.Interval:
    if min(len(a), len(b)) < 2:
        return intervals.Interval(np.nan, np.nan, np.nan, len(a) + len(b), degenerate=False)
    return intervals.difference_of_means(a, b)


def sooner(
    samples: pd.DataFrame, column: str, baseline: str, *, seed: intervals.Seed
) -> dict[str, dict]:
    """Return for each variant but the baseline the probability that its seeds are there sooner.

    Args:
        samples: with the columns variant, seed and that of the time it took, NaN for never.
        column: the time, the less the better.
        baseline: the variant that the others are compared with.
        seed: of the bootstraps.
    """
    times = samples[column].to_numpy(float)
    late = np.where(np.isnan(times), np.nanmax(times, initial=0) + 1, times)
    ranks = comparisons(samples.assign(soon=-late), "soon", baseline, seed=seed)
    return {name: found["probability_of_improvement"] for name, found in ranks.items()}


def reached(times: NDArray[np.float64]) -> dict[str, float | None]:
    """Return the share of seeds that got somewhere, with its interval, and the median time.

    Args:
        times: it took, NaN for never, [N]; they count as later than any other, and the median is
            None where it falls on one.
    """
    there = int((~np.isnan(times)).sum())
    share = intervals.wilson_interval(there, len(times))
    late = np.where(np.isnan(times), np.inf, times)
    median = float(np.quantile(late, 0.5, method="inverted_cdf"))
    return {
        "n": share.n, "share": share.estimate, "share_low": share.low, "share_high": share.high,
        "median": median if np.isfinite(median) else None,
    }  # fmt: skip


def results(
    trained: Mapping[str, TrainingRun],
    evaluation: Evaluation,
    baseline: str,
    seed: int,
    solved_return: float | None = None,
) -> dict[str, Any]:
    """Return what a stage says of its variants, by file: the metrics, and their tables.

    Args:
        trained: by name of the variant.
        evaluation: how the policies were played; variants are compared under its first limit.
        baseline: the variant that the others are compared with.
        seed: of the bootstraps.
        solved_return: as `training.evaluation` takes it.
    """
    found = tables(trained, evaluation.limits)
    samples = found["samples.csv"]
    return {
        "metrics.json": {
            "variants": summaries(
                trained, samples, evaluation.limits, evaluation.solved_share, solved_return
            ),
            f"against_{baseline}": comparisons(
                samples, f"greedy_{evaluation.limits[0]}", baseline, seed=seed
            ),
        },
        **found,
    }


def in_words(name: str) -> str:
    """Return a name in words, its decimals too: learning_rate_0_03 as learning rate 0.03."""
    return re.sub(r"\b0 (?=\d)", "0.", name.replace("_", " "))


def headline(found: Mapping[str, dict]) -> str:
    """Return the variants' mean greedy returns under the first limit in one line."""
    means = {name: next(iter(each["greedy"].values()))["mean"] for name, each in found.items()}
    said = ", ".join(f"{in_words(name)} {training.in_words(m)}" for name, m in means.items())
    return f"greedy return {said}{diverged(found)}"


def diverged(found: Mapping[str, dict]) -> str:
    """Return how many seeds of each variant diverged, to end a headline; nothing if none did."""
    firsts = {name: next(iter(each["greedy"].values())) for name, each in found.items()}
    lost = [
        f"{in_words(name)} {missing} of {first['n'] + missing}"
        for name, first in firsts.items()
        if (missing := first.get("missing"))
    ]
    return f"; diverged: {', '.join(lost)}" if lost else ""
