"""Figures of a training by REINFORCE over seeds; lunar_lander shows them too."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprise.measures import training
from reprise.plots import figures
from reprise.plots.show import Results
from reprise.plots.style import Label


def learning_curves(results: Results) -> Figure:
    """Draw the mean return of each iteration, actions still sampled."""
    labels = ("iteration", "mean return of the iteration", "Training returns")
    curves = results.table("returns", "iteration")
    return figures.learning_curves(curves, labels, figures.maximum(results))


def training_ends(results: Results) -> Figure:
    """Draw the mean return of the last iterations."""
    last = min(training.LAST_ITERATIONS, len(results.table("returns")))
    x_label = f"mean return of the last {last} iterations"
    sample = results.table("samples")["last_return"]
    return _distribution(results, sample, x_label, "The ends of training", figures.maximum(results))


def single_seeds(results: Results) -> Figure:
    """Draw some seeds, evenly spaced from the best to the worst end of training."""
    curves, labels = results.table("returns", "iteration"), ("iteration", "mean return")
    return figures.single_seeds(results, curves, figures.maximum(results).value, labels)


def greedy_returns(results: Results) -> Figure:
    """Draw the greedy return of each final policy under the first limit."""
    limit = results.limits[0]
    x_label = f"mean return of {results.params['evaluation']['episodes']} greedy episodes"
    title = f"The final policies, greedy, under {limit} steps"
    return _distribution(results, results.table("samples")[f"greedy_{limit}"], x_label, title)


def sampled_against_greedy(results: Results) -> Figure:
    """Draw each seed's greedy return against its sampled one."""
    table = results.table("samples")
    pairs = {
        f"under {k} steps": (table[f"sampled_{k}"], table[f"greedy_{k}"]) for k in results.limits
    }
    return figures.paired(pairs, "sampled", "greedy", "return")


def final_policies(results: Results) -> Figure:
    """Draw the final policies, sampled and greedy, under each limit."""
    ways = [(way, limit) for limit in results.limits for way in ("sampled", "greedy")]
    table = results.table("samples")
    samples = {f"{way}, {k} steps": table[f"{way}_{k}"] for way, k in ways}
    labels = ("return", "The final policies, sampled and greedy")
    note = "mean over seeds with its {} interval; faint dots: each seed"
    return figures.compare_policies(results, samples, labels, note=note)


def steps_played(results: Results) -> Figure:
    """Draw the environment steps that a training needs."""
    sample = results.table("samples")["environment_steps"] / 1000
    x_label = "environment steps of a training (thousands)"
    return _distribution(results, sample, x_label, "Steps played")


def _distribution(
    results: Results, sample: pd.Series, x_label: str, title: str, level: Label | None = None
) -> Figure:
    known = [0.0, *sample[np.isfinite(sample)], *([level.value] if level else [])]
    low, high = min(known), max(known)
    bins = np.linspace(low, high if high > low else low + 1, 41)
    return figures.distribution(results, sample, bins, (x_label, title), level)
