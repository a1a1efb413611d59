"""A figure that compares revisions: seeds, means, verdicts as colours."""

import io
from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure

from reprise.compare.findings import Outcome
from reprise.measures.outcomes import ALIKE
from reprise.plots import style
from reprise.stats.improvement import EVEN, percent, side
from reprise.stats.intervals import CONFIDENCE

COLOURS = {1: style.BLUE, -1: style.VERMILION, 0: style.GREY}


def outcomes(found: Sequence[Outcome], kind: str) -> bytes:
    """Draw a panel for each outcome, as PNG or SVG."""
    content, heights = io.BytesIO(), [0.9 + 0.32 * len(outcome.rows) for outcome in found]
    with matplotlib.rc_context(fname=style.STYLE_SHEET):
        figure = Figure(figsize=(style.WIDTH, 0.5 + sum(heights)))
        panels = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, outcome in zip(panels, found, strict=True):
            names = []
            for place, row in enumerate(outcome.rows):
                colour = COLOURS[side(row.chance, EVEN)] if row.chance else style.INK
                style.seeds_and_mean(axes, place, row.values, row.mean, colour)
                names.append(row.revision + (f"\n{percent(row.chance)}" if row.chance else ""))
            style.rows(axes, names, labelsize=style.SMALL, labelcolor=style.INK)
            title = " ".join(filter(None, (outcome.stage, outcome.name, outcome.group)))
            style.finish(axes, "", "", title)
        faint = style.faint_marks(row.values for outcome in found for row in outcome.rows)
        style.note(
            figure,
            f"Bars: means with {100 * CONFIDENCE:g}% intervals.{faint} Percent: "
            "probability that a seed beats one of the baseline.\nBlue: above the baseline. "
            f"Vermilion: below it. Grey: {ALIKE}. Black: the baseline.",
        )
        figure.savefig(content, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return content.getvalue()
