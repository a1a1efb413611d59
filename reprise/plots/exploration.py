"""Figures of the stage exploration: a panel for each problem, a line for each behaviour.

Steps are on a logarithmic axis, since behaviours differ by orders of magnitude.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from reprise.plots import show, style
from reprise.plots.show import Results
from reprise.stats import words

COLUMNS = 2
FIRST = (style.GREY, style.VERMILION)  # the first two ways; the others are grades of one
GRADES = LinearSegmentedColormap.from_list("grades", ["#86c5ea", style.BLUE, "#00294a"])
QUARTILES = {("q25", "q75"): 0.16}
BAND = (0.25, 0.75)


def greedy_loss(results: Results) -> Figure:
    """Draw how far the greedy policy is below the optimum, on a logarithmic axis.

    Values below a tenth of the tolerance lie on it.
    """
    tolerance = results.params["tolerance"]
    floor = tolerance / 10
    figure, grid = _curves(results, "loss", floor, "loss of the greedy policy, of the optimum")
    for axes in grid:
        axes.axhline(tolerance, **style.DASHED)
    highest = float(np.nanmax(results.table("curves")["loss_q75"], initial=floor))
    grid[0].set_ylim(0.8 * floor, 1.5 * highest)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "color": style.GREY}
    style.write(grid[0], f"{tolerance:.0%}", (0, tolerance), (4, 3), **place)
    return figure


def coverage(results: Results) -> Figure:
    """Draw the share of state-action pairs that were tried."""
    figure, grid = _curves(results, "coverage", None, "pairs of state and action tried")
    grid[0].set_ylim(0, 1.03)
    return figure


def _curves(
    results: Results, quantity: str, floor: float | None, y_label: str
) -> tuple[Figure, Sequence[Axes]]:
    """Draw medians and bands by steps; values below the floor lie on it."""
    table = results.table("curves")
    figure, grid, colours = _grid(table, y_label)
    if floor is not None:
        grid[0].set_yscale("log")
    for axes, (problem, rows) in zip(grid, table.groupby("problem", sort=False), strict=True):
        by_behaviour = rows.set_index("step").groupby("behaviour", sort=False)
        for (name, part), colour in zip(by_behaviour, colours, strict=True):
            part = part.filter(like=quantity).clip(lower=floor)
            part = part.rename(columns=lambda column: column.removeprefix(f"{quantity}_"))
            style.curve(axes, part, colour, QUARTILES, linewidth=1.5, label=_name(name))
        _finish(axes, problem, float(rows["step"].min()), float(rows["step"].max()))
    lower = f" At the bottom: {_percent(floor)} or less." if floor is not None else ""
    medians = f"Lines: medians of {results.metrics['runs']:,} runs."
    _label(figure, grid, f"{medians} Bands: {style.percent(BAND)}.{lower}")
    return figure, grid


def reached(results: Results) -> Figure:
    """Draw the share of runs with a greedy policy that stays near-optimal, by step."""
    table, near = results.table("samples"), f"{results.params['tolerance']:.0%}"
    figure, grid, colours = _grid(table, f"runs within {near} of the optimum for good")
    for axes, (problem, rows) in zip(grid, table.groupby("problem", sort=False), strict=True):
        last = float(results.metrics["problems"][problem]["iterations"])
        first = 10.0 ** np.floor(np.log10(np.nanmin([last, *rows["steps"]])))
        first = first if first < last else last / 10
        by_behaviour = rows.groupby("behaviour", sort=False)["steps"]
        for (name, steps), colour in zip(by_behaviour, colours, strict=True):
            look = {"color": colour, "label": _name(name)}
            style.arrivals(axes, steps.to_numpy(float), (first, last), **look)
        axes.set_ylim(-0.02, 1.03)
        _finish(axes, problem, first, last)
    _label(figure, grid, f"Of {results.metrics['runs']:,} runs each.")
    return figure


def reached_table(results: Results) -> Markdown:
    """Show when runs become near-optimal, and how likely sooner than a random one."""
    rows = []
    for problem, found in results.metrics["problems"].items():
        for behaviour in (key for key in found if isinstance(found[key], dict)):
            one = found[behaviour]
            steps = [words.number(one["steps"][q], ",.0f") for q in ("q25", "median")]
            tried = words.number(one["coverage"]["mean"], ".1%")
            sooner = one.get("sooner_than_random")
            cells = [show.cell(one["reached"], ".0%"), *steps, tried]
            cells.append(show.cell(sooner, ".0%") if sooner else "")
            rows.append((_title(problem), _name(behaviour), *cells))
    columns = ("problem", "behaviour", "runs that get there", "a quarter by step", "half by step")
    last = ("pairs tried in the end", "sooner than a random run, probability")
    return show.table(rows, (*columns, *last))


def _title(problem: object) -> str:
    return str(problem).replace("_", " ").replace("three state", "three states")


def _name(behaviour: object) -> str:
    name = str(behaviour).replace("epsilon_greedy", "ε-greedy").replace("curiosity_", "k = ")
    return name.replace("_", ".")


def _grid(table: pd.DataFrame, y_label: str) -> tuple[Figure, list[Axes], list[Any]]:
    """Return a panel for each problem and a colour for each behaviour."""
    problems, ways = (len(set(table[key])) for key in ("problem", "behaviour"))
    figure, grid = style.panels(problems, COLUMNS, (1.2, 2.3), ("steps", y_label), sharey=True)
    grades = [GRADES(place) for place in np.linspace(0, 1, max(0, ways - len(FIRST)))]
    return figure, grid, [*FIRST, *grades][:ways]


def _finish(axes: Axes, problem: object, first: float, last: float) -> None:
    first = first if first < last else last / 10  # a single checkpoint
    axes.set_xscale("log")
    # A little room beyond the last step shows what happens there.
    axes.set_xlim(first, max(last, 1.1 * first) * (last / first) ** 0.02)
    marks = (1.0,) if last > 100 * first else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(subs=marks, numticks=8))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter(lambda share, _: _percent(share))
    axes.set_title(_title(problem))


def _label(figure: Figure, grid: Sequence[Axes], note: str) -> None:
    handles, names = grid[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), fontsize=8.5)
    style.note(figure, note)


def _percent(share: float) -> str:
    return f"{100 * share:,.9g}%"
