"""Figures of the stage q_learning_convergence: the way to the optimum, and when runs settle."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reprise.plots import figures, show, style
from reprise.plots.mdp_solving import pair_name
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats import intervals, words

BANDS = ((0.05, 0.95), (0.25, 0.75))  # of the columns q05 to q95
CHAPTER = 8000  # the chapter's iterations


def way_to_the_optimum(results: Results) -> Figure:
    """Draw the watched Q-value by sweeps of Q-value iteration and by iterations of Q-learning."""
    curves = results.table("curves", "iteration")
    return convergence(
        results.table("sweeps", "sweep")["q"], curves[["q05", "q25", "median", "q75", "q95"]],
        curves.filter(like="run_"), optimum=Label(results.metrics["optimum"], "optimum"),
        near=max(results.params["tolerances"]), number_of_runs=results.metrics["runs"],
        y_label=_watched(results),
    )  # fmt: skip


def settled(results: Results) -> Figure:
    """Draw the share of runs that have settled by each iteration."""
    samples = results.table("samples")
    reached = {
        f"within {100 * t:.9g}%": samples[_name(t)].to_numpy(float)
        for t in results.params["tolerances"]
    }
    return settled_share(
        reached,
        last=results.metrics["iterations"], level=Label(CHAPTER, f"the chapter: about {CHAPTER:,}"),
        x_label="iterations of Q-learning", y_label="runs that have settled",
    )  # fmt: skip


def settled_table(results: Results) -> Markdown:
    """Show the sweeps and iterations until the watched Q-value stays near its optimum."""
    rows = []
    for tolerance in results.params["tolerances"]:
        found = results.metrics[_name(tolerance)]
        by = (found["iterations"][q] for q in ("q05", "q25", "median", "q75"))
        rows.append((
            f"within {100 * tolerance:.9g}%", words.number(found["sweeps"], ",.0f"),
            *(words.number(value, ",.0f") for value in by),
            show.cell(found["never"], ".1%"), words.number(found["ratio"], ",.0f"),
            words.number(found["ratio_of_updates"], ",.0f"),
        ))  # fmt: skip
    return show.table(rows, (
        "", "sweeps of Q-value iteration", "Q-learning: one run in twenty by", "a quarter by",
        "half by", "three quarters by", "never", "iterations for a sweep", "updates for an update",
    ))  # fmt: skip


def final_values(results: Results) -> Figure:
    """Draw the watched Q-value at the end of each run."""
    recorded = results.params["recorded"]
    names = (n if n.isalnum() else repr(n) for n in (recorded["state"], recorded["action"]))
    values = results.table("samples")["_".join(["q", *names])].to_numpy()
    low = np.floor(values.min())
    high = max(np.ceil(values.max()), low + 1)
    return figures.distribution(
        values, intervals.mean_interval(values),
        bins=list(np.linspace(low, high, 4 * int(high - low) + 1)),
        x_label=f"{_watched(results)} at the end",
        level=Label(results.metrics["optimum"], "optimum"),
    )  # fmt: skip


def _watched(results: Results) -> str:
    recorded = results.params["recorded"]
    return f"Q({pair_name(recorded['state'], recorded['action'])})"


def _name(tolerance: float) -> str:
    return f"within_{100 * tolerance:.9g}_percent".replace(".", "_")


def convergence(
    sweeps: pd.Series,
    quantiles: pd.DataFrame,
    runs: pd.DataFrame,
    *,
    optimum: Label,
    near: float,
    number_of_runs: int,
    y_label: str,
    x_labels: tuple[str, str] = ("sweeps of Q-value iteration", "iterations of Q-learning"),
) -> Figure:
    """Draws a Q-value's way to its optimum by sweeps, and in many runs of Q-learning.

    Args:
        sweeps: The value by sweep, [K].
        quantiles: Over the runs, columns q05, q25, median, q75, q95, the index the iteration.
        runs: Some single runs, one a column, the same index.
        optimum: The optimal value and its name.
        near: The relative tolerance that counts as near, a zone around the optimum.
        number_of_runs: Behind the quantiles.
        y_label: Of the value.
        x_labels: Of the two panels.
    """
    figure = Figure(figsize=(style.WIDTH, 4.2))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 2])
    left.plot(sweeps.index, sweeps, "o-", color=style.VERMILION, markersize=3, linewidth=1.2)
    right.plot(runs.index, runs.to_numpy(), color=style.INK, alpha=0.22, linewidth=0.6)
    for low, high, alpha in (("q05", "q95", 0.16), ("q25", "q75", 0.3)):
        band = quantiles[low], quantiles[high]
        right.fill_between(quantiles.index, *band, color=style.BLUE, alpha=alpha, linewidth=0)
    right.plot(quantiles.index, quantiles["median"], color=style.BLUE)
    for axes, x_label in zip((left, right), x_labels, strict=True):
        axes.axhspan(
            optimum.value * (1 - near), optimum.value * (1 + near), color=style.GREEN, alpha=0.12
        )
        axes.axhline(optimum.value, **style.DASHED)
        style.finish(axes, x_label, "", "")
        axes.xaxis.set_major_formatter("{x:,.0f}")
    left.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    left.set_ylabel(y_label)
    median = Label(float(quantiles["median"].iloc[-1]), "median", style.BLUE)
    style.label_right(right, [optimum, median])
    shown = f"Grey: {runs.shape[1]} of {number_of_runs:,} runs. " if runs.shape[1] else ""
    zone = f"Green: within {100 * near:g}% of the optimum."
    bands = " and ".join(map(style.percent, BANDS))
    style.note(figure, f"{shown}Bands: {bands} of all. {zone}")
    return figure


def settled_share(
    settled: Mapping[str, NDArray[np.float64]],
    *,
    last: float,
    level: Label | None = None,
    x_label: str,
    y_label: str,
    title: str = "",
) -> Figure:
    """Draws the share of runs that have settled by each iteration, a line for each tolerance.

    Args:
        settled: Name to the iteration of each run, NaN for one that never settles, [R].
        last: The iteration at which the runs end.
        level: An iteration to compare with, and its name.
        x_label: Of the iterations.
        y_label: Of the share.
        title: What the figure shows.
    """
    figure, axes = style.single(3.6)
    labels = []
    for (name, iterations), colour in zip(settled.items(), style.CYCLE, strict=False):
        steps = np.sort(iterations[~np.isnan(iterations)])
        shares = np.arange(1, len(steps) + 1) / len(iterations)
        share = float(shares[-1]) if len(steps) else 0.0
        axes.step([0, *steps, last], [0, *shares, share], where="post", color=colour)
        labels.append(Label(share, f"{name}: {share:.1%}", colour))
    axes.set_ylim(0, 1)
    axes.set_xlim(0, last)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}%")
    style.finish(axes, x_label, y_label, title)
    style.label_right(axes, labels)
    if level is not None and level.value <= last:
        style.label_top(axes, level)
    return figure
