"""Figures of the stage exploration, by problem and behaviour."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from reprise.plots import show, style
from reprise.plots.show import Results
from reprise.stats import words

FIRST = (style.GREY, style.VERMILION)  # the first two ways; the others are grades of one
GRADES = LinearSegmentedColormap.from_list("grades", ["#86c5ea", style.BLUE, "#00294a"])


def greedy_loss(results: Results) -> Figure:
    """Draw how far the greedy policy is below the optimum."""
    tolerance = results.params["tolerance"]
    floor = tolerance / 10  # values below lie on it
    y_label = "loss of the greedy policy, of the optimum"
    figure = _curves(results, "loss", y_label, floor, {"yscale": "log"})
    for axes in figure.axes:
        axes.axhline(tolerance, **style.DASHED)
    highest = float(np.nanmax(results.table("curves")["loss_q75"], initial=floor))
    first = figure.axes[0]
    first.set_ylim(0.8 * floor, 1.5 * highest)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "color": style.GREY}
    style.write(first, f"{tolerance:.0%}", (0, tolerance), (4, 3), **place)
    return figure


def coverage(results: Results) -> Figure:
    """Draw the share of state-action pairs that were tried."""
    return _curves(
        results, "coverage", "pairs of state and action tried", None, {"ylim": (0, 1.03)}
    )


def _curves(
    results: Results, quantity: str, y_label: str, floor: float | None, scale: dict[str, Any]
) -> Figure:
    def draw(axes, rows, ends, color, label) -> None:
        part = rows.set_index("step").filter(like=quantity).clip(lower=floor)
        part.columns = part.columns.str.removeprefix(f"{quantity}_")
        style.curve(axes, part, color, {("q25", "q75"): 0.16}, linewidth=1.5, label=label)

    table = results.table("curves")
    steps = table.groupby("problem")["step"].agg(["min", "max"])
    lower = "" if floor is None else f" At the bottom: {_percent(floor)} or less."
    medians = f"Lines: medians of {results.metrics['runs']:,} runs."
    note = f"{medians} Bands: 25–75%.{lower}"
    return _panels(table, dict(steps.iterrows()), y_label, note, draw, scale)


def reached(results: Results) -> Figure:
    """Draw the share of runs near the optimum for good."""

    def draw(axes, rows, ends, **look) -> None:
        style.arrivals(axes, rows["steps"].to_numpy(float), ends, **look)

    table, ends = results.table("samples"), {}
    for problem, rows in table.groupby("problem"):
        last = float(results.metrics["problems"][problem]["iterations"])
        ends[problem] = 10.0 ** np.floor(np.log10(np.nanmin([last, *rows["steps"]]))), last
    y_label = f"runs within {results.params['tolerance']:.0%} of the optimum for good"
    note = f"Of {results.metrics['runs']:,} runs each."
    return _panels(table, ends, y_label, note, draw, {"ylim": (-0.02, 1.03)})


def _panels(
    table: pd.DataFrame, ends: dict, y_label: str, note: str, draw: Callable, scale: dict[str, Any]
) -> Figure:
    """Draw a panel per problem, from end to end."""
    problems = table.groupby("problem", sort=False)
    options = {"sharey": True, "subplot_kw": scale}
    figure, grid = style.panels(len(problems), 2, (1.2, 2.3), ("steps", y_label), **options)
    for axes, (problem, rows) in zip(grid, problems, strict=True):
        first, last = map(float, ends[problem])
        first = first if first < last else last / 10  # a single checkpoint
        ways = rows.groupby("behaviour", sort=False)
        colours = [*FIRST, *GRADES(np.linspace(0, 1, max(0, len(ways) - len(FIRST))))]
        for (name, part), colour in zip(ways, colours, strict=False):
            draw(axes, part, (first, last), color=colour, label=_name(name))
        axes.set_xscale("log")
        # A little room beyond the last step shows what happens there.
        axes.set_xlim(first, max(last, 1.1 * first) * (last / first) ** 0.02)
        marks = (1.0,) if last > 100 * first else (1.0, 2.0, 5.0)
        axes.xaxis.set_major_locator(LogLocator(subs=marks, numticks=8))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter(lambda share, _: _percent(share))
        axes.set_title(_title(problem))
    lines, names = grid[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=len(names), fontsize=8.5)
    style.note(figure, note)
    return figure


def reached_table(results: Results) -> Markdown:
    """Show when runs become near-optimal."""
    rows = []
    for problem, found in results.metrics["problems"].items():
        for behaviour, one in found.items():
            if isinstance(one, dict):
                by = one["steps"]["q25"], one["steps"]["median"], one["covered_steps"]["median"]
                steps = [words.number(step, ",.0f") for step in by]
                tried = words.number(one["coverage"]["mean"], ".1%")
                cells = [show.cell(one["reached"], ".0%"), *steps, tried]
                sooner = one.get("sooner_than_random")
                cells.append(show.cell(sooner, ".0%") if sooner else "")
                rows.append((_title(problem), _name(behaviour), *cells))
    columns = ("problem", "behaviour", "runs that get there", "a quarter by step", "half by step")
    last = (
        "half have tried all pairs by",
        "pairs tried in the end",
        "sooner than a random run, probability",
    )
    return show.table(rows, (*columns, *last))


def _title(problem: object) -> str:
    return str(problem).replace("_", " ").replace("three state", "three states")


def _name(behaviour: object) -> str:
    name = str(behaviour).replace("epsilon_greedy", "ε-greedy").replace("curiosity_", "k = ")
    return name.replace("_", ".")


def _percent(share: float) -> str:
    return f"{100 * share:,.9g}%"
