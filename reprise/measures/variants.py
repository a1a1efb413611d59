"""Variants of an experiment, each compared with a baseline.

A sample has a row for each variant and seed. NaN stands for a time that was never reached, which is
later than any other, or for the return of a diverged seed, which is below any other. Means ignore
NaN.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.hyperparameters import Evaluation
from reprise.measures import training
from reprise.measures.training_run import TrainingRun
from reprise.stats import improvement, intervals, words
from reprise.stats.intervals import Array

SHOWN = 32  # seeds of a variant in returns.csv, which must stay small


def results(
    trained: Mapping[str, TrainingRun],
    evaluation: Evaluation,
    baseline: str,
    solved_return: float | None = None,
) -> dict[str, Any]:
    """Return metrics and tables of variants of REINFORCE, by file.

    Variants are compared under the first time limit.
    """
    samples, metrics = {}, {}
    for name, run in trained.items():
        samples[name] = table = training.by_iterations(run, evaluation.limits)
        metrics[name] = {
            "last_return": intervals.summary(table["last_return"]),
            "environment_steps": intervals.summary(table["environment_steps"]),
            **training.evaluations(run, evaluation, solved_return),
        }
    every = stacked(samples)
    against = comparisons(every, f"greedy_{evaluation.limits[0]}", baseline)
    return {
        "metrics.json": {"variants": metrics, f"against_{baseline}": against},
        "samples.csv": every,
        **curves(trained, "iteration", first=1),
    }


def curves(trained: Mapping[str, TrainingRun], index: str, first: int = 0) -> dict[str, Any]:
    """Make tables of returns: some seeds, and quantiles over all."""

    def table(of: Callable, seeds: int | None = None) -> pd.DataFrame:
        found = {name: run.returns[:, :seeds] for name, run in trained.items()}
        return stacked({name: of(returns, index, first) for name, returns in found.items()})

    return {
        "returns.csv": table(training.by_seed, SHOWN),
        "learning_curve.csv": table(training.quantiles),
    }


def curves_by_steps(
    trained: Mapping[str, TrainingRun], points: NDArray, windows: Mapping[str, int]
) -> dict[str, Any]:
    """Make tables of mean last returns at environment steps [G].

    `windows` holds the number of last returns in a mean, by variant.
    """
    seeds, quantiles = {}, {}
    for name, run in trained.items():
        curves = training.by_steps(run, points, windows[name])
        seeds[name] = training.by_seed(curves[:, :SHOWN], "steps").assign(steps=points)
        table = training.quantiles(curves, "steps").set_index("steps")
        table = table.reindex(range(len(points)))  # NaN before an episode has ended
        quantiles[name] = table.set_axis(pd.Index(points, name="steps")).reset_index()
    return {"returns.csv": stacked(seeds), "learning_curve.csv": stacked(quantiles)}


def stacked(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Stack tables; the first column names the variant."""
    return pd.concat(tables, names=["variant"]).reset_index("variant").reset_index(drop=True)


def comparisons(samples: pd.DataFrame, column: str, baseline: str) -> dict[str, dict[str, dict]]:
    """Compare variants with the baseline; more is better.

    The difference of means is over the `n` seeds with a number. The probability of improvement is
    over all seeds: a seed without a number is below any other.
    """
    found = {}
    for name, each in _compared(samples, samples[column], baseline).items():
        difference, chance = each.difference.entry(), each.chance.entry()
        found[name] = {"difference": difference, "probability_of_improvement": chance}
    return found


def sooner(samples: pd.DataFrame, column: str, baseline: str) -> dict[str, dict]:
    """Return variants' probabilities of a time sooner than the baseline's."""
    found = _compared(samples, improvement.soonest(pd.Series(samples[column])), baseline)
    return {name: each.chance.entry() for name, each in found.items()}


def _compared(
    samples: pd.DataFrame, values: Any, baseline: str
) -> dict[str, improvement.Comparison]:
    by_variant = values.groupby(samples["variant"], sort=False)
    groups = {str(name): group.to_numpy(float) for name, group in by_variant}
    return improvement.compared(groups, baseline, intervals.CONFIDENCE)


def reached(times: Array) -> dict[str, Any]:
    """Return the share that arrived, and the median time."""
    share = intervals.share_interval(int((~np.isnan(times)).sum()), len(times))
    median = float(np.median(np.where(np.isnan(times), np.inf, times)))
    return {"share": share.entry(), "median": median if np.isfinite(median) else None}


def in_words(name: str) -> str:
    """Write a name in words, such as learning rate 0.03."""
    return re.sub(r"\b0 (?=\d)", "0.", name.replace("_", " "))


def headline(results: Mapping[str, Any], how: str = "greedy", of: str = "variants") -> str:
    """Write the mean return of each variant in one line."""
    metrics = results["metrics.json"][of]
    said = [
        f"{words.number(first['mean']['estimate'], none='none')} ({in_words(name)})"
        for name, first in _firsts(metrics, how)
    ]
    return f"mean greedy return {', '.join(said)}{diverged(metrics, how)}"


def diverged(metrics: Mapping[str, dict], how: str = "greedy") -> str:
    """Write the end of a headline: each variant's diverged seeds."""
    lost = [
        f"{first['missing']} of {first['solved']['n']} ({in_words(name)})"
        for name, first in _firsts(metrics, how)
        if first.get("missing")
    ]
    return f"; diverged seeds: {', '.join(lost)}" if lost else ""


def _firsts(metrics: Mapping[str, dict], how: str) -> list[tuple[str, dict]]:
    """List the evaluation of each variant under the first limit."""
    return [(name, next(iter(each[how].values()))) for name, each in metrics.items()]
