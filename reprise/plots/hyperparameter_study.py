"""Figures and tables of the stage hyperparameter_study."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from reprise.measures.ranking import shown
from reprise.measures.variants import in_words
from reprise.plots import show, style
from reprise.plots.show import Results
from reprise.stats import words
from reprise.stats.intervals import CONFIDENCE, Interval

PAIRS = {"all": "all pairs", "told_apart": "pairs that all seeds tell apart"}


def keys(results: Results) -> list[str]:
    """Return the hyperparameters of the grid."""
    return [each["name"] for each in results.params["grid"]]


def grid(results: Results) -> Markdown:
    """Show the values that were tried."""
    tried = {each["name"]: map(shown, each["values"]) for each in results.params["grid"]}
    rows = [(f"`{name}`", ", ".join(values)) for name, values in tried.items()]
    return show.table(rows, ("hyperparameter", "values"))


def all_settings(results: Results) -> Figure:
    """Draw the mean and the share of solving seeds of every setting."""
    return heatmap(results.table("settings"), keys(results), results.limits[0])


def heatmap(settings: pd.DataFrame, keys: Sequence[str], top: float) -> Figure:
    """Draw a cell for each setting: two hyperparameters a panel, panels for all others.

    Args:
        settings: a row for each setting, with its values, `mean` and `solved`.
        keys: the hyperparameters, at least one.
        top: the highest possible mean.
    """
    row, column, *others = [*keys, ""][: max(2, len(keys))]
    named = pd.DataFrame(settings.assign(**{"": ""})[[*others, row, column]]).map(shown)
    titles = [
        ", ".join(f"{in_words(key)} {values[key]}" for key in others)
        for values in named.to_dict("records")
    ]
    panels = list(named.groupby(np.array(titles), sort=False))
    across, shared = min(3, len(panels)), {"sharex": True, "sharey": True}
    figure, grid = style.panels(len(panels), across, (0.9, 2.25), (in_words(column), ""), **shared)
    every, colours = list(figure.axes), Normalize(*style.limits(top, settings["mean"], room=0))
    rows, columns = (list(dict.fromkeys(named[key])) for key in (row, column))
    for axes, (title, inside) in zip(grid, panels, strict=True):
        means = np.full((len(rows), len(columns)), np.nan)
        for index, place in inside.iterrows():
            y, x = rows.index(place[row]), columns.index(place[column])
            means[y, x] = settings.at[index, "mean"]
            _write(axes, (x, y), means[y, x], settings.at[index, "solved"], colours)
        axes.imshow(means, norm=colours, cmap="cividis", aspect="auto")
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_title(str(title))
        axes.set_ylabel(in_words(row) if axes in grid[::across] else "")
    style.colour_bar(figure, every, grid[0].images[0], "mean final greedy return (steps)")
    style.note(figure, "Below each mean: the share of seeds that solve the task.")
    return figure


def _write(
    axes: Axes, place: tuple[int, int], mean: float, solved: float, colours: Normalize
) -> None:
    """Write mean and share into a cell, dark on light colours and light on dark ones."""
    red, green, blue, _ = mpl.colormaps["cividis"](colours(mean))
    light = np.isnan(mean) or 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
    text = f"{words.number(mean, '.0f')}\n{words.number(solved, '.0%')}"
    look = {"color": style.INK if light else "white", "fontsize": style.SMALL}
    axes.text(*place, text, ha="center", va="center", **look)


def in_numbers(results: Results) -> Markdown:
    """Show how many settings solve the task, and the best and the worst one."""
    rows = {
        "settings": "solving.settings",
        "settings that solve the task": "solving.solve",
        "settings that do not": "solving.do_not",
        "settings that the seeds do not decide": "solving.undecided",
    }
    for which in ("best", "worst"):
        if found := results.metrics[which]:
            values = ", ".join(f"{in_words(key)} {shown(found[key])}" for key in keys(results))
            rows[f"{which} mean (steps): {values}"] = which
    return show.numbers(results, rows, ",.0f")


def marginal_effects(results: Results) -> Figure:
    """Draw the mean over all settings with each value."""
    groups = {str(key): rows for key, rows in results.table("effects").groupby("hyperparameter")}
    names = keys(results)
    heights = [len(groups[name]) for name in names]
    height = 1.0 + 0.34 * sum(heights) + 0.3 * len(names)
    figure = Figure(figsize=(style.WIDTH, height))
    column = figure.subplots(len(names), 1, sharex=True, squeeze=False, height_ratios=heights)
    for axes, name in zip(column[:, 0], names, strict=True):
        labels = []
        for place, row in enumerate(groups[name].to_dict("records")):
            found = Interval(row["mean"], row["mean_low"], row["mean_high"], row["n"], False)
            style.bar(axes, found.low, found.estimate, found.high, place, style.BLUE)
            labels.append(style.Label(place, words.bracketed(found)))
        style.rows(axes, list(map(shown, groups[name]["value"])))
        axes.set_title(in_words(name))
        style.label_right(axes, labels)
    column[-1, 0].set_xlabel("mean final greedy return (steps)")
    dots = "Dots: means over all settings with the value."
    style.note(figure, f"{dots} Bars: {CONFIDENCE:.0%} intervals.")
    return figure


def few_seeds(results: Results) -> Figure | None:
    """Draw how often few seeds pick the wrong one of two settings; None without pairs."""
    table = results.table("few_seeds")
    if table.empty:
        return None
    figure, axes = style.single(3.1)
    labels = []
    for (pairs, name), colour in zip(PAIRS.items(), style.CYCLE, strict=False):
        rows = pd.DataFrame(table[table["pairs"] == pairs])
        if rows.empty:
            continue
        axes.vlines(rows["seeds"], rows["wrong_low"], rows["wrong_high"], color=colour, linewidth=2)
        axes.plot(rows["seeds"], rows["wrong"], "o-", color=colour, linewidth=1.2, markersize=5)
        labels.append(style.Label(float(rows["wrong"].iloc[-1]), name, colour))
    axes.axhline(0.5, **style.DASHED)
    style.hold([axes], 0.5, room=0.1)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_xticks(sorted(set(table["seeds"])))
    style.finish(axes, "seeds of each setting", "picks the wrong one of two", "")
    style.label_right(axes, labels)
    style.note(figure, f"Bars: {CONFIDENCE:.0%} intervals. Dashed: a coin.")
    return figure
