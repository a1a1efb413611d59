"""Figures of variants against a baseline: returns, curves, times."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reprise.measures.variants import in_words as spaced
from reprise.plots import figures, show, style
from reprise.plots.figures import BAND
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats import improvement
from reprise.stats.improvement import EVEN, Comparison, Groups, percent
from reprise.stats.intervals import known_mean
from reprise.stats.words import bracketed

SIDES = {1: style.BLUE, -1: style.VERMILION, 0: style.GREY}


def samples_of(results: Results, column: str) -> dict[str, NDArray]:
    """Return a column's value for each seed, by variant."""
    by_variant = results.table("samples").groupby("variant", sort=False)[column]
    return {name: group.to_numpy(float) for name, group in by_variant}


def curves_of(results: Results, name: str = "learning_curve") -> dict[str, pd.DataFrame]:
    """Return a table of training returns by variant.

    A variant without any return has no rows.
    """
    table = results.table(name)
    index = next(name for name in ("iteration", "episode", "steps") if name in table)
    table = table.set_index(index)
    names = dict.fromkeys([*table["variant"], *results.params.get("variants", ())])
    return {of: table[table["variant"] == of].drop(columns="variant") for of in names}


def greedy_returns(results: Results) -> Figure:
    """Draw the greedy returns of the final policies."""
    labels = ("greedy return", "The final policies, played greedily")
    return against_baseline(results, f"greedy_{results.limits[0]}", *labels)


def training_returns(results: Results) -> Figure:
    """Draw the returns of the last training iterations."""
    labels = ("training return", "The last iterations of training")
    return against_baseline(results, "last_return", *labels)


def against_baseline(results: Results, column: str, x_label: str, title: str) -> Figure:
    """Draw a column of samples by variant, with the baseline's."""
    groups = {spaced(name): sample for name, sample in samples_of(results, column).items()}
    base, confidence = spaced(results.params["baseline"]), results.confidence
    found = improvement.compared(groups, base, confidence)
    return forest(groups, found, base, confidence=confidence, x_label=x_label, title=title)


def pairs_table(results: Results, pairs: Mapping[str, tuple[str, str]]) -> Markdown:
    """Compare a variant with another by both returns, by title."""
    greedy = samples_of(results, f"greedy_{results.limits[0]}")
    measures = {"greedy returns": greedy, "training returns": samples_of(results, "last_return")}
    rows = []
    for title, (one, other) in pairs.items():
        cells = [spaced(title)]
        for groups in measures.values():
            pair = {one: groups[one], other: groups[other]}
            found = improvement.compared(pair, other, results.confidence)[one]
            cells += [show.cell(found.difference), percent(found.chance)]
        rows.append(cells)
    heads = [f"{what}, {name}" for name in measures for what in ("difference", "improvement")]
    return show.table(rows, ("", *heads))


def forest(
    groups: Groups,
    found: Mapping[str, Comparison],
    baseline: str,
    *,
    confidence: float,
    x_label: str,
    title: str = "",
) -> Figure:
    """Draw a row per variant: seeds [N], mean, chance.

    `found` is what `improvement.compared` returns for these groups, baseline and confidence.
    """
    figure = Figure(figsize=(style.WIDTH, 1.45 + 0.36 * len(groups)))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.5, 1])
    middle, means, chances = known_mean(groups[baseline], confidence), [], []
    for row, (name, values) in enumerate(groups.items()):
        mean, colour, text = middle, style.INK, "the baseline"
        if name != baseline:
            mean, _, chance = found[name]
            colour, text = SIDES[found[name].side], percent(chance)
            style.seeds_and_mean(right, row, [], chance, colour)
        style.seeds_and_mean(left, row, values, mean, colour)
        means.append(Label(row, bracketed(mean), colour))
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
        f"Faint: each seed. Bars: {100 * confidence:g}% intervals. Probability of improvement: "
        "that a seed is above one of the baseline.\n"
        "Blue: rather above. Vermilion: rather below. Grey: cannot be told apart.",
    )
    return figure


def small_multiples(
    results: Results,
    panels: Mapping[str, Mapping[str, pd.DataFrame]],
    reference: tuple[str, pd.DataFrame],
    labels: tuple[str, str] = ("iteration", "mean return"),
) -> Figure:
    """Draw medians and bands in panels.

    A name has one colour in all panels. The reference is dotted in all panels except its own. The
    labels are of the index and of the values.
    """
    figure, row = style.panels(len(panels), len(panels), (3.5, 0), **style.SHARED)
    names = list(dict.fromkeys(name for variants in panels.values() for name in variants))
    top, ends, dotted = figures.maximum(results), [], ""
    for axes, (title, variants) in zip(row, panels.items(), strict=True):
        ends.append([])
        for name, curves in variants.items():
            colour = style.CYCLE[names.index(name) % len(style.CYCLE)]
            ends[-1].append(style.median_and_band(axes, curves, colour, 0.15, name))
        if not any(reference[1] is curves for curves in variants.values()):
            median = reference[1]["median"]
            axes.plot(median.index, median, ":", color=style.INK, linewidth=1.2)
            dotted = f" Dotted: the median of {reference[0]}."
        axes.axhline(top.value, **style.DASHED)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        style.finish(axes, labels[0], labels[1] if axes is row[0] else "", title)
    style.hold(row, top.value)
    for axes, named in zip(row, ends, strict=True):
        style.label_right(axes, named)
    bands = f"Lines: medians. Bands: {BAND} of the seeds."
    style.note(figure, f"{bands}{dotted} Dashed: {top.text}.")
    return figure


def reached(panels: Mapping[str, Groups], *, x_label: str, y_label: str) -> Figure:
    """Draw the share of seeds that arrived, by time [N].

    A dot marks when half of the seeds are there. NaN stands for never: the line ends below 100%.
    """
    figure, column = style.panels(len(panels), 1, (0.9, 1.5), (x_label, y_label), **style.SHARED)
    every = np.concatenate([times for variants in panels.values() for times in variants.values()])
    last = 1.03 * float(np.nanmax(every, initial=0)) or 1.0
    for axes, (title, variants) in zip(column, panels.items(), strict=True):
        axes.axhline(EVEN, **style.DASHED)
        labels = []
        for (name, times), colour in zip(variants.items(), style.CYCLE, strict=False):
            there, share = style.arrivals(axes, times, (0, last), color=colour, linewidth=1.5)
            if share >= EVEN:
                half, look = there[-(-len(times) // 2) - 1], {"mec": "white", "mew": 1, "zorder": 4}
                axes.plot([half], [EVEN], "o", color=colour, markersize=6, **look)
            labels.append(Label(share, f"{name}: {share:.0%}", colour))
        axes.set_xlim(0, last)
        style.shares(axes)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_title(title, fontsize=9.5, pad=5)
        style.label_right(axes, labels)
    style.note(figure, "Lines end at the share of the seeds that get there. Dots: half of all do.")
    return figure
