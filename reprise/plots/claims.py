"""Figures and tables of the stage claims."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import ScalarFormatter

from reprise.claims import ledger
from reprise.claims.model import CONFIRMED, REFUTED, UNRESOLVED, VERDICTS, Region
from reprise.measures import variants
from reprise.plots import show, style
from reprise.plots.show import Results

COLOURS = {CONFIRMED: style.BLUE, REFUTED: style.VERMILION, UNRESOLVED: style.GREY}
CLAIMED = {"color": style.GREEN, "alpha": 0.16, "zorder": 1}
HEIGHT = 0.21  # inches a claim
LINEAR = 4.0  # half widths from the margin; the scale of distances is logarithmic beyond
LIMITS = (-0.02, 1.02)  # of axes of probabilities and shares
OTHERS = ["mean", "median", "spread", "ratio", "difference"]
COLUMNS = ("claim", "measured", "claimed", "notebook")


def counts(results: Results) -> Markdown:
    """Show how many claims of each family have each verdict."""
    rows = [
        (name.replace("_", " "), *(count[verdict] for verdict in VERDICTS))
        for name, count in results.metrics["families"].items()
    ]
    total = ("**all**", *(results.metrics[verdict] for verdict in VERDICTS))
    return show.table([*rows, total], ("family", *VERDICTS))


def improvements(results: Results) -> Figure:
    """Draw the claims about probabilities of improvement."""
    return _intervals(_of_forms(results, "improvement"), "probability of improvement")


def shares(results: Results) -> Figure:
    """Draw the claims about shares of seeds."""
    return _intervals(_of_forms(results, "share"), "share of the seeds or runs")


def others(results: Results) -> Figure:
    """Draw the distance of all other claims from their margins, in half widths.

    Right of 0 is the claimed region. Claims without a finite interval of some width are left out.
    """
    rows = _of_forms(results, *OTHERS)
    wide = np.isfinite(rows[["low", "high"]]).all(axis=1) & (rows["high"] > rows["low"])
    rows = pd.DataFrame(rows[wide])
    figure, axes = _rows(rows, "distance from the margin, in half widths of the interval")
    axes.axvline(0, **style.DASHED)
    axes.set_xscale("symlog", linthresh=LINEAR)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    for y, row in enumerate(rows.to_dict("records")):
        region, estimate = Region.parsed(row["claimed"]), row["estimate"]
        margin = min(region.margins, key=lambda margin: abs(margin - estimate))
        sign = 1 if region.holds(estimate) == (estimate >= margin) else -1
        half = (row["high"] - row["low"]) / 2
        scaled = sorted(sign * (row[key] - margin) / half for key in ("low", "estimate", "high"))
        _interval(axes, y, scaled, row["verdict"])
    style.note(figure, "The claimed region is right of the dashed line.")
    return figure


def rows(results: Results, column: str, value: str | bool = True) -> Markdown:
    """Show the claims with a value in a column of the ledger, such as a verdict."""
    found = results.table("ledger")
    found = pd.DataFrame(found[found[column] == value])
    return Markdown("None." if found.empty else ledger.markdown(found, ".", columns=COLUMNS))


def ledger_in_full(results: Results) -> Markdown:
    """Show every claim with its verdict."""
    return Markdown(ledger.markdown(results.table("ledger"), ".", in_full=True))


def _of_forms(results: Results, *forms: str) -> pd.DataFrame:
    """Return the rows of the ledger with some forms of test."""
    return results.table("ledger").query("form in @forms")


def _intervals(rows: pd.DataFrame, x_label: str) -> Figure:
    """Draw claims about probabilities: their intervals, and pale their claimed regions."""
    figure, axes = _rows(rows, x_label)
    axes.set_xlim(*LIMITS)
    for y, row in enumerate(rows.to_dict("records")):
        for low, high in _claimed(Region.parsed(row["claimed"]), LIMITS):
            axes.plot([low, high], [y, y], solid_capstyle="butt", linewidth=9, **CLAIMED)
        _interval(axes, y, (row["low"], row["estimate"], row["high"]), row["verdict"])
    style.note(figure, "Pale: the claimed region. Bars: Holm's intervals.")
    return figure


def _rows(rows: pd.DataFrame, x_label: str) -> tuple[Figure, Axes]:
    """Return a panel with a labelled row for each claim, the first on top."""
    figure, axes = style.single(1.1 + HEIGHT * len(rows))
    names = [variants.in_words(str(name)) for name in rows["claim"]]
    style.rows(axes, names, labelsize=style.SMALL)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel(x_label)
    found = [verdict for verdict in VERDICTS if verdict in set(rows["verdict"])]
    lines = [Line2D([], [], color=COLOURS[each], marker="o", markersize=4) for each in found]
    place = {"loc": "lower right", "bbox_to_anchor": (1, 1), "ncols": len(found)}
    axes.legend(lines, found, fontsize=style.SMALL, **place)
    return figure, axes


def _interval(axes: Axes, y: float, ends: Sequence[float], verdict: str) -> None:
    """Draw low, estimate and high of one claim."""
    low, estimate, high = ends
    axes.plot([low, high], [y, y], color=COLOURS[verdict], linewidth=1.8, zorder=3)
    axes.plot([estimate], [y], "o", color=COLOURS[verdict], markersize=4.5, zorder=4)


def _claimed(region: Region, limits: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the parts of an axis that lie in a region."""
    low, high = limits
    if region.within:
        return [region.within]
    if region.outside:
        return [(low, region.outside[0]), (region.outside[1], high)]
    (margin,) = region.margins
    upwards = region.above is not None or region.at_least is not None
    return [(margin, high) if upwards else (low, margin)]
