"""Figures of the stage q_learning_convergence."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprise.plots import style, variant_panels
from reprise.plots.mdp_solving import pair_name
from reprise.plots.show import Results
from reprise.plots.style import Label

CHAPTER = 8000  # iterations until the chapter's run has converged
FIGURE = 10_000  # iterations in the chapter's figure


def way_to_the_optimum(results: Results) -> Figure:
    """Draw the Q-value over sweeps, and over the chapter's iterations."""
    sweeps = results.table("sweeps", "sweep")["q"]
    options = {"sharex": False, "width_ratios": [1, 2]}
    figure, (left, right) = style.panels(("", ""), 2, (4.2, 0), **options)
    left.plot(sweeps.index, sweeps, "o-", color=style.VERMILION, markersize=3, linewidth=1.2)
    _optimum(left, results)
    style.finish(left, "sweeps of Q-value iteration", _watched(results), "")
    curves = results.table("curves", "iteration")
    _curves(right, curves[curves.index <= max(FIGURE, curves.index[0])], results)
    return figure


def long_way(results: Results) -> Figure:
    """Draw the Q-value over all iterations, on a logarithmic axis."""
    figure, axes = style.single(3.6)
    axes.set_xscale("log")
    _curves(axes, results.table("curves", "iteration"), results)
    axes.set_ylabel(_watched(results))
    return figure


def _curves(axes: Axes, curves: pd.DataFrame, results: Results) -> None:
    """Draw single seeds and quantiles of all."""
    seeds = curves.filter(like="seed_")
    axes.plot(seeds.index, seeds.to_numpy(), color=style.INK, alpha=0.22, linewidth=0.6)
    ends = style.curves(axes, {"median": curves}, style.NINETY)
    near = _optimum(axes, results)
    axes.set_xlabel("iterations of Q-learning")
    style.label_right(axes, [Label(results.metrics["optimum"], "optimum"), *ends])
    count, every = seeds.shape[1], results.metrics["seeds"]
    shown = f"Grey: {count} of {every:,} seeds. " if count else ""
    zone = f"Green: within {100 * near:g}% of the optimum."
    if figure := axes.get_figure(root=True):
        style.note(figure, f"{shown}Bands: 5–95% and 25–75% of all. {zone}")


def _optimum(axes: Axes, results: Results) -> float:
    """Draw the optimum and the widest tolerance. Return the tolerance."""
    optimum, near = results.metrics["optimum"], max(results.params["tolerances"])
    axes.axhspan(optimum * (1 - near), optimum * (1 + near), color=style.GREEN, alpha=0.12)
    axes.axhline(optimum, **style.DASHED)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    return near


def settled(results: Results) -> Figure:
    """Draw the share of settled seeds over iterations."""
    samples, last = results.table("samples"), results.metrics["iterations"]
    times = {name: samples[column].to_numpy(float) for column, name in tolerances(results).items()}
    labels = ("iterations of Q-learning", "seeds that have settled near the optimum")
    figure = variant_panels.reached({"": times}, labels, log=True)
    if last >= CHAPTER:
        style.label_top(figure.axes[0], Label(CHAPTER, f"the chapter: about {CHAPTER:,}"))
    return figure


def _watched(results: Results) -> str:
    recorded = results.params["recorded"]
    return f"Q({pair_name(recorded['state'], recorded['action'])})"


def tolerances(results: Results) -> dict[str, str]:
    """Name the tolerance of each column."""
    percents = [f"{100 * tolerance:.9g}" for tolerance in results.params["tolerances"]]
    return {f"within_{p}_percent".replace(".", "_"): f"within {p}%" for p in percents}
