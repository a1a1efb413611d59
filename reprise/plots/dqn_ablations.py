"""Figures and tables of the stage dqn_ablations."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from reprise.measures.variants import in_words
from reprise.plots import figures, style, variant_panels
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats.improvement import EVEN
from reprise.stats.intervals import CONFIDENCE, known_mean, share_interval

WINDOW = 10  # episodes that a learning curve averages
PANELS = {
    "loss, network": ("huber", "dueling"),
    "targets": ("target_hard", "target_soft", "double"),
    "batches": ("no_replay", "in_order", "gradient_steps_4", "gradient_steps_50"),
}
WARNINGS = {"target": "mean target", "loss": "loss"}


def final_policies(results: Results) -> Figure:
    """Draw the final policies and compare each with the baseline."""
    names = [name for name in results.params["variants"] if name not in results.params["partners"]]
    labels = ("greedy return (steps)", "Final policies")
    return variant_panels.against_baseline(results, "final", *labels, names)


def learning_curves(results: Results, key: str, title: str) -> Figure:
    """Draw a learning curve for each value of one hyperparameter."""
    curves = variant_panels.curves_of(results)
    groups = {f"{value}": curves[name] for value, name in _values(results, key).items()}
    labels = ("episode", "return (steps)", title)
    return figures.learning_curves(groups, labels, figures.maximum(results), WINDOW)


def forgetting_by_buffer(results: Results) -> Figure:
    """Draw each seed as a row, by buffer size."""
    returns = variant_panels.curves_of(results, "returns")
    sizes = _values(results, "replay_capacity").items()
    return figures.rasters(results, {f"{n:,} transitions": returns[name] for n, name in sizes})


def responses(results: Results, key: str) -> Figure:
    """Draw final return and forgetting over one hyperparameter."""
    names, table = _values(results, key), results.table("samples")
    final = variant_panels.samples_of(results, "final")
    labels = (in_words(key), "")
    figure, (left, right) = style.panels(("", ""), 2, (3.2, 0), labels, sharey=False)
    means, shares, sure = {}, {}, results.confidence
    for value, name in names.items():
        means[value] = known_mean(final[name], sure)
        held = table.query("variant == @name and held_at.notna()")["forgets"]
        if len(held):
            shares[value] = share_interval(int(held.sum()), len(held), sure)
    y_labels = (
        "final greedy return (steps)",
        "share that forgets,\nof the seeds that held the maximum",
    )
    for axes, found, y_label in zip((left, right), (means, shares), y_labels, strict=True):
        axes.plot(list(found), [one.estimate for one in found.values()], color=style.BLUE, lw=1)
        for value, (middle, low, high, *_) in found.items():
            colour = style.VERMILION if value == results.params[key] else style.BLUE
            axes.plot([value, value], [low, high], color=colour, linewidth=2.2)
            axes.plot(value, middle, "o", color=colour, markersize=7, mec="white", zorder=4)
        axes.set_xscale("log")
        axes.set_xticks(list(names), [f"{value:,g}" for value in names])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.margins(x=0.12)
        axes.set_ylabel(y_label)
    style.note(figure, f"Means and shares, with {sure:.0%} intervals. Vermilion: the baseline.")
    return figure


def other_curves(results: Results) -> Figure | None:
    """Draw the learning curves of the other variants, if any."""
    panels = {title: {in_words(name): name for name in names} for title, names in PANELS.items()}
    return variant_panels.learning_curves(results, panels, "return (steps)", WINDOW)


def best_less_final(results: Results) -> Figure:
    """Draw the gap between best and final policies."""
    final, best = (variant_panels.samples_of(results, which) for which in ("final", "best"))
    gaps = {in_words(name): best[name] - returns for name, returns in final.items()}
    labels = ("best minus final greedy return (steps)", "What a checkpoint keeps")
    return figures.compare_policies(results, gaps, labels, Label(0, "no gain", style.GREY))


def correlation(results: Results, column: str, title: str) -> Figure | None:
    """Draw a rank correlation of the baseline's seeds, if any."""
    sample = variant_panels.samples_of(results, column)[results.params["baseline"]]
    if np.isfinite(sample).sum() < 2:
        return None
    level = Label(0, "no relation", style.GREY)
    return figures.distribution(results, sample, ("rank correlation", title), level)


def before_collapses(results: Results) -> Figure | None:
    """Draw how collapsing seeds rank among calm seeds, if any."""
    found = dict(list(results.table("warnings", "episode").groupby("quantity")))
    tables = {title: found[name] for name, title in WARNINGS.items() if name in found}
    if not tables:
        return None
    labels = ("episodes after the collapse begins", "place among calm seeds")
    figure, row = style.panels(tables, len(tables), (3.3, 0), labels)
    for axes, table in zip(row, tables.values(), strict=True):
        axes.axvspan(-results.params["warning"] - 0.5, -0.5, color=style.GREY, alpha=0.1, lw=0)
        axes.axhline(EVEN, **style.DASHED)
        axes.axvline(0, color=style.VERMILION, linewidth=1)
        look = {"marker": "o", "markersize": 3.5}
        style.curves(axes, {"": table}, {("low", "high"): 0.2}, "mean", **look)
        axes.set_ylim(0, 1)
        axes.set_yticks([0, EVEN, 1], ["lowest", "middle", "highest"])
    line = f"Line and band: the mean over seeds with its {CONFIDENCE:.0%} interval."
    style.note(figure, f"{line} Grey: before the collapse. Vermilion: the collapse begins.")
    return figure


def _values(results: Results, key: str) -> dict[Any, str]:
    """Name the variant that changes only this, by value."""
    changed = {results.params[key]: results.params["baseline"]}
    for name, changes in results.params["variants"].items():
        changed |= {changes[key]: name} if set(changes) == {key} else {}
    return dict(sorted(changed.items()))
