"""Figures over seeds: data and labels in, a matplotlib Figure out, in the house style.

No function touches pyplot or keeps anything: the Figure belongs to the caller, and a notebook shows
it as the value of its cell. What a band or a bar means is written in the figure. Labels of axes are
given with their unit. Figures of one policy, episode or model are in `diagrams`, offered here too.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reprise.plots import style
from reprise.plots.diagrams import flip, policy_map, policy_maps, trace
from reprise.plots.style import Label, use_style
from reprise.stats.intervals import Interval, known
from reprise.stats.words import bracketed

__all__ = [
    "Label",
    "compare_policies",
    "distribution",
    "flip",
    "learning_curves",
    "policy_map",
    "policy_maps",
    "quantile_band",
    "seed_raster",
    "trace",
    "use_style",
]

BAND = (0.1, 0.9)
MIDDLE_HALF = (0.25, 0.75)


def learning_curves(
    curves: pd.DataFrame,
    *,
    x_label: str,
    y_label: str,
    title: str = "",
    band: tuple[float, float] = BAND,
    window: int = 1,
    level: Label | None = None,
) -> Figure:
    """Draws every seed faintly, the median boldly, and a band of quantiles.

    Args:
        curves: One column per seed, the index along the x-axis, [T, N].
        x_label: Of the index.
        y_label: Of the values.
        title: What the figure shows.
        band: The two quantiles that bound the band.
        window: Each curve is first averaged over so many steps; the figure says so.
        level: A named level to compare with, such as the highest possible return.
    """
    figure, axes = style.single(3.9)
    curves, averaged = _averaged(curves, window)
    faint = min(0.4, max(0.03, 4 / max(1, curves.shape[1])))
    axes.plot(curves.index, curves.to_numpy(), color=style.INK, alpha=faint, linewidth=0.5)
    label = style.median_and_band(axes, curves, style.BLUE, band, alpha=0.3)
    style.finish(axes, x_label, y_label, title)
    _label_lines(figure, [label], level)
    grey = f"Grey: each of {curves.shape[1]} seeds{averaged}."
    style.note(figure, f"{grey} Band: {style.percent(band)} of the seeds.")
    return figure


def quantile_band(
    groups: Mapping[str, pd.DataFrame],
    *,
    x_label: str,
    y_label: str,
    title: str = "",
    band: tuple[float, float] = MIDDLE_HALF,
    window: int = 1,
    level: Label | None = None,
) -> Figure:
    """Compares groups of seeds by medians and bands, each named at its median.

    Args:
        groups: Name of the group to its curves, one column per seed, [T, N].
        x_label: Of the index.
        y_label: Of the values.
        title: What the figure shows.
        band: The two quantiles that bound each band.
        window: Each curve is first averaged over so many steps; the figure says so.
        level: A named level to compare with.
    """
    figure, axes = style.single(3.9)
    alpha = max(0.1, 0.25 / max(1, len(groups)))
    averaged = _averaged(pd.DataFrame(), window)[1]
    labels = [
        style.median_and_band(axes, _averaged(curves, window)[0], colour, band, alpha)._replace(
            text=name
        )
        for (name, curves), colour in zip(groups.items(), cycle(style.CYCLE), strict=False)
    ]
    axes.xaxis.set_major_formatter("{x:,.0f}")
    style.finish(axes, x_label, y_label, title)
    _label_lines(figure, labels, level)
    style.note(figure, f"Lines: medians. Bands: {style.percent(band)} of the seeds{averaged}.")
    return figure


def seed_raster(
    returns: pd.DataFrame, *, top: float, x_label: str, value_label: str, title: str = ""
) -> Figure:
    """Shows every seed as a row of colour, sorted by mean: what was learned, and what forgotten.

    Args:
        returns: One column per seed, the index along the x-axis, [T, N].
        top: The highest possible value, where the colours end if no value is beyond it.
        x_label: Of the index.
        value_label: What the colours mean.
        title: What the figure shows.
    """
    figure, axes = style.single(4.2)
    image = style.raster(axes, returns, style.limits(top, returns, room=0))
    style.finish(axes, x_label, "seed, sorted by mean", title)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    style.colour_bar(figure, axes, image, value_label)
    return figure


def distribution(
    sample: NDArray[np.float64],
    interval: Interval,
    *,
    bins: Sequence[float],
    x_label: str,
    title: str = "",
    statistic: str = "mean",
    confidence: str = "95%",
    level: Label | None = None,
) -> Figure:
    """Draws a histogram of the seeds, one dot per seed, and the interval of a statistic.

    Args:
        sample: One value per seed, [N]; NaN for none is not drawn.
        interval: Of the statistic.
        bins: Edges of the histogram, of equal width; if a value lies beyond them, as many edges
            from the least value to the greatest take their place.
        x_label: Of the values.
        title: What the figure shows.
        statistic: What the interval estimates.
        confidence: How sure the interval is.
        level: A named level to compare with.
    """
    figure = Figure(figsize=(style.WIDTH, 3.8))
    above, below = figure.subplots(2, sharex=True, height_ratios=[3, 1])
    sample = known(sample)
    above.hist(sample, bins=_holding(bins, sample), color=style.SKY, alpha=0.55, rwidth=0.94)
    above.grid(axis="x", visible=False)
    above.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    style.finish(above, "", f"seeds of {len(sample):,}", title)
    heights = 1 + style.jitter(len(sample), 0.3)
    below.plot(sample, heights, "o", color=style.BLUE, alpha=0.4, markersize=3.2, mew=0)
    style.bar(below, interval.low, interval.estimate, interval.high, 0, style.INK)
    below.set_ylim(-0.7, 1.6)
    below.set_yticks([0, 1], [statistic, "each seed"])
    below.tick_params(axis="y", length=0)
    below.grid(axis="y", visible=False)
    below.spines["left"].set_visible(False)
    below.set_xlabel(x_label)
    if level is not None:
        below.axvline(level.value, **style.DASHED)
        style.label_top(above, level)
    (numbers,) = _numbers([interval])
    style.note(figure, f"Bar: {statistic} with its {confidence} interval, {numbers}.")
    return figure


def compare_policies(
    intervals: Mapping[str, Interval],
    *,
    x_label: str,
    title: str = "",
    samples: Mapping[str, NDArray[np.float64]] | None = None,
    level: Label | None = None,
    statistic: str = "mean over seeds with its 95% interval",
) -> Figure:
    """Draws a row per policy, its estimate as a dot and its interval as a bar, both in numbers too.

    Args:
        intervals: Name of the policy to its interval, from the top row down.
        x_label: Of the values.
        title: What the figure shows.
        samples: Name of the policy to one value per seed, drawn as faint dots, [N].
        level: A named level to compare with.
        statistic: What the intervals are.
    """
    figure, axes = style.single(1.5 + 0.42 * len(intervals))
    for row, (name, interval) in enumerate(intervals.items()):
        if samples is not None:
            rows = row + style.jitter(len(samples[name]), 0.22)
            axes.plot(samples[name], rows, "o", color=style.SKY, alpha=0.4, markersize=3, mew=0)
        style.bar(axes, interval.low, interval.estimate, interval.high, row, style.BLUE)
    axes.set_ylim(len(intervals) - 0.5, -0.5)
    axes.set_yticks(range(len(intervals)), list(intervals))
    axes.tick_params(axis="y", length=0, labelsize=9.5, labelcolor=style.INK)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    style.finish(axes, x_label, "", title)
    numbers = _numbers(list(intervals.values()))
    style.label_right(axes, [Label(row, text) for row, text in enumerate(numbers)])
    if level is not None:
        style.label_top(axes, level)
    style.note(figure, f"Dot and bar: {statistic}.")
    return figure


def _averaged(curves: pd.DataFrame, window: int) -> tuple[pd.DataFrame, str]:
    """Returns trailing means over the window, and the words that own up to it."""
    if window == 1:
        return curves, ""
    means = pd.DataFrame(curves.rolling(window, min_periods=1).mean())
    return means, f", averaged over a trailing window of {window}"


def _label_lines(figure: Figure, labels: Sequence[Label], level: Label | None) -> None:
    (axes,) = figure.axes
    if level is not None:
        axes.axhline(level.value, **style.DASHED)
        labels = [*labels, level]
    style.label_right(axes, labels)


def _numbers(intervals: Sequence[Interval]) -> list[str]:
    """Writes intervals with the same number of decimals, some four digits for the largest."""
    bounds = np.array([interval[:3] for interval in intervals]).ravel()
    largest = np.abs(bounds[np.isfinite(bounds)]).max(initial=0)
    decimals = sum(largest < power for power in (1000, 100, 10))
    return [bracketed(interval, f".{decimals}f") for interval in intervals]


def _holding(bins: Sequence[float], values: NDArray[np.float64]) -> list[float]:
    """Returns edges of a histogram that hold all values: those given, if they do."""
    if not values.size or (bins[0] <= values.min() and values.max() <= bins[-1]):
        return list(bins)
    low, high = float(values.min()), float(values.max())
    room = 0.0 if high > low else 0.5
    return list(np.linspace(low - room, high + room, len(bins)))
