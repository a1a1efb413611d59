"""Figures of verdicts: each claim's interval beside the margin that it was held against.

As in `figures`: data and labels in, a Figure out.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import ScalarFormatter

from reprise.claims.model import CONFIRMED, REFUTED, UNRESOLVED, VERDICTS, Region
from reprise.measures import variants
from reprise.plots import style

COLOURS = {CONFIRMED: style.BLUE, REFUTED: style.VERMILION, UNRESOLVED: style.GREY}
CLAIMED = {"color": style.GREEN, "alpha": 0.16, "zorder": 1}
HEIGHT = 0.21  # inches a claim
LINEAR = 4.0  # half widths from the margin, beyond which the scale of distances is logarithmic


def intervals(ledger: pd.DataFrame, *, x_label: str, limits: tuple[float, float]) -> Figure:
    """Draws claims of one unit: their intervals, and pale where they are claimed to lie.

    Args:
        ledger: the rows to show, each with an interval.
        x_label: of what was measured, with its unit.
        limits: of the x-axis.
    """
    figure, axes = _rows(ledger, x_label)
    axes.set_xlim(*limits)
    for y, row in enumerate(ledger.to_dict("records")):
        for low, high in _claimed(Region.parsed(row["claimed"]), limits):
            axes.plot([low, high], [y, y], solid_capstyle="butt", linewidth=9, **CLAIMED)
        _interval(axes, y, (row["low"], row["estimate"], row["high"]), row["verdict"])
    style.note(figure, "Pale: where the claim says that it lies. Bars: Holm's intervals.")
    return figure


def distances(ledger: pd.DataFrame, *, x_label: str) -> Figure:
    """Draws claims of any unit: how far from the margin, in half widths of their own interval.

    Right of 0 is where the claim says that it lies.

    Args:
        ledger: the rows to show; those without a finite interval of some width are left out.
        x_label: of the distance.
    """
    wide = np.isfinite(ledger[["low", "high"]]).all(axis=1) & (ledger["high"] > ledger["low"])
    shown = ledger.loc[wide]
    figure, axes = _rows(shown, x_label)
    axes.axvline(0, **style.DASHED)
    axes.set_xscale("symlog", linthresh=LINEAR)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    for y, row in enumerate(shown.to_dict("records")):
        region = Region.parsed(row["claimed"])
        margin = min(region.margins, key=lambda m, row=row: abs(m - row["estimate"]))
        half = (row["high"] - row["low"]) / 2
        inside = 1 if region.holds(row["estimate"]) else -1
        sign = inside * (1 if row["estimate"] >= margin else -1)
        scaled = sorted(sign * (row[key] - margin) / half for key in ("low", "estimate", "high"))
        _interval(axes, y, scaled, row["verdict"])
    style.note(figure, "Right of the dashed line is where the claim says that it lies.")
    return figure


def _rows(ledger: pd.DataFrame, x_label: str) -> tuple[Figure, Axes]:
    """Returns a panel with a labelled row for each claim, the first on top."""
    figure, axes = style.single(1.1 + HEIGHT * len(ledger))
    names = [variants.in_words(str(name)) for name in ledger["claim"]]
    axes.set_yticks(range(len(names)), names, fontsize=style.SMALL)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    style.finish(axes, x_label, "", "")
    found = [verdict for verdict in VERDICTS if verdict in set(ledger["verdict"])]
    axes.legend(
        [Line2D([], [], color=COLOURS[verdict], marker="o", markersize=4) for verdict in found],
        found, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(found), fontsize=style.SMALL,
    )  # fmt: skip
    return figure, axes


def _interval(axes: Axes, y: float, ends: Sequence[float], verdict: str) -> None:
    """Draws low, estimate and high of one claim."""
    low, estimate, high = ends
    axes.plot([low, high], [y, y], color=COLOURS[verdict], linewidth=1.8, zorder=3)
    axes.plot([estimate], [y], "o", color=COLOURS[verdict], markersize=4.5, zorder=4)


def _claimed(region: Region, limits: tuple[float, float]) -> list[tuple[float, float]]:
    """Returns the parts of an axis that lie in a region."""
    low, high = limits
    if region.within:
        return [region.within]
    if region.outside:
        return [(low, region.outside[0]), (region.outside[1], high)]
    (margin,) = region.margins
    return (
        [(margin, high)]
        if region.above is not None or region.at_least is not None
        else [(low, margin)]
    )
