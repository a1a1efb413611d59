"""Figures of the stage exploration: a panel for each problem, a line for each behaviour.

Steps are on a logarithmic axis, since behaviours differ by orders of magnitude.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray

from reprise.plots import show, style
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats import words

COLUMNS = 2
FIRST = (style.GREY, style.VERMILION)  # the first two ways; the others are grades of one
GRADES = LinearSegmentedColormap.from_list("grades", ["#86c5ea", style.BLUE, "#00294a"])
BAND = (0.25, 0.75)


def greedy_loss(results: Results) -> Figure:
    """Draw how far the greedy policy is below the optimum."""
    tolerance = results.params["tolerance"]
    return quantile_curves(
        _panels(results, "loss"), number_of_runs=results.metrics["runs"], x_label="steps",
        y_label="loss of the greedy policy, of the optimum", floor=tolerance / 10,
        level=Label(tolerance, f"{tolerance:.0%}"),
    )  # fmt: skip


def coverage(results: Results) -> Figure:
    """Draw the share of state-action pairs that were tried."""
    return quantile_curves(
        _panels(results, "coverage"), number_of_runs=results.metrics["runs"], x_label="steps",
        y_label="pairs of state and action tried",
    )  # fmt: skip


def reached(results: Results) -> Figure:
    """Draw the share of runs with a greedy policy that stays near-optimal."""
    panels = {
        _title(problem): {
            _name(behaviour): rows["steps"].to_numpy(float)
            for behaviour, rows in table.groupby("behaviour", sort=False)
        }
        for problem, table in results.table("samples").groupby("problem", sort=False)
    }
    problems = results.metrics["problems"]
    return reached_shares(
        panels, {_title(p): found["iterations"] for p, found in problems.items()}, x_label="steps",
        y_label=f"runs within {results.params['tolerance']:.0%} of the optimum for good",
    )  # fmt: skip


def reached_table(results: Results) -> Markdown:
    """Show when runs become near-optimal, and how likely sooner than a random one."""
    rows = []
    for problem, found in results.metrics["problems"].items():
        for behaviour in (key for key in found if isinstance(found[key], dict)):
            one = found[behaviour]
            steps = one["steps"]
            sooner = one.get("sooner_than_random")
            rows.append((
                _title(problem), _name(behaviour), show.cell(one["reached"], ".0%"),
                *(words.number(steps[q], ",.0f") for q in ("q25", "median")),
                words.number(one["coverage"]["mean"], ".1%"),
                show.cell(sooner, ".0%") if sooner else "",
            ))  # fmt: skip
    return show.table(rows, (
        "problem", "behaviour", "runs that get there", "a quarter by step", "half by step",
        "pairs tried in the end", "sooner than a random run, probability",
    ))  # fmt: skip


def _panels(results: Results, quantity: str) -> dict[str, dict[str, pd.DataFrame]]:
    names = {f"{quantity}_{name}": name for name in ("q25", "median", "q75")}
    return {
        _title(problem): {
            _name(behaviour): pd.DataFrame(rows.set_index("step")[list(names)]).set_axis(
                list(names.values()), axis=1
            )
            for behaviour, rows in table.groupby("behaviour", sort=False)
        }
        for problem, table in results.table("curves").groupby("problem", sort=False)
    }


def _title(problem: object) -> str:
    return str(problem).replace("_", " ").replace("three state", "three states")


def _name(behaviour: object) -> str:
    name = str(behaviour).replace("epsilon_greedy", "ε-greedy").replace("curiosity_", "k = ")
    return name.replace("_", ".")


def quantile_curves(
    panels: Mapping[str, Mapping[str, pd.DataFrame]],
    *,
    number_of_runs: int,
    x_label: str,
    y_label: str,
    floor: float | None = None,
    level: Label | None = None,
) -> Figure:
    """Draws medians and bands by steps.

    Args:
        panels: Title to ways, a way's name to a table of the quantiles q25, median and q75, its
            index the steps, above 0. All titles have the same names.
        number_of_runs: Behind each of the quantiles.
        x_label: Of the steps.
        y_label: Of the values, which are shares.
        floor: If given, the values are on a logarithmic axis, and lower ones lie on this value.
        level: A named value to compare with.
    """
    figure, grid, colours = _grid(panels)
    for axes, (title, ways) in zip(grid, panels.items(), strict=False):
        for (name, table), colour in zip(ways.items(), colours, strict=True):
            table = table.clip(lower=floor)
            axes.fill_between(
                table.index, table["q25"], table["q75"], color=colour, alpha=0.16, linewidth=0
            )
            axes.plot(table.index, table["median"], color=colour, linewidth=1.5, label=name)
        if level is not None:
            axes.axhline(level.value, **style.DASHED)
        steps = next(iter(ways.values())).index.to_numpy(float)
        _finish(axes, title, float(steps[0]), float(steps[-1]))
    if floor is None:
        grid[0].set_ylim(0, 1.03)
    else:
        tables = [way for ways in panels.values() for way in ways.values()]
        highest = max(float(np.nanmax(table["q75"], initial=floor)) for table in tables)
        grid[0].set_yscale("log")
        grid[0].set_ylim(0.8 * floor, 1.5 * max(highest, floor))
    if level is not None:
        grid[0].annotate(
            level.text, (0, level.value), (4, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", fontsize=style.SMALL, color=style.GREY,
        )  # fmt: skip
    lower = f" At the bottom: {_percent(floor)} or less." if floor is not None else ""
    band = f"Lines: medians of {number_of_runs:,} runs. Bands: {style.percent(BAND)}.{lower}"
    _label(figure, grid, x_label, y_label, band)
    return figure


def reached_shares(
    panels: Mapping[str, Mapping[str, NDArray[np.float64]]],
    last: Mapping[str, float],
    *,
    x_label: str,
    y_label: str,
) -> Figure:
    """Draws the share of runs that have got there by each step.

    Args:
        panels: Title to ways, a way's name to the steps of each run, above 0, NaN for one that
            never gets there, [R]. All titles have the same names.
        last: Title to the step at which its runs end.
        x_label: Of the steps.
        y_label: Of the share.
    """
    figure, grid, colours = _grid(panels)
    for axes, (title, ways) in zip(grid, panels.items(), strict=False):
        soonest = min(
            [*(float(s.min()) for s in map(_there, ways.values()) if s.size), last[title]]
        )
        first = 10.0 ** np.floor(np.log10(soonest))
        first = first if first < last[title] else last[title] / 10
        for (name, steps), colour in zip(ways.items(), colours, strict=True):
            there = _there(steps)
            shares = np.arange(len(there) + 1) / len(steps)
            x = [first, *there, last[title]]
            axes.step(x, [*shares, shares[-1]], where="post", color=colour, label=name)
        axes.set_ylim(-0.02, 1.03)
        _finish(axes, title, first, last[title])
    runs = len(next(iter(next(iter(panels.values())).values())))
    _label(figure, grid, x_label, y_label, f"Of {runs:,} runs each.")
    return figure


def _grid(panels: Mapping[str, Mapping[str, object]]) -> tuple[Figure, Sequence[Axes], list]:
    """Returns a panel for each problem and a colour for each way."""
    rows = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(style.WIDTH, 1.2 + 2.3 * rows))
    grid = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False).ravel()
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    graded = max(0, len(next(iter(panels.values()))) - len(FIRST))
    grades = [GRADES(place) for place in np.linspace(0, 1, graded)]
    return figure, list(grid), [*FIRST, *grades][: graded + len(FIRST)]


def _there(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the steps of the runs that get there, sorted."""
    return np.sort(steps[~np.isnan(steps)])


def _finish(axes: Axes, title: str, first: float, last: float) -> None:
    first = first if first < last else last / 10  # a single checkpoint
    axes.set_xscale("log")
    axes.set_xlim(
        first, max(last, 1.1 * first) * (last / first) ** 0.02
    )  # what happens at the end is seen
    marks = (1.0,) if last > 100 * first else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(subs=marks, numticks=8))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:,.0f}")
    style.finish(axes, "", "", title)


def _label(figure: Figure, grid: Sequence[Axes], x_label: str, y_label: str, note: str) -> None:
    handles, names = grid[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), fontsize=8.5)
    figure.supylabel(y_label, fontsize=9.5)
    for axes in grid:
        if axes.get_subplotspec().is_last_row():  # pyright: ignore[reportOptionalMemberAccess]
            axes.set_xlabel(x_label)
        axes.yaxis.set_major_formatter(lambda share, _: _percent(share))
    style.note(figure, note)


def _percent(share: float) -> str:
    return f"{100 * share:,.9g}%"
