"""A figure of two revisions: the seeds of both, and the probability that one is better."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reprise.compare.contrasts import WORDS, Contrast
from reprise.plots import style
from reprise.plots.style import Label
from reprise.stats.improvement import EVEN, percent, side
from reprise.stats.intervals import Interval

SIDES = {1: style.BLUE, -1: style.VERMILION, 0: style.GREY}


class Row(NamedTuple):
    """A comparison, and in which panel it stands."""

    panel: str
    """Its stage and outcome: what shares a scale."""
    name: str
    """Its group of seeds."""
    values: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Of the first revision [N], and of the second [M]; NaN is not drawn."""
    contrast: Contrast


def contrasts(rows: Sequence[Row], a: str, b: str, confidence: float) -> Figure:
    """Draws a panel for each outcome; in it for each group the seeds of both, and the probability.

    Args:
        rows: What to draw, from the top down.
        a: The name of the first revision, in dark.
        b: The name of the second, in the colour of the verdict.
        confidence: Of all intervals.
    """
    panels: dict[str, list[Row]] = {}
    for row in rows:
        panels.setdefault(row.panel, []).append(row)
    heights = [1.0 + 0.5 * len(panel) for panel in panels.values()]
    figure = Figure(figsize=(style.WIDTH, 0.5 + sum(heights)))
    grid = figure.subplots(
        len(panels), 2, squeeze=False, width_ratios=[1.5, 1], height_ratios=heights
    )
    for (title, panel), (left, right) in zip(panels.items(), grid, strict=True):
        _panel(left, right, panel, title, a, b)
    style.note(
        figure,
        f"Faint: each seed. Bars: {100 * confidence:g}% intervals. On the right: a seed of {b} "
        f"beside one of {a}.\nBlue: rather above. Vermilion: rather below. "
        "Grey: cannot be told apart.",
    )
    return figure


def _panel(left: Axes, right: Axes, rows: Sequence[Row], title: str, a: str, b: str) -> None:
    """Draws the rows of an outcome, two lines each: the first revision above the second."""
    places, names, chances = [], [], []
    for number, row in enumerate(rows):
        chance = row.contrast.chance
        colour = style.GREY if chance is None else SIDES[side(chance, EVEN)]
        for half, name, values, mean, ink in (
            (0, a, row.values[0], row.contrast.a, style.INK),
            (1, b, row.values[1], row.contrast.b, colour),
        ):
            place = 2 * number + half
            _seeds(left, values, mean, place, ink)
            places.append(place)
            names.append(f"{row.name}  {name}".strip())
        if chance is not None:
            style.bar(right, chance.low, chance.estimate, chance.high, 2 * number + 0.5, colour)
            chances.append(Label(2 * number + 0.5, percent(chance), colour))
    left.set_yticks(places, names)
    right.set_yticks([])
    right.axvline(EVEN, **style.DASHED)
    right.set_xlim(-0.03, 1.03)
    right.set_xticks([0, EVEN, 1], ["0%", "50%", "100%"])
    for axes in (left, right):
        axes.set_ylim(2 * len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0, labelsize=style.SMALL, labelcolor=style.INK)
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
    left.margins(x=0.04)
    style.finish(left, "", "", title)
    style.finish(right, f"probability of being {WORDS[rows[0].contrast.sense][0]}", "", "")
    style.label_right(right, chances)


def _seeds(axes: Axes, values: NDArray, mean: Interval | None, row: float, colour: str) -> None:
    present = values[~np.isnan(values)]
    rows = row + style.jitter(len(present), 0.27)
    axes.plot(present, rows, "o", color=colour, alpha=0.25, markersize=3, mew=0)
    if mean is not None:
        style.bar(axes, mean.low, mean.estimate, mean.high, row, colour)
