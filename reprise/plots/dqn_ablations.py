"""Figures of one thing changed at a time: forgetting side by side, responses, and what warns.

As in `figures`: data and labels in, a Figure out; labels of axes are given with their unit.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from reprise.plots import style
from reprise.stats.intervals import Interval


class Response(NamedTuple):
    """What a quantity does as a number changes."""

    label: str
    """Of the quantity, with its unit."""
    intervals: Mapping[float, Interval]
    """By the number, in its order."""
    samples: Mapping[float, np.ndarray] | None = None
    """One value per seed, drawn as faint dots, [N]."""


def rasters(
    panels: Mapping[str, pd.DataFrame],
    *,
    top: float,
    x_label: str,
    y_label: str,
    value_label: str,
    columns: int = 2,
) -> Figure:
    """Shows every seed as a row of colour, a panel for each variant, the best seeds on top.

    Args:
        panels: Title to returns, one column per seed, the index along the x-axis, [T, N].
        top: The highest possible value, where the colours end if no value is beyond it.
        x_label: Of the index.
        y_label: What a row is.
        value_label: What the colours mean.
        columns: Panels beside each other.
    """
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(style.WIDTH, 0.7 + 1.9 * rows))
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
    image = None
    colours = style.limits(top, *panels.values(), room=0)
    for axes, (title, returns) in zip(grid.flat, panels.items(), strict=False):
        image = style.raster(axes, returns, colours)
        axes.set_title(title, fontsize=9.5, pad=5)
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel(x_label)
    figure.supylabel(y_label, fontsize=9.5)
    if image is not None:
        scale = figure.colorbar(image, ax=list(grid.flat), pad=0.02, aspect=30)
        scale.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
        scale.set_label(value_label)
    return figure


def responses(
    panels: Sequence[Response],
    *,
    chapter: float,
    x_label: str,
    title: str = "",
    confidence: str = "95%",
) -> Figure:
    """Draws what becomes of some quantities as one number changes, on a logarithmic axis.

    Args:
        panels: A panel for each quantity, side by side.
        chapter: The number as the chapter has it, marked in each panel.
        x_label: Of the number.
        title: What the figure shows.
        confidence: Of the intervals.
    """
    figure = Figure(figsize=(style.WIDTH, 3.2))
    row = figure.subplots(1, len(panels), sharex=True, squeeze=False)[0]
    numbers = sorted({number for panel in panels for number in panel.intervals})
    for axes, panel in zip(row, panels, strict=True):
        axes.set_xscale("log")
        for number, sample in (panel.samples or {}).items():
            shifted = number * np.exp(style.jitter(len(sample), 0.12))
            axes.plot(shifted, sample, "o", color=style.SKY, alpha=0.4, markersize=3, mew=0)
        _joined(axes, panel.intervals, chapter)
        axes.set_xticks(numbers, [f"{number:,g}" for number in numbers])
        axes.xaxis.set_minor_locator(NullLocator())
        style.finish(axes, x_label, panel.label, title if axes is row[0] else "")
        axes.margins(x=0.12)
    faint = " Faint: each seed." if any(panel.samples for panel in panels) else ""
    style.note(figure, f"Bars: {confidence} intervals. Vermilion: the chapter's.{faint}")
    return figure


def around_collapses(
    panels: Mapping[str, pd.DataFrame], *, even: float, before: int, confidence: str = "95%"
) -> Figure:
    """Draws where collapsing seeds lie among calm ones, episode by episode around the collapse.

    Args:
        panels: Title to a table of episode, mean, low and high; episode 0 is the first low one.
        even: The place that says nothing.
        before: Episodes before a collapse that a verdict looks at, shaded.
        confidence: Of the bands.
    """
    figure = Figure(figsize=(style.WIDTH, 3.3))
    row = figure.subplots(1, max(1, len(panels)), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (title, table) in zip(row, panels.items(), strict=False):
        axes.axvspan(-before - 0.5, -0.5, color=style.GREY, alpha=0.1, linewidth=0)
        axes.axhline(even, **style.DASHED)
        axes.axvline(0, color=style.VERMILION, linewidth=1)
        axes.fill_between(
            table["episode"], table["low"], table["high"], color=style.BLUE, alpha=0.2, linewidth=0
        )
        axes.plot(table["episode"], table["mean"], "o-", color=style.BLUE, markersize=3.5)
        axes.set_ylim(0, 1)
        axes.set_yticks([0, even, 1], ["lowest", "like any", "highest"])
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        style.finish(axes, "episodes from the collapse", "", title)
    row[0].set_ylabel("place among calm seeds")
    style.note(
        figure,
        f"Line and band: mean over seeds with its {confidence} interval, each seed's collapses "
        "averaged first.\nShaded: before the collapse. Vermilion: it begins.",
    )
    return figure


def _joined(axes: Axes, intervals: Mapping[float, Interval], chapter: float) -> None:
    """Draws intervals upright, their estimates joined by a line."""
    axes.plot(
        list(intervals), [i.estimate for i in intervals.values()], color=style.BLUE, linewidth=1
    )
    for number, interval in intervals.items():
        colour = style.VERMILION if number == chapter else style.BLUE
        if interval.bounded:
            axes.plot([number] * 2, [interval.low, interval.high], color=colour, linewidth=2.2)
        axes.plot(
            *([number], [interval.estimate], "o"), color=colour, markersize=7, mec="white", mew=1.2,
            zorder=4,
        )  # fmt: skip
