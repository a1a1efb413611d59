"""A figure of revisions: each seed, the means, and the verdicts as colours."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from reprise.compare.contrasts import Row
from reprise.compare.findings import Outcome
from reprise.plots import style
from reprise.stats.improvement import EVEN, percent, side
from reprise.stats.intervals import CONFIDENCE

COLOURS = {1: style.BLUE, -1: style.VERMILION, 0: style.GREY}


def outcomes(found: Sequence[Outcome]) -> Figure:
    """Draw a panel for each outcome and group, with a row for each revision, best first."""
    heights = [0.9 + 0.32 * len(outcome.rows) for outcome in found]
    figure = Figure(figsize=(style.WIDTH, 0.5 + sum(heights)))
    panels = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, outcome in zip(panels, found, strict=True):
        for place, row in enumerate(outcome.rows):
            colour = _colour(row)
            rows = place + style.jitter(len(row.values), 0.25)
            axes.plot(row.values, rows, "o", color=colour, alpha=0.25, markersize=3, mew=0)
            if row.mean:
                mean = row.mean
                style.bar(axes, mean.low, mean.estimate, mean.high, place, colour)
        chances = [f"\n{percent(row.chance)}" if row.chance else "" for row in outcome.rows]
        names = [row.revision + said for row, said in zip(outcome.rows, chances, strict=True)]
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0, labelsize=style.SMALL, labelcolor=style.INK)
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
        title = " ".join(filter(None, (outcome.stage, outcome.name, outcome.group)))
        style.finish(axes, "", "", title)
    style.note(
        figure,
        f"Faint: each seed. Bars: means with {100 * CONFIDENCE:g}% intervals. Percent: probability "
        "of beating the baseline.\nBlue: above the baseline. Vermilion: below it. Grey: not told "
        "apart. Black: the baseline.",
    )
    return figure


def _colour(row: Row) -> str:
    return COLOURS[side(row.chance, EVEN)] if row.chance else style.INK
