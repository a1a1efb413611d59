"""Figures of what actions are credited with: worked examples, and how a discount weighs rewards.

As in `figures`: data and labels in, a Figure out.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprise.plots import style
from reprise.plots.style import Label

HALF = 0.5


def worked_example(
    steps: pd.DataFrame, quantities: Mapping[str, str], *, titles: Sequence[str]
) -> Figure:
    """Draws the quantities of each step as bars, a row for a quantity, a column for an episode.

    Args:
        steps: A row for each step, with the columns episode, step and those of the quantities.
        quantities: Column of the quantity to the label of its row.
        titles: Of the episodes.
    """
    episodes = [group for _, group in steps.groupby("episode")]
    figure = Figure(figsize=(style.WIDTH, 0.9 + 1.3 * len(quantities)))
    grid = figure.subplots(
        *(len(quantities), len(episodes)), sharex="col", sharey="row", squeeze=False,
        width_ratios=[len(episode) + 1 for episode in episodes],
    )  # fmt: skip
    for row, (column, label) in zip(grid, quantities.items(), strict=True):
        every = steps[column].to_numpy(float)
        low, high = min(0.0, *every), max(0.0, *every)
        high = high if high > low else 1.0
        room = 0.24 * (high - low)  # for the numbers beyond the bars
        for axes, episode in zip(row, episodes, strict=True):
            values = episode[column]
            colours = [style.BLUE if value >= 0 else style.VERMILION for value in values]
            axes.bar(episode["step"], values, 0.62, color=colours, alpha=0.85)
            for step, value in zip(episode["step"], values, strict=True):
                axes.annotate(
                    f"{value:.3g}".replace("-", "\N{MINUS SIGN}"),
                    (step, value),
                    (0, 3 if value >= 0 else -3),
                    textcoords="offset points",
                    ha="center",
                    va="bottom" if value >= 0 else "top",
                    fontsize=style.SMALL,
                )
            axes.axhline(0, color=style.INK, linewidth=0.8)
            axes.set_ylim(low - room * (low < 0), high + room * (high > 0))
            axes.set_xlim(-0.7, len(episode) - 0.3)
            axes.set_xticks(episode["step"])
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.grid(axis="x", visible=False)
        row[0].set_ylabel(label)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=9.5)
    for axes in grid[-1]:
        axes.set_xlabel("step t")
    figure.align_ylabels()
    return figure


def discount_weights(half_lives: Mapping[float, float], *, title: str = "") -> Figure:
    """Draws what a reward counts by how many steps away it is, and when it counts for half.

    Args:
        half_lives: Discount to the number of steps after which a reward counts for half.
        title: What the figure shows.
    """
    figure, axes = style.single(3.4)
    steps = np.arange(int(1.45 * max(half_lives.values())) + 2)
    axes.axhline(HALF, **style.DASHED)
    labels = []
    for (discount, half), colour in zip(half_lives.items(), style.CYCLE, strict=False):
        weights = np.cumprod([1.0, *[discount] * (len(steps) - 1)])
        axes.plot(steps, weights, color=colour)
        axes.plot([half, half], [0, HALF], color=colour, linewidth=0.9, alpha=0.6)
        axes.plot([half], [HALF], "o", color=colour, markersize=7, mec="white", mew=1.2, zorder=4)
        axes.annotate(
            f"{half:.1f} steps",
            (half, HALF),
            (6, 6),
            textcoords="offset points",
            color=colour,
            fontsize=style.SMALL,
        )
        labels.append(Label(float(weights[-1]), f"γ = {discount:g}", colour))
    axes.set_ylim(0, 1.04)
    axes.set_yticks([0, HALF, 1], ["0%", "50%", "100%"])
    axes.set_xlim(0, float(steps[-1]))
    style.finish(axes, "steps into the future", "what a reward counts", title)
    style.label_right(axes, labels)
    return figure
