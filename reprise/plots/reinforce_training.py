"""Figures of a training by REINFORCE over seeds; lunar_lander shows them too."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprise.measures import training
from reprise.plots import figures, panels, style
from reprise.plots.show import Results
from reprise.stats import intervals

SHOWN = 6  # single seeds


def learning_curves(results: Results) -> Figure:
    """Draw the mean return of each iteration, actions still sampled."""
    return figures.learning_curves(
        results.table("returns", "iteration"), x_label="iteration",
        y_label="mean return of the iteration", title="Training returns", level=top(results),
    )  # fmt: skip


def training_ends(results: Results) -> Figure:
    """Draw the mean return of the last iterations."""
    returns = results.table("returns")
    last = min(training.LAST_ITERATIONS, len(returns))
    return _distribution(
        results, results.table("samples")["last_return"],
        x_label=f"mean return of the last {last} iterations", title="The ends of training",
        level=top(results),
    )  # fmt: skip


def single_seeds(results: Results) -> Figure:
    """Draw some seeds, evenly spaced from the best to the worst end of training."""
    order = results.table("samples").sort_values("last_return", ascending=False, kind="stable")
    ranks = np.unique(np.linspace(0, len(order) - 1, SHOWN).round().astype(int))
    chosen = {f"rank {r + 1} of {len(order)}": f"seed_{order['seed'].iloc[r]}" for r in ranks}
    return panels.one_by_one(
        results.table("returns", "iteration"), chosen, top=top(results).value,
        x_label="iteration", y_label="mean return",
    )  # fmt: skip


def greedy_returns(results: Results) -> Figure:
    """Draw the greedy return of each final policy under the first limit."""
    limit = results.limits[0]
    return _distribution(
        results, results.table("samples")[f"greedy_{limit}"], level=None,
        x_label=f"mean return of {results.params['evaluation']['episodes']} greedy episodes",
        title=f"The final policies, greedy, under {limit} steps",
    )  # fmt: skip


def sampled_against_greedy(results: Results) -> Figure:
    """Draw each seed's greedy return against its sampled one."""
    samples = results.table("samples")
    return panels.paired(
        {
            f"under {k} steps": (samples[f"sampled_{k}"], samples[f"greedy_{k}"])
            for k in results.limits
        },
        x_name="sampled", y_name="greedy", unit="return",
    )  # fmt: skip


def final_policies(results: Results) -> Figure:
    """Draw the final policies, sampled and greedy, under each limit."""
    samples = results.table("samples")
    rows = {
        f"{way}, {k} steps": samples[f"{way}_{k}"].to_numpy(float)
        for k in results.limits
        for way in ("sampled", "greedy")
    }
    return figures.compare_policies(
        {name: intervals.known_mean(row, results.confidence) for name, row in rows.items()},
        samples=rows, x_label="return", title="The final policies, sampled and greedy",
        statistic=f"mean over seeds with its {results.confidence:.0%} interval; "
        "faint dots: each seed",
    )  # fmt: skip


def steps_played(results: Results) -> Figure:
    """Draw the environment steps that a training needs."""
    return _distribution(
        results, results.table("samples")["environment_steps"] / 1000, level=None,
        x_label="environment steps of a training (thousands)", title="Steps played",
    )  # fmt: skip


def top(results: Results) -> figures.Label:
    """Return the highest return of an episode, or the return that solves the task."""
    cap = results.metrics.get("cap", results.params["environment"]["solved_return"])
    highest = cap == results.params["maximum_steps"]
    return figures.Label(cap, "maximum" if highest else "solved", style.GREY)


def _distribution(
    results: Results, sample: pd.Series, *, x_label: str, title: str, level: figures.Label | None
) -> Figure:
    values = sample.to_numpy(float)
    known = [*values[np.isfinite(values)], *([] if level is None else [level.value])] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    return figures.distribution(
        values, intervals.known_mean(values, results.confidence),
        bins=list(np.linspace(low, high if high > low else low + 1, 41)), x_label=x_label,
        title=title, confidence=f"{results.confidence:.0%}", level=level,
    )  # fmt: skip
