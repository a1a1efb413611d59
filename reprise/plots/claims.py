"""Figures and tables of the stage claims."""

from collections.abc import Hashable, Mapping
from itertools import pairwise
from typing import Any

import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import ScalarFormatter

from reprise.claims import ledger
from reprise.claims.model import CONFIRMED, REFUTED, UNRESOLVED, VERDICTS, Region
from reprise.measures.variants import in_words
from reprise.plots import show, style
from reprise.plots.show import Results

COLOURS = {CONFIRMED: style.BLUE, REFUTED: style.VERMILION, UNRESOLVED: style.GREY}
CLAIMED = {"color": style.GREEN, "alpha": 0.16, "zorder": 1}
LINEAR = 4.0  # half widths from the margin; the scale of distances is logarithmic beyond
LOW, HIGH = -0.02, 1.02  # ends of axes of probabilities and shares
ENDS = ("low", "high", "low_95", "high_95", "estimate")
BARS = "Thick bars: 95% intervals. Thin bars: intervals of the verdict, by Holm."
OTHERS = ["mean", "median", "spread", "ratio", "difference", "correlation"]
COLUMNS = ("claim", "measured", "claimed", "notebook")


def counts(results: Results) -> Markdown:
    """Count the verdicts in each family of claims."""
    families = results.metrics["families"] | {"**all**": results.metrics}
    rows = [(in_words(name), *map(count.get, VERDICTS)) for name, count in families.items()]
    return show.table(rows, ("family", *VERDICTS))


def others(results: Results) -> Figure:
    """Draw how far the other claims are from their margins.

    The claimed region is right of 0. The unit is half of the interval's width. Claims
    without a finite interval of some width are left out.
    """
    rows = results.table("ledger").query("form in @OTHERS and low < high")
    figure, axes = _rows(rows, "distance from the margin, in half widths of the verdict's interval")
    axes.axvline(0, **style.DASHED)
    axes.set_xscale("symlog", linthresh=LINEAR)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    for y, row in enumerate(rows.to_dict("records")):
        region, middle = Region.model_validate_json(row["region"]), row["estimate"]
        margin = min(region.margins, key=lambda margin: abs(margin - middle))
        half = (row["high"] - row["low"]) / 2
        half *= 1 if region.holds(middle) == (middle >= margin) else -1
        _interval(axes, y, row | {key: (row[key] - margin) / half for key in ENDS})
    style.note(figure, f"The claimed region is right of the dashed line. {BARS}")
    return figure


def rows(results: Results, column: str, value: str | bool = True) -> Markdown:
    """Show the claims with a given value in a column."""
    found = results.table("ledger")
    found = found[found[column] == value]
    return Markdown("None." if found.empty else ledger.markdown(found, ".", columns=COLUMNS))


def changes(results: Results) -> Markdown:
    """Show the claims that have changed their verdict."""
    found = results.table("editions").fillna("")
    found = found[found["first"] != found["second"]]
    columns = "statement", "first", "first_measured", "second", "second_measured", "why"
    names = "claim", "first edition", "measured", "this edition", "measured", "why"
    return show.table(found[list(columns)].to_numpy().tolist(), names)


def ledger_in_full(results: Results) -> Markdown:
    """Show every claim with its verdict."""
    return Markdown(ledger.markdown(results.table("ledger"), ".", in_full=True))


def intervals(results: Results, form: str, x_label: str) -> Figure:
    """Draw claims about probabilities and the claimed regions."""
    rows = results.table("ledger").query("form == @form")
    figure, axes = _rows(rows, x_label)
    axes.set_xlim(LOW, HIGH)
    for y, row in enumerate(rows.to_dict("records")):
        region = Region.model_validate_json(row["region"])
        ends = sorted({LOW, HIGH, *region.margins})
        for low, high in pairwise(ends):
            if region.holds((low + high) / 2):
                axes.plot([low, high], [y, y], solid_capstyle="butt", linewidth=9, **CLAIMED)
        _interval(axes, y, row)
    style.note(figure, f"Green: the claimed region. {BARS}")
    return figure


def _rows(rows: pd.DataFrame, x_label: str) -> tuple[Figure, Axes]:
    """Create a panel with a labelled row for each claim."""
    figure, axes = style.single(1.1 + 0.21 * len(rows))
    style.rows(axes, list(map(in_words, rows["claim"])), labelsize=style.SMALL)
    axes.set(xlabel=x_label, ylim=(len(rows) - 0.4, -0.6))
    found = [verdict for verdict in VERDICTS if verdict in set(rows["verdict"])]
    lines = [Line2D([], [], color=COLOURS[each], marker="o", markersize=4) for each in found]
    place = {"loc": "lower right", "bbox_to_anchor": (1, 1), "ncols": len(found)}
    axes.legend(lines, found, fontsize=style.SMALL, **place)
    return figure, axes


def _interval(axes: Axes, y: float, row: Mapping[Hashable, Any]) -> None:
    colour = COLOURS[row["verdict"]]
    for low, high, width in (("low", "high", 1), ("low_95", "high_95", 2.6)):
        axes.plot([row[low], row[high]], [y, y], color=colour, linewidth=width, zorder=3)
    axes.plot([row["estimate"]], [y], "o", color=colour, markersize=4.5, zorder=4)
