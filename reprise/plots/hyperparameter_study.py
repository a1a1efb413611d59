"""Figures of a study of hyperparameters: all settings as a heatmap, and what each value does.

As in `figures`: data and labels in, a Figure out; labels of axes are given with their unit.
"""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from reprise.measures.ranking import shown
from reprise.measures.variants import in_words
from reprise.plots import style
from reprise.stats import words
from reprise.stats.intervals import CONFIDENCE, Interval

SURE = f"{CONFIDENCE:.0%}"
PANEL = 2.25  # inches, of a panel's height


def heatmap(
    settings: pd.DataFrame,
    keys: Sequence[str],
    column: str,
    *,
    top: float,
    label: str,
    marked: str = "",
) -> Figure:
    """Draws a cell a setting: rows and columns are two hyperparameters, panels all others.

    A setting that was not tried has no cell; one without a value has a dash.

    Args:
        settings: As `studying.settings` gives it.
        keys: The hyperparameters, at least one.
        column: What the colour and the number in a cell show.
        top: The most that it can be, where the colours end if no value is beyond it.
        label: Of the colours, with the unit.
        marked: A column of shares whose value stands below the number, in percent.
    """
    row, column_key, *others = [*keys, ""][: max(2, len(keys))]
    frame = settings.assign(**{"": ""}) if column_key == "" else settings
    named = frame[list(dict.fromkeys([*others, row, column_key]))].map(shown)
    panels = list(dict.fromkeys(zip(*(named[key] for key in others), strict=True))) or [()]
    rows, columns = list(dict.fromkeys(named[row])), list(dict.fromkeys(named[column_key]))
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    figure = Figure(figsize=(style.WIDTH, 0.9 + PANEL * down))
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    image = None
    colours = Normalize(*style.limits(top, frame[column], room=0))
    for axes, panel in zip(grid, panels, strict=False):
        inside = np.all([named[k] == v for k, v in zip(others, panel, strict=True)], axis=0)
        here = np.flatnonzero(np.broadcast_to(inside, len(frame)))
        values = np.full((len(rows), len(columns)), np.nan)
        texts = np.full(values.shape, "", dtype=object)
        for index in here:
            found = named.iloc[index]
            place = rows.index(found[row]), columns.index(found[column_key])
            values[place] = frame[column].iloc[index]
            share = words.number(frame[marked].iloc[index], ".0%") if marked else ""
            texts[place] = f"{words.number(values[place], '.0f')}\n{share}".rstrip()
        image = axes.imshow(values, norm=colours, cmap="cividis", aspect="auto")
        _write(axes, values, texts, colours)
        title = ", ".join(f"{in_words(k)} {v}" for k, v in zip(others, panel, strict=True))
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        first, lowest = axes in grid[::across], axes in grid[-across:]
        style.finish(
            axes, in_words(column_key) if lowest else "", in_words(row) if first else "", title
        )
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    assert image is not None
    scale = figure.colorbar(image, ax=list(grid), pad=0.02, aspect=30)
    scale.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    scale.set_label(label)
    if marked:
        style.note(figure, "Below each mean: the share of seeds that solve the task.")
    return figure


def _write(axes: Axes, values: np.ndarray, texts: np.ndarray, colours: Normalize) -> None:
    """Writes into each cell what it shows, dark on light and light on dark."""
    for (row, column), text in np.ndenumerate(texts):
        if not text:
            continue
        value = values[row, column]
        red, green, blue, _ = mpl.colormaps["cividis"](colours(value))
        dark = np.isnan(value) or 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        colour = style.INK if dark else "white"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=style.SMALL)


def marginal_effects(effects: pd.DataFrame, *, x_label: str) -> Figure:
    """Draws for each value of each hyperparameter the mean over all settings that have it.

    Args:
        effects: As `studying.effects` gives it.
        x_label: Of the means.
    """
    keys = list(dict.fromkeys(effects["hyperparameter"]))
    heights = [int((effects["hyperparameter"] == key).sum()) for key in keys]
    figure = Figure(figsize=(style.WIDTH, 1.0 + 0.34 * sum(heights) + 0.3 * len(keys)))
    column = figure.subplots(len(keys), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, key in zip(column, keys, strict=True):
        labels = []
        rows = pd.DataFrame(effects[effects["hyperparameter"] == key]).to_dict("records")
        for place, row in enumerate(rows):
            style.bar(axes, row["mean_low"], row["mean"], row["mean_high"], place, style.BLUE)
            mean, low, high = row["mean"], row["mean_low"], row["mean_high"]
            text = words.bracketed(Interval(mean, low, high, row["n"], degenerate=False))
            labels.append(style.Label(place, text))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_yticks(range(len(rows)), [shown(row["value"]) for row in rows])
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        style.finish(axes, x_label if axes is column[-1] else "", "", in_words(key))
        style.label_right(axes, labels)
    style.note(figure, f"Dots: means over all settings with the value. Bars: {SURE} intervals.")
    return figure


def few_seeds(found: pd.DataFrame, *, seeds: int) -> Figure:
    """Draws how often few seeds have two settings in the wrong order, over how many they are.

    Args:
        found: As `studying.few_seeds` gives it.
        seeds: How many there are of each setting.
    """
    figure, axes = style.single(3.1)
    names = {"all": "all pairs", "told_apart": f"pairs that {seeds} seeds tell apart"}
    labels = []
    for (pairs, name), colour in zip(names.items(), style.CYCLE, strict=False):
        rows = pd.DataFrame(found[found["pairs"] == pairs])
        if not len(rows):
            continue
        axes.vlines(rows["seeds"], rows["wrong_low"], rows["wrong_high"], color=colour, linewidth=2)
        axes.plot(rows["seeds"], rows["wrong"], "o-", color=colour, linewidth=1.2, markersize=5)
        labels.append(style.Label(float(rows["wrong"].iloc[-1]), name, colour))
    axes.axhline(0.5, **style.DASHED)
    style.hold([axes], 0.5, room=0.1)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_xticks(sorted(set(found["seeds"])))
    style.finish(axes, "seeds of each setting", "the wrong one of two is picked", "")
    style.label_right(axes, labels)
    style.note(figure, f"Bars: {SURE} intervals. Dashed: a coin.")
    return figure
