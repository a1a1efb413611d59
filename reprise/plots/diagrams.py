"""Figures of one policy, one episode or one small model, in the house style.

As in `figures`: data and labels in, a Figure out; labels of axes are given with their unit.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reprise.plots import style
from reprise.plots.style import Label

Floats = NDArray[np.float64]


def policy_map(
    probability: Floats,
    x: Floats,
    y: Floats,
    *,
    names: tuple[str, str],
    x_label: str,
    y_label: str,
    title: str = "",
) -> Figure:
    """Maps a policy of two actions over two quantities, each region named after its action.

    Args:
        probability: Of the second action, 0 or 1 where the policy is deterministic, [Y, X].
        x: Grid along the x-axis, [X].
        y: Grid along the y-axis, [Y].
        names: Of the two actions.
        x_label: Of x, such as the pole's angle.
        y_label: Of y, such as the pole's angular velocity.
        title: What the figure shows.
    """
    figure, axes = style.single(4.3, width=5.8)
    image = _mapped(axes, probability, x, y, names)
    style.finish(axes, x_label, y_label, title)
    if _graded(probability):
        style.colour_bar(figure, axes, image, f"probability of “{names[1]}”")
    return figure


def policy_maps(
    panels: Mapping[str, pd.DataFrame],
    *,
    names: tuple[str, str],
    x_label: str,
    y_label: str,
    value_label: str,
    note: str,
) -> Figure:
    """Maps policies of two actions side by side, as `policy_map` does one.

    Args:
        panels: Title to the probability or the share of the second action, [Y, X]; the index is
            the grid along the y-axis, the columns are that along the x-axis.
        names: Of the two actions.
        x_label: Of x.
        y_label: Of y.
        value_label: Of the probability or share.
        note: What else is to know, beneath the figure.
    """
    figure = Figure(figsize=(style.WIDTH, 3.4))
    row = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    images, first = [], next(iter(panels.values()))
    for axes, (title, values) in zip(row, panels.items(), strict=True):
        x, y = values.columns.to_numpy(float), values.index.to_numpy(float)
        images.append(_mapped(axes, values.to_numpy(float), x, y, names))
        style.finish(axes, x_label, y_label if axes is row[0] else "", title)
        axes.set(xlim=first.columns[[0, -1]], ylim=first.index[[0, -1]])  # no cell's outer half
    style.colour_bar(figure, list(row), images[-1], value_label)
    style.note(figure, note)
    return figure


def _mapped(
    axes: Axes, probability: Floats, x: Floats, y: Floats, names: tuple[str, str]
) -> QuadMesh:
    """Colours the plane by the probability of the second action, and names both regions."""
    image = axes.pcolormesh(x, y, probability, cmap=style.DIVERGING, vmin=0, vmax=1)
    if _graded(probability) and np.ptp(probability) > 0:
        axes.contour(x, y, probability, levels=[0.5], colors=style.INK, linewidths=1.2)
    for name, region in zip(names, (probability < 0.5, probability > 0.5), strict=True):
        if region.any():
            rows, columns = np.nonzero(region)
            centre = (x[columns].mean(), y[rows].mean())
            axes.text(*centre, name, ha="center", va="center", weight="bold", fontsize=11)
    axes.grid(visible=False)
    return image


def _graded(probability: Floats) -> bool:
    return not np.isin(probability, (0, 1)).all()


def flip(
    discounts: Floats,
    gap: Floats,
    root: Label,
    *,
    above: str,
    below: str,
    x_label: str,
    y_label: str,
    title: str = "",
) -> Figure:
    """Draws the gap between two actions' optimal Q-values by discount, and marks where it flips.

    Args:
        discounts: Discount factors, ascending, [N].
        gap: Q of the one action less Q of the other at each, [N].
        root: The discount at which the gap is zero, and its name.
        above: What is optimal where the gap is positive.
        below: What is optimal where it is negative.
        x_label: Of the discount.
        y_label: Of the gap.
        title: What the figure shows.
    """
    figure, axes = style.single(3.8)
    for sign, colour, text in ((1, style.VERMILION, above), (-1, style.BLUE, below)):
        part = sign * gap > 0
        axes.fill_between(discounts, gap, 0, where=part, color=colour, alpha=0.14, interpolate=True)
        if part.any():
            middle = float(discounts[part].mean())
            axes.annotate(text, (middle, 0), (0, -sign * 14), textcoords="offset points",
                          ha="center", va="center", color=colour, weight="bold")  # fmt: skip
    axes.axhline(0, color=style.GREY, linewidth=0.9)
    axes.plot(discounts, gap, color=style.INK)
    axes.plot([root.value], [0], "o", color="white", mec=style.INK, markersize=7, mew=1.6, zorder=4)
    style.finish(axes, x_label, y_label, title)
    style.label_top(axes, root)
    return figure


def trace(
    episode: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    limits: Mapping[str, float],
    peaks: Mapping[str, NDArray[np.int64]],
    x_label: str,
    title: str = "",
) -> Figure:
    """Draws quantities of one episode against time, a panel each, their swings' peaks marked.

    Args:
        episode: A column per quantity, such as position and angle; the index is the time, [T].
        labels: Column to its label.
        limits: Column to the size at which the episode ends, drawn at either side of zero.
        peaks: Column to the rows at which a swing turns.
        x_label: Of the time.
        title: What the figure shows.
    """
    figure = Figure(figsize=(style.WIDTH, 0.8 + 1.7 * len(labels)))
    panels = figure.subplots(len(labels), sharex=True, squeeze=False)[:, 0]
    for axes, (column, label), colour in zip(panels, labels.items(), style.CYCLE, strict=False):
        values = episode[column]
        axes.plot(values.index, values, color=colour)
        axes.axhline(0, color=style.GREY, linewidth=0.6, zorder=1.5)
        turns = values.iloc[peaks.get(column, [])]
        axes.plot(turns.index, turns, "o", color="white", mec=colour, markersize=5, mew=1.3)
        axes.set_ylabel(label)
        if column in limits:
            for side in (-1, 1):
                axes.axhline(side * limits[column], **style.DASHED)
            reach = max(1.12 * limits[column], 1.02 * float(np.abs(values.to_numpy(float)).max()))
            axes.set_ylim(-reach, reach)
            style.label_right(axes, [Label(limits[column], "episode ends", style.GREY)])
    panels[-1].set_xlabel(x_label)
    style.finish(panels[0], "", labels[next(iter(labels))], title)
    figure.align_ylabels()
    return figure
