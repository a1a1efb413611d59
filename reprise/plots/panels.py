"""Figures of several panels over the same seeds: pairs, single seeds, curves in a stack.

As in `figures`: data and labels in, a Figure out; labels of axes are given with their unit.
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprise.measures.training import QUANTILES
from reprise.plots import style


def paired(
    panels: Mapping[str, tuple[pd.Series, pd.Series]], *, x_name: str, y_name: str, unit: str
) -> Figure:
    """Draws each seed as a dot, what it got one way against what it got the other way.

    A dot above the diagonal did better the y way; how many did stands above the panel.

    Args:
        panels: Title to the values of all seeds one way and the other, in the same order [N].
        x_name: Of the one way.
        y_name: Of the other.
        unit: Of all values.
    """
    figure = Figure(figsize=(style.WIDTH, min(7.2, 1.4 + 5.8 / len(panels))))
    for axes, (title, (x, y)) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        known = np.append(x, y).astype(float)
        known = known[np.isfinite(known)]
        low, top = style.limits(known.max(initial=-np.inf), known, room=0.04)
        axes.plot([low, top], [low, top], **style.DASHED)
        axes.plot(x, y, "o", color=style.BLUE, alpha=0.35, markersize=5, mew=0)
        axes.set(xlim=(low, top), ylim=(low, top), aspect="equal")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        style.finish(axes, f"{x_name} ({unit})", f"{y_name} ({unit})", "")
        axes.set_title(title, pad=21)  # room for the counts below the title
        axes.annotate(
            f"better: {y_name} {int((y > x).sum())}, {x_name} {int((y < x).sum())}, "
            f"neither {int((y == x).sum())}",
            (0, 1),
            (0, 5),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=style.SMALL,
            color=style.GREY,
        )
    style.note(figure, "Each dot: one seed. Dashed: both ways the same.")
    return figure


def one_by_one(
    curves: pd.DataFrame, chosen: Mapping[str, str], *, top: float, x_label: str, y_label: str
) -> Figure:
    """Draws single seeds, a panel each, before the band of all.

    Args:
        curves: One column per seed, the index along the x-axis [T, N].
        chosen: Title to the column of the seed.
        top: The highest possible value.
        x_label: Of the index.
        y_label: Of the values.
    """
    columns = min(3, len(chosen))
    rows = -(-len(chosen) // columns)
    figure = Figure(figsize=(style.WIDTH, 0.7 + 1.65 * rows))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    low, high = (curves.quantile(QUANTILES[end], axis=1) for end in ("low", "high"))
    for axes, (title, column) in zip(grid.flat, chosen.items(), strict=False):
        axes.fill_between(curves.index, low, high, color=style.SKY, alpha=0.22, linewidth=0)
        axes.plot(curves.index, curves[column], color=style.BLUE, linewidth=0.8)
        axes.axhline(top, **style.DASHED)
        axes.set_title(title, fontsize=style.SMALL, fontweight="normal", pad=5)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    style.hold(list(grid.flat[: len(chosen)]), top)
    for axes in grid.flat[len(chosen) :]:
        axes.set_visible(False)
    figure.supylabel(y_label, fontsize=9.5)
    for axes in grid[-1]:
        axes.set_xlabel(x_label)
    band = style.percent((QUANTILES["low"], QUANTILES["high"]))
    style.note(
        figure, f"Line: the one seed. Band: {band} of all {curves.shape[1]}. Dashed: the maximum."
    )
    return figure


def stacked(
    panels: Mapping[str, pd.DataFrame],
    *,
    x_label: str,
    title: str = "",
    logarithmic: Collection[str] = (),
) -> Figure:
    """Draws quantities of the same trainings above each other: medians, and the band of the seeds.

    Args:
        panels: Label of the y-axis to a table of median, low and high, its index along the x-axis.
        x_label: Of the index.
        title: What the figure shows.
        logarithmic: Labels with a logarithmic axis, if all values are above 0.
    """
    figure = Figure(figsize=(style.WIDTH, 0.8 + 2.0 * len(panels)))
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (label, table), colour in zip(rows, panels.items(), style.CYCLE, strict=False):
        axes.fill_between(
            table.index, table["low"], table["high"], color=colour, alpha=0.22, linewidth=0
        )
        axes.plot(table.index, table["median"], color=colour, linewidth=1.4)
        if label in logarithmic and (table[["low", "median"]].to_numpy(float) > 0).all():
            axes.set_yscale("log")
        style.finish(axes, "", label, title if axes is rows[0] else "")
    rows[-1].set_xlabel(x_label)
    figure.align_ylabels()
    band = style.percent((QUANTILES["low"], QUANTILES["high"]))
    style.note(figure, f"Lines: medians. Bands: {band} of the seeds.")
    return figure
