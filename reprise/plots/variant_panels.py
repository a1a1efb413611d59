"""Figures and tables that compare variants with a baseline."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reprise.measures.variants import in_words as spaced
from reprise.pipeline.parameters import shown
from reprise.plots import figures, show, style
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats import improvement, words
from reprise.stats.improvement import EVEN, Groups, percent
from reprise.stats.intervals import known_mean

SIDES = {1: style.BLUE, -1: style.VERMILION, 0: style.GREY}


def samples_of(results: Results, column: str) -> dict[str, NDArray]:
    """Read a column's value for each seed [N], by variant."""
    by_variant = results.table("samples").groupby("variant", sort=False)[results.column(column)]
    return {name: group.to_numpy(float) for name, group in by_variant}


def curves_of(results: Results, name: str = "learning_curve") -> dict[str, pd.DataFrame]:
    """Split a table of training returns by variant.

    The table of a variant without any return has no rows.
    """
    table = results.table(name)
    table = table.set_index(figures.index_of(table))
    names = dict.fromkeys([*table["variant"], *results.params.get("variants", ())])
    return {name: table[table["variant"] == name].drop(columns="variant") for name in names}


def changes(results: Results) -> Markdown:
    """Show what each variant changes."""
    base, rows = results.params["baseline"], []
    for name, changed in results.params["variants"].items():
        partner = results.params.get("partners", {}).get(name, base)
        cells = ", ".join(f"`{key}` {shown(value, str)}" for key, value in changed.items())
        partner = words.DASH if name == base else spaced(partner)
        rows.append((spaced(name), cells or "nothing", partner))
    return show.table(rows, ("variant", "change", "compared with"))


def pairs_table(results: Results, pairs: Mapping[str, tuple[str, str]]) -> Markdown:
    """Compare pairs of variants by their greedy and training returns."""
    measures = {"greedy return": "greedy", "training return": "last_return"}
    samples, rows = [samples_of(results, column) for column in measures.values()], []
    for title, (one, other) in pairs.items():
        rows.append([spaced(title)])
        for groups in samples:
            pair = {one: groups[one], other: groups[other]}
            found = improvement.compared(pair, other, results.confidence)[one]
            rows[-1] += [show.cell(found.difference), percent(found.chance)]
    heads = [
        f"{name}: {what}"
        for name in measures
        for what in ("difference of means", "probability of improvement")
    ]
    return show.table(rows, ("", *heads))


def against_baseline(
    results: Results, column: str, x_label: str, title: str, names: Sequence[str] = ()
) -> Figure:
    """Draw each variant: seeds, mean and probability of improvement.

    The values are a column of samples.csv. Without names, all variants are drawn.
    """
    groups = samples_of(results, column)
    groups = {spaced(name): groups[name] for name in names or groups}
    base, confidence = spaced(results.params["baseline"]), results.confidence
    found = improvement.compared(groups, base, confidence)
    figure = Figure(figsize=(style.WIDTH, 1.45 + 0.36 * len(groups)))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.5, 1])
    middle, means, chances = known_mean(groups[base], confidence), [], []
    for row, (name, values) in enumerate(groups.items()):
        mean, colour, text = middle, style.INK, "the baseline"
        if name != base:
            mean, _, chance = found[name]
            colour, text = SIDES[found[name].side], percent(chance)
            style.seeds_and_mean(right, row, [], chance, colour)
        style.seeds_and_mean(left, row, values, mean, colour)
        means.append(Label(row, words.bracketed(mean), colour))
        chances.append(Label(row, text, colour))
    if np.isfinite(middle.estimate):
        left.axvline(middle.estimate, **style.DASHED)
    right.axvline(EVEN, **style.DASHED)
    right.set_xlim(-0.03, 1.03)
    right.set_xticks([0, EVEN, 1], ["0%", "50%", "100%"])
    for axes in (right, left):
        style.rows(axes, list(groups), labelsize=9, labelcolor=style.INK)
    left.margins(x=0.04)
    left.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    style.finish(left, x_label, "", title)
    style.finish(right, "probability of improvement", "", "")
    style.label_right(left, means)
    style.label_right(right, chances)
    style.note(
        figure,
        f"Dots and bars: means with {100 * confidence:g}% intervals."
        f"{style.faint_marks(groups.values())}\n"
        "Probability of improvement: that a seed of the variant is above one of the baseline. "
        "Blue: more likely above. Vermilion: more likely below. Grey: undecided.",
    )
    return figure


def learning_curves(
    results: Results,
    panels: Mapping[str, Mapping[str, str]] | None = None,
    y_label: str = "mean return",
    window: int = 1,
) -> Figure | None:
    """Draw panels with the median and band of variants.

    Args:
        results: The stage's results.
        panels: For each panel's title, its variants by label. By default each variant is a panel.
            A label has one colour in all panels.
        y_label: The label of the returns.
        window: Rows that a trailing mean averages.

    Returns:
        The figure, or None if none of the variants was trained.
    """
    curves = {name: figures.smooth(curve, window) for name, curve in curves_of(results).items()}
    if (x_label := next(iter(curves.values())).index.name) == "steps":
        x_label = "environment steps (thousands)"
        curves = {name: curve.set_index(curve.index / 1000) for name, curve in curves.items()}
    panels = panels or {spaced(name): {"median": name} for name in curves}
    panels = {
        title: {label: name for label, name in variants.items() if name in curves}
        for title, variants in panels.items()
        if not curves.keys().isdisjoint(variants.values())
    }
    if not panels:
        return None
    figure, row = style.panels(panels, len(panels), (3.5, 0), (str(x_label), y_label))
    labels = list(dict.fromkeys(label for variants in panels.values() for label in variants))
    base, top, ends, dotted = results.params["baseline"], figures.maximum(results), [], ""
    for axes, variants in zip(row, panels.values(), strict=True):
        tables = {label: curves[name] for label, name in variants.items()}
        colours = [style.CYCLE[labels.index(label) % len(style.CYCLE)] for label in tables]
        ends.append(style.curves(axes, tables, {("low", "high"): 0.15}, colours=colours, lw=1.5))
        if base not in variants.values():
            axes.plot(curves[base]["median"], ":", color=style.INK, linewidth=1.2)
            dotted = f" Dotted: the median of {spaced(base)}."
        axes.axhline(top.value, **style.DASHED)
    style.hold(row, top.value)
    for axes, named in zip(row, ends, strict=True):
        style.label_right(axes, named)
    bands = f"Lines: medians. Bands: {figures.BAND} of all seeds."
    style.note(figure, f"{bands}{dotted} Dashed: {top.text}.")
    return figure


def reached(panels: Mapping[str, Groups], labels: tuple[str, str], log: bool = False) -> Figure:
    """Draw the share of seeds that have arrived over time.

    The panels hold the time of each seed [N], by variant. NaN stands for never. A dot marks the
    time when half of the seeds have reached it. With `log` each panel has its own logarithmic axis.
    """
    height = 1.5 if len(panels) > 1 else 2.6
    figure, column = style.panels(panels, 1, (0.9, height), labels, sharex=not log)
    times_of = {title: np.concatenate(list(found.values())) for title, found in panels.items()}
    if not log:
        times_of = dict.fromkeys(times_of, np.concatenate(list(times_of.values())))
    for axes, (title, variants) in zip(column, panels.items(), strict=True):
        last = 1.03 * float(np.nanmax(times_of[title], initial=0)) or 1.0
        earliest = np.nanmin(times_of[title], initial=last / 2)
        first = 10 ** np.floor(np.log10(earliest)) if log else 0.0
        axes.axhline(EVEN, **style.DASHED)
        ends = []
        for (name, times), colour in zip(variants.items(), style.CYCLE, strict=False):
            arrivals = np.sort(times[~np.isnan(times)])
            shares = np.arange(len(arrivals) + 1) / len(times)
            line = [first, *arrivals, last], [*shares, shares[-1]]
            axes.step(*line, where="post", color=colour, linewidth=1.5)
            if shares[-1] >= EVEN:
                half = arrivals[-(-len(times) // 2) - 1]
                look = {"markersize": 6, "mec": "white", "mew": 1, "zorder": 4}
                axes.plot([half], [EVEN], "o", color=colour, **look)
            ends.append(Label(shares[-1], f"{name}: {shares[-1]:.0%}", colour))
        axes.set(xscale="log" if log else "linear", xlim=(first, last))
        style.shares(axes)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.xaxis.set_minor_formatter("")
        style.label_right(axes, ends)
    text = "Each line ends at the share that ever gets there. Dots: the time when half have."
    style.note(figure, text)
    return figure
