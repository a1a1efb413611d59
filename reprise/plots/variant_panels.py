"""Figures of variants of a training against a baseline: returns, learning curves, times."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reprise.plots import show, style
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats import improvement
from reprise.stats.improvement import EVEN, Comparison, Groups, percent
from reprise.stats.intervals import known_mean
from reprise.stats.words import bracketed

BAND = (0.1, 0.9)
MEASURES = {"last_return": "training returns"}


def spaced(name: str) -> str:
    """Return a variant's name with spaces."""
    return name.replace("_", " ")


def samples_of(results: Results, column: str, title: Callable = spaced) -> dict[str, NDArray]:
    """Return a column's value for each seed, by the variant's title."""
    by_variant = results.table("samples").groupby("variant", sort=False)[column]
    return {title(name): group.to_numpy(float) for name, group in by_variant}


def curves_of(results: Results) -> dict[str, pd.DataFrame]:
    """Return each variant's training returns, a column a seed."""
    table = results.table("returns")
    index = next(name for name in ("iteration", "episode", "steps") if name in table)
    return {
        str(name): group.drop(columns="variant").set_index(index)
        for name, group in table.groupby("variant", sort=False)
    }


def greedy_returns(results: Results, title: Callable = spaced) -> Figure:
    """Draw the final policies' greedy returns against the baseline's."""
    column = f"greedy_{results.limits[0]}"
    return _against_baseline(
        results, column, title, "greedy return", "The final policies, played greedily"
    )


def training_returns(results: Results, title: Callable = spaced) -> Figure:
    """Draw the returns of the last training iterations against the baseline's."""
    return _against_baseline(
        results, "last_return", title, "training return", "The last iterations of training"
    )


def _against_baseline(
    results: Results, column: str, title: Callable, x_label: str, heading: str
) -> Figure:
    groups, base = samples_of(results, column, title), title(results.params["baseline"])
    seed, confidence = results.params["seed"], results.confidence
    found = improvement.compared(groups, base, confidence, seed=seed)
    return forest(groups, found, base, confidence=confidence, x_label=x_label, title=heading)


def pairs_table(results: Results, pairs: Mapping[str, tuple[str, str]]) -> Markdown:
    """Show by both measures how likely a seed of one variant is above one of another.

    Args:
        results: of the stage.
        pairs: title to a variant and the one that it is compared with.
    """
    columns = {f"greedy_{results.limits[0]}": "greedy returns", **MEASURES}
    rows = []
    for heading, (one, other) in pairs.items():
        cells: list[Any] = [heading]
        for column in columns:
            groups = samples_of(results, column, str)
            found = improvement.compared(
                {other: groups[other], one: groups[one]}, other, results.confidence,
                seed=results.params["seed"],
            )[one]  # fmt: skip
            cells += [show.cell(found.difference), percent(found.chance)]
        rows.append(cells)
    heads = [f"{what}, {how}" for how in columns.values() for what in ("difference", "improvement")]
    return show.table(rows, ("", *heads))


SIDES = {1: style.BLUE, -1: style.VERMILION, 0: style.GREY}


def forest(
    groups: Groups,
    found: Mapping[str, Comparison],
    baseline: str,
    *,
    confidence: float,
    x_label: str,
    title: str = "",
) -> Figure:
    """Draws a row per variant: seeds, mean, and the chance against the baseline.

    Args:
        groups: Name of the variant to one value per seed, from the top row down, [N].
        found: As `improvement.compared` gives it for these groups and this baseline.
        baseline: The name of the variant that the others are compared with.
        confidence: Of all intervals.
        x_label: Of the values.
        title: What the figure shows.
    """
    figure = Figure(figsize=(style.WIDTH, 1.45 + 0.36 * len(groups)))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.5, 1])
    middle = known_mean(groups[baseline], confidence)
    colours = {name: SIDES[each.side] for name, each in found.items()}
    means, chances = [], []
    for row, (name, values) in enumerate(groups.items()):
        colour = colours.get(name, style.INK)
        mean = middle if name == baseline else found[name].mean
        rows = row + style.jitter(len(values), 0.27)
        left.plot(values, rows, "o", color=colour, alpha=0.25, markersize=3, mew=0)
        style.bar(left, mean.low, mean.estimate, mean.high, row, colour)
        means.append(Label(row, bracketed(mean), colour))
        if name == baseline:
            chances.append(Label(row, "the baseline", style.INK))
            continue
        chance = found[name].chance
        style.bar(right, chance.low, chance.estimate, chance.high, row, colour)
        chances.append(Label(row, percent(chance), colour))
    if np.isfinite(middle.estimate):
        left.axvline(middle.estimate, **style.DASHED)
    right.axvline(EVEN, **style.DASHED)
    right.set_xlim(-0.03, 1.03)
    right.set_xticks([0, EVEN, 1], ["0%", "50%", "100%"])
    left.set_ylim(len(groups) - 0.5, -0.5)
    left.set_yticks(range(len(groups)), list(groups))
    for axes in (left, right):
        axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=style.INK)
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
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
    panels: Mapping[str, Mapping[str, pd.DataFrame]],
    reference: tuple[str, pd.DataFrame] | None = None,
    *,
    top: Label,
    x_label: str,
    y_label: str,
) -> Figure:
    """Draws learning curves in panels of one scale: medians of the variants, and their bands.

    Args:
        panels: Title to variants, a variant's name to its curves, one column per seed, [T, N]. A
            name has one colour in all panels.
        reference: A name and curves; their dotted median is in each panel except its own.
        top: The highest possible value, and its name.
        x_label: Of the index.
        y_label: Of the values.
    """
    figure = Figure(figsize=(style.WIDTH, 3.5))
    row = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    names = list(dict.fromkeys(name for variants in panels.values() for name in variants))
    named: list[list[Label]] = []
    notes = [f"Lines: medians. Bands: {style.percent(BAND)} of the seeds."]
    for axes, (title, variants) in zip(row, panels.items(), strict=True):
        labels: list[Label] = []
        for name, curves in variants.items():
            colour = style.CYCLE[names.index(name) % len(style.CYCLE)]
            label = style.median_and_band(axes, curves, colour, BAND, 0.15)
            labels.append(label._replace(text=name))
        if reference and not any(reference[1] is curves for curves in variants.values()):
            median = reference[1].median(axis=1)
            axes.plot(median.index, median, ":", color=style.INK, linewidth=1.2)
            notes[1:] = [f"Dotted: the median of {reference[0]}."]
        axes.axhline(top.value, **style.DASHED)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        style.finish(axes, x_label, y_label if axes is row[0] else "", title)
        named.append(labels)
    style.hold(list(row), top.value)
    for axes, labels in zip(row, named, strict=True):
        style.label_right(axes, labels)
    style.note(figure, " ".join([*notes, f"Dashed: {top.text}."]))
    return figure


def reached(panels: Mapping[str, Groups], *, x_label: str, y_label: str) -> Figure:
    """Draws which share of the seeds has got somewhere by when, a panel for each somewhere.

    A dot marks when half of the seeds are there. Seeds that never get there keep a line below 100%.

    Args:
        panels: Title to variants, a variant's name to each seed's time, NaN for never, [N].
        x_label: Of the times.
        y_label: Of the shares.
    """
    figure = Figure(figsize=(style.WIDTH, 0.9 + 1.5 * len(panels)))
    column = figure.subplots(len(panels), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    every = np.concatenate([times for variants in panels.values() for times in variants.values()])
    last = 1.03 * float(np.nanmax(every, initial=0)) or 1.0
    for axes, (title, variants) in zip(column, panels.items(), strict=True):
        axes.axhline(EVEN, **style.DASHED)
        labels = [
            _share_over_time(axes, name, times, last, colour)
            for (name, times), colour in zip(variants.items(), style.CYCLE, strict=False)
        ]
        axes.set_xlim(0, last)
        axes.set_ylim(0, 1.04)
        axes.set_yticks([0, EVEN, 1], ["0%", "50%", "100%"])
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_title(title, fontsize=9.5, pad=5)
        style.label_right(axes, labels)
    column[-1].set_xlabel(x_label)
    figure.supylabel(y_label, fontsize=9.5)
    style.note(figure, "Lines end at the share of the seeds that get there. Dots: half of all do.")
    return figure


def _share_over_time(axes: Axes, name: str, times: NDArray, last: float, colour: str) -> Label:
    there = np.sort(times[~np.isnan(times)])
    shares = np.arange(1, len(there) + 1) / len(times)
    share = float(shares[-1]) if len(there) else 0.0
    axes.step([0, *there, last], [0, *shares, share], where="post", color=colour, linewidth=1.5)
    if share >= EVEN:
        half = there[int(np.argmax(shares >= EVEN))]
        axes.plot([half], [EVEN], "o", color=colour, markersize=6, mec="white", mew=1, zorder=4)
    return Label(share, f"{name}: {share:.0%}", colour)
