"""Figures and tables of the stage dqn_ablations."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from reprise.measures.variants import in_words
from reprise.plots import figures, show, style, variant_panels
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats import words
from reprise.stats.improvement import EVEN, Comparison, percent
from reprise.stats.intervals import CONFIDENCE, Interval, known_mean, wilson_interval

LABELS = ("episode", "return (steps)")
WINDOW = 10  # episodes that learning curves are averaged over
PANELS = {
    "loss, network": ("huber", "dueling"),
    "targets": ("target_hard", "target_soft", "double"),
    "batches": ("no_replay", "gradient_steps_4"),
}
HEADINGS = {
    "activation": "One change: the activation",
    "learning_rate": "Learning curves of the rates",
}
TITLES = {"replay_capacity": "transitions in the buffer", "learning_rate": "learning rate"}
CORRELATIONS = {
    "loss_return_correlation": "Loss and next return",
    "loss_return_change_correlation": "Changes of loss and return",
}
WARNINGS = {"target": "mean target", "loss": "loss"}


def variants(results: Results) -> Markdown:
    """Show what each variant changes."""
    rows = []
    for name, changes in results.params["variants"].items():
        changed = ", ".join(f"`{key}` {value}" for key, value in changes.items())
        other = in_words(partner(results, name)) if changed else words.DASH
        rows.append((in_words(name), changed or "nothing", other))
    return show.table(rows, ("variant", "change", "compared with"))


def partner(results: Results, variant: str) -> str:
    """Return the variant that another is compared with."""
    return results.params["partners"].get(variant, results.params["baseline"])


def samples(results: Results, variant: str) -> pd.DataFrame:
    """Return a variant's rows of samples.csv."""
    return results.table("samples").query("variant == @variant")


def final(results: Results, variant: str) -> np.ndarray:
    """Return a variant's final greedy returns, [N]."""
    return samples(results, variant)[f"final_{results.limits[0]}"].to_numpy(float)


def curves(results: Results, variant: str, window: int = 1) -> pd.DataFrame:
    """Return a variant's training returns, averaged over a window, [T, N]."""
    return figures.smooth(variant_panels.curves_of(results)[variant], window)


def values(results: Results, key: str) -> dict[Any, str]:
    """Return the variants that change one hyperparameter alone, by its value; the base too."""
    changed = {
        changes[key]: name
        for name, changes in results.params["variants"].items()
        if set(changes) == {key}
    }
    return dict(sorted((changed | {results.params[key]: results.params["baseline"]}).items()))


def final_policies(results: Results) -> Figure:
    """Draw the final policies, each compared with the base."""
    base, found = results.params["baseline"], results.metrics["against_partner"]
    names = [name for name in results.params["variants"] if partner(results, name) == base]
    groups = {in_words(name): final(results, name) for name in names}
    compared = {}
    for name in names:
        if name != base:
            mean, against = known_mean(final(results, name)), found[name]["final"]
            parts = [_interval(against[k]) for k in ("difference", "probability_of_improvement")]
            compared[in_words(name)] = Comparison(mean, *parts)
    labels = {"x_label": "greedy return (steps)", "title": "Final policies"}
    return variant_panels.forest(groups, compared, in_words(base), confidence=CONFIDENCE, **labels)


def against_partners(results: Results) -> Markdown:
    """Show how each variant's policies compare with those of its partner."""
    rows = []
    for name, found in results.metrics["against_partner"].items():
        improved = (found[which]["probability_of_improvement"] for which in ("final", "best"))
        chances = [percent(_interval(each)) for each in improved]
        gap = words.bracketed(_interval(found["final"]["difference"]), "+.1f")
        rows.append((in_words(name), in_words(found["partner"]), chances[0], gap, chances[1]))
    head = ("variant", "partner", "P(better final policy)", "difference of means (steps)")
    return show.table(rows, (*head, "P(better best policy)"))


def forgetting_by_buffer(results: Results) -> Figure:
    """Draw every seed as a row of colour, a panel for each size of the buffer."""
    panels = {
        f"{size:,} transitions": curves(results, name)
        for size, name in values(results, "replay_capacity").items()
    }
    labels = ("episode", "seeds, sorted by mean")
    figure, grid = style.panels(len(panels), 2, (0.7, 1.9), labels, sharex=True)
    every = list(figure.axes)
    scale = style.limits(figures.maximum(results).value, *panels.values(), room=0)
    for axes, (title, returns) in zip(grid, panels.items(), strict=True):
        style.raster(axes, returns, scale)
        axes.set_title(title, fontsize=9.5, pad=5)
        style.bare(axes, "left", "bottom")
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    style.colour_bar(figure, every, grid[-1].images[0], "return (steps)")
    return figure


def other_curves(results: Results) -> Figure | None:
    """Draw the learning curves of the other variants; None if there are none."""
    known, base = results.params["variants"], results.params["baseline"]
    panels = {
        title: {in_words(name): curves(results, name, WINDOW) for name in names if name in known}
        for title, names in PANELS.items()
    }
    panels = {title: inner for title, inner in panels.items() if inner}
    if not panels:
        return None
    reference = (in_words(base), curves(results, base, WINDOW))
    return variant_panels.small_multiples(panels, reference, LABELS, top=figures.maximum(results))


def all_variants(results: Results) -> Markdown:
    """Show the main measures of every variant."""
    limit, rows = f"limit_{results.limits[0]}", []
    for name, found in results.metrics["variants"].items():
        policy = found["final"][limit]
        shares = [
            words.bracketed(_interval(found[which]), ".0%") if found[which] else words.DASH
            for which in ("held", "forgets")
        ]
        measured = (policy, found["best"][limit], found["first_at_cap"], found["recovery"])
        means = [words.number(each["mean"] if each else None, ".0f") for each in measured]
        solved = words.number(policy["solved"], ".0%")
        rows.append((in_words(name), *means[:2], solved, means[2], *shares, means[3]))
    head = ("variant", "final (steps)", "best (steps)", "solved", "first at the maximum")
    return show.table(rows, (*head, "hold", "forget", "recovery"))


def best_less_final(results: Results) -> Figure:
    """Draw how much better the best policies are than the final ones."""
    best = {name: samples(results, name) for name in results.params["variants"]}
    column = f"best_{results.limits[0]}"
    gaps = {in_words(n): s[column].to_numpy(float) - final(results, n) for n, s in best.items()}
    labels = ("best less final greedy return (steps)", "What a checkpoint keeps")
    return figures.compare_policies(results, gaps, labels, Label(0, "nothing", style.GREY))


def before_collapses(results: Results) -> Figure | None:
    """Draw the place of collapsing seeds among calm ones; None if no seed collapses."""
    table = results.table("warnings").set_index("episode")
    panels = {title: table[table["quantity"] == name] for name, title in WARNINGS.items()}
    panels = {title: rows for title, rows in panels.items() if len(rows)}
    if not panels:
        return None
    figure, row = style.panels(len(panels), len(panels), (3.3, 0), sharex=True, sharey=True)
    for axes, (title, rows) in zip(row, panels.items(), strict=True):
        axes.axvspan(-results.params["warning"] - 0.5, -0.5, color=style.GREY, alpha=0.1, lw=0)
        axes.axhline(EVEN, **style.DASHED)
        axes.axvline(0, color=style.VERMILION, linewidth=1)
        band = {("low", "high"): 0.2}
        style.curve(axes, rows, style.BLUE, band, "mean", marker="o", markersize=3.5)
        axes.set_ylim(0, 1)
        axes.set_yticks([0, EVEN, 1], ["lowest", "middle", "highest"])
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        style.finish(axes, "episodes from the collapse", "", title)
    row[0].set_ylabel("place among calm seeds")
    line = f"Line and band: mean over seeds with its {CONFIDENCE:.0%} interval."
    style.note(figure, f"{line}\nShaded: before the collapse. Vermilion: it begins.")
    return figure


def _interval(found: Mapping[str, Any]) -> Interval:
    """Return an interval of metrics.json; NaN stands for null."""
    ends: Any = [math.nan if found[key] is None else found[key] for key in Interval._fields]
    return Interval(*ends)


def learning_curves(results: Results, key: str) -> Figure:
    """Draw the learning curves of the variants that change one hyperparameter."""
    found = values(results, key).items()
    groups = {f"{value}": curves(results, name) for value, name in found}
    return figures.quantile_band(groups, (*LABELS, HEADINGS[key]), figures.maximum(results), WINDOW)


def responses(results: Results, key: str) -> Figure:
    """Draw final policies and forgetting over the values of one hyperparameter."""
    found = values(results, key)
    figure, (left, right) = style.panels(2, 2, (3.2, 0), sharex=True)
    means, shares = {}, {}
    for value, name in found.items():
        sample = final(results, name)
        places = value * np.exp(style.jitter(len(sample), 0.12))
        left.plot(places, sample, "o", color=style.SKY, alpha=0.4, markersize=3, mew=0)
        means[value] = known_mean(sample, results.confidence)
        forgets = samples(results, name).dropna(subset="held_at")["forgets"].to_numpy(int)
        if len(forgets):
            shares[value] = wilson_interval(int(forgets.sum()), len(forgets), results.confidence)
    _joined(left, means, results.params[key])
    _joined(right, shares, results.params[key])
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(list(found), [f"{value:,g}" for value in found])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.margins(x=0.12)
    style.finish(left, TITLES[key], "final greedy return (steps)", "")
    style.finish(right, TITLES[key], "share that forgets, of those that held", "")
    bars = f"Bars: {results.confidence:.0%} intervals."
    style.note(figure, f"{bars} Vermilion: the base. Faint: each seed.")
    return figure


def _joined(axes: Axes, intervals: Mapping[float, Interval], chapter: float) -> None:
    """Draw upright intervals, and a line through their estimates."""
    estimates = [interval.estimate for interval in intervals.values()]
    axes.plot(list(intervals), estimates, color=style.BLUE, linewidth=1)
    for value, interval in intervals.items():
        colour = style.VERMILION if value == chapter else style.BLUE
        if interval.bounded:
            axes.plot([value] * 2, [interval.low, interval.high], color=colour, linewidth=2.2)
        axes.plot(value, interval.estimate, "o", color=colour, markersize=7, mec="white", zorder=4)


def correlation(results: Results, column: str) -> Figure | None:
    """Draw a rank correlation within each seed of the base; None for fewer than two seeds."""
    found = samples(results, results.params["baseline"])[column].dropna()
    if len(found) < 2:
        return None
    bins, level = np.linspace(-1, 1, 41), Label(0, "no relation", style.GREY)
    labels = ("rank correlation", CORRELATIONS[column])
    return figures.distribution(results, found, bins, labels, level)
