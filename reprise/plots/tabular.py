"""Figures of tabular methods, in the house style: Q-values by sweep, values on a grid, settling.

As in `figures`: data and labels in, a Figure out; labels of axes are given with their unit.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reprise.plots import style
from reprise.plots.style import Label

BANDS = ((0.05, 0.95), (0.25, 0.75))  # of the columns q05 to q95
SOLVER_MARKS = ("o", "D", "s", "^")


class Grid(NamedTuple):
    """Optimal values laid out as the environment is, with a mark in each cell."""

    values: NDArray[np.float64]  # [R, C]
    marks: NDArray[np.str_]  # such as the arrow of the best action, [R, C]


def pair_name(state: str, action: str) -> str:
    """Returns the name of a state and an action; names that hold a comma are quoted."""
    return ", ".join(f'"{name}"' if "," in name else name for name in (state, action))


def q_value_sweeps(
    panels: Mapping[str, pd.DataFrame],
    best: Mapping[str, Collection[tuple[str, str]]],
    *,
    x_label: str,
    y_label: str,
) -> Figure:
    """Draws Q-values by sweep, a panel for each discount, those of the best actions boldly.

    Args:
        panels: Title to a table, its index the sweep, its columns (state, action).
        best: Title to the columns of the best actions.
        x_label: Of the sweeps.
        y_label: Of the Q-values.
    """
    figure = Figure(figsize=(style.WIDTH, 4.2))
    axes_row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, table) in zip(axes_row, panels.items(), strict=True):
        states = list(dict.fromkeys(state for state, _ in table.columns))
        bold = {pair_name(*pair) for pair in best[title]}
        labels = []
        for (state, action), values in zip(table.columns, table.to_numpy().T, strict=True):
            colour = style.CYCLE[states.index(state) % len(style.CYCLE)]
            name = pair_name(state, action)
            chosen = name in bold
            axes.plot(
                table.index,
                values,
                color=colour,
                linewidth=2.2 if chosen else 1.0,
                alpha=1.0 if chosen else 0.65,
            )
            labels.append(Label(float(values[-1]), name, colour))
        style.finish(axes, x_label, y_label if axes is axes_row[0] else "", title)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        style.label_right(axes, labels)
        for text in axes.texts:
            text.set_weight("bold" if text.get_text() in bold else "normal")
    style.note(figure, "Colour: the state. Bold: its best action.")
    return figure


def sweeps_by_solver(sweeps: pd.DataFrame, *, x_label: str, title: str = "") -> Figure:
    """Sets the sweeps of several solvers side by side, a row for each model.

    Args:
        sweeps: A row for each model, a column for each solver, all at least 1.
        x_label: Of the sweeps.
        title: What the figure shows.
    """
    figure, axes = style.single(1.6 + 0.5 * len(sweeps))
    offsets = np.linspace(-0.24, 0.24, len(sweeps.columns))
    for (solver, values), colour, mark, offset in zip(
        sweeps.items(), style.CYCLE, SOLVER_MARKS, offsets, strict=False
    ):
        rows = np.arange(len(sweeps)) + offset
        axes.hlines(rows, 1, values, color=colour, linewidth=1, alpha=0.45)
        axes.plot(values, rows, mark, color=colour, markersize=6, mew=0, label=str(solver))
        for row, value in zip(rows, values, strict=True):
            axes.annotate(
                f"{value:,.0f}",
                (value, row),
                (7, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                fontsize=7,
            )
    axes.set_xscale("log")
    axes.set_xlim(0.9, 1.6 * float(sweeps.to_numpy().max()))
    axes.set_ylim(len(sweeps) - 0.5, -0.5)
    axes.set_yticks(range(len(sweeps)), [str(name) for name in sweeps.index])
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=style.INK)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    style.finish(axes, x_label, "", title)
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize=8.5)
    return figure


def value_grids(grids: Mapping[str, Grid], *, value_label: str) -> Figure:
    """Maps the optimal values of environments whose states lie on a grid.

    Args:
        grids: Title to the grid.
        value_label: What the colours mean.
    """
    columns = [grid.values.shape[1] for grid in grids.values()]
    tallest = max(grid.values.shape[0] / grid.values.shape[1] for grid in grids.values())
    width = style.WIDTH if len(grids) > 1 or columns[0] > 8 else 5.0
    figure = Figure(figsize=(width, 1.1 + 0.86 * width / len(grids) * tallest))
    panels = figure.subplots(1, len(grids), squeeze=False)[0]
    for axes, (title, grid) in zip(panels, grids.items(), strict=True):
        image = axes.imshow(grid.values)
        middle = (float(grid.values.min()) + float(grid.values.max())) / 2
        for (row, column), mark in np.ndenumerate(grid.marks):
            dark = grid.values[row, column] < middle
            axes.text(
                column,
                row,
                str(mark),
                ha="center",
                va="center",
                color="white" if dark else "black",
                fontsize=12 if grid.values.shape[1] * len(grids) < 15 else 9.5,
            )
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        style.finish(axes, "", "", title)
        scale = figure.colorbar(
            image, ax=axes, pad=0.02, aspect=5 * max(columns), location="bottom"
        )
        scale.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
        scale.set_label(value_label)
    return figure


def convergence(
    sweeps: pd.Series,
    quantiles: pd.DataFrame,
    runs: pd.DataFrame,
    *,
    optimum: Label,
    near: float,
    number_of_runs: int,
    y_label: str,
    x_labels: tuple[str, str] = ("sweeps of Q-value iteration", "iterations of Q-learning"),
) -> Figure:
    """Sets a Q-value's way to its optimum by sweeps beside its way in many runs of Q-learning.

    Args:
        sweeps: The value by sweep, [K].
        quantiles: Over the runs, columns q05, q25, median, q75, q95, the index the iteration.
        runs: Some single runs, one a column, the same index.
        optimum: The optimal value and its name.
        near: The relative tolerance that counts as near, a zone around the optimum.
        number_of_runs: Behind the quantiles.
        y_label: Of the value.
        x_labels: Of the two panels.
    """
    figure = Figure(figsize=(style.WIDTH, 4.2))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 2])
    left.plot(sweeps.index, sweeps, "o-", color=style.VERMILION, markersize=3, linewidth=1.2)
    right.plot(runs.index, runs.to_numpy(), color=style.INK, alpha=0.22, linewidth=0.6)
    for low, high, alpha in (("q05", "q95", 0.16), ("q25", "q75", 0.3)):
        band = quantiles[low], quantiles[high]
        right.fill_between(quantiles.index, *band, color=style.BLUE, alpha=alpha, linewidth=0)
    right.plot(quantiles.index, quantiles["median"], color=style.BLUE)
    for axes, x_label in zip((left, right), x_labels, strict=True):
        axes.axhspan(
            optimum.value * (1 - near), optimum.value * (1 + near), color=style.GREEN, alpha=0.12
        )
        axes.axhline(optimum.value, **style.DASHED)
        style.finish(axes, x_label, "", "")
        axes.xaxis.set_major_formatter("{x:,.0f}")
    left.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    left.set_ylabel(y_label)
    median = Label(float(quantiles["median"].iloc[-1]), "median", style.BLUE)
    style.label_right(right, [optimum, median])
    shown = f"Grey: {runs.shape[1]} of {number_of_runs:,} runs. " if runs.shape[1] else ""
    zone = f"Green: within {100 * near:g}% of the optimum."
    bands = " and ".join(map(style.percent, BANDS))
    style.note(figure, f"{shown}Bands: {bands} of all. {zone}")
    return figure


def settled_share(
    settled: Mapping[str, NDArray[np.float64]],
    *,
    last: float,
    level: Label | None = None,
    x_label: str,
    y_label: str,
    title: str = "",
) -> Figure:
    """Draws the share of runs that have settled by each iteration, a line for each tolerance.

    Args:
        settled: Name to the iteration of each run, NaN for one that never settles, [R].
        last: The iteration at which the runs end.
        level: An iteration to compare with, and its name.
        x_label: Of the iterations.
        y_label: Of the share.
        title: What the figure shows.
    """
    figure, axes = style.single(3.6)
    labels = []
    for (name, iterations), colour in zip(settled.items(), style.CYCLE, strict=False):
        steps = np.sort(iterations[~np.isnan(iterations)])
        shares = np.arange(1, len(steps) + 1) / len(iterations)
        share = float(shares[-1]) if len(steps) else 0.0
        axes.step([0, *steps, last], [0, *shares, share], where="post", color=colour)
        labels.append(Label(share, f"{name}: {share:.1%}", colour))
    axes.set_ylim(0, 1)
    axes.set_xlim(0, last)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}%")
    style.finish(axes, x_label, y_label, title)
    style.label_right(axes, labels)
    if level is not None and level.value <= last:
        style.label_top(axes, level)
    return figure
