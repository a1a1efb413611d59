"""Figures of the stage mdp_solving: Q-values by sweep, the policy's flip, solvers, policies."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reprise.plots import diagrams, show, style
from reprise.plots.show import Results
from reprise.plots.style import Label

SOLVER_MARKS = ("o", "D", "s", "^")
# Gymnasium's layout of its grids: columns, and the directions of the actions a0, a1, ...
LAYOUTS = {"FrozenLake": (4, "←↓→↑"), "FrozenLake8x8": (8, "←↓→↑"), "CliffWalking": (12, "↑→↓←")}


def sweeps(results: Results) -> Figure:
    """Draw the Q-values of the chapter's model by sweep, a panel for each discount."""
    history = results.table("q_value_iteration")
    pairs = _pairs(history)
    panels = {
        f"γ = {discount}": table.pivot(index="sweep", columns=["state", "action"], values="q")[
            pairs
        ]
        for discount, table in history.groupby("discount")
    }
    return q_value_sweeps(panels, _best(results), x_label="sweep", y_label="Q-value")


def q_table(results: Results) -> Markdown:
    """Show the optimal Q-values, the best action of each state in bold."""
    best, found, rows = _best(results), _chapter(results), []
    for state, action in _pairs(results.table("q_value_iteration")):
        cells = []
        for title, one in found.items():
            text = f"{one['q'][_key(state)][_key(action)]:.4f}"
            cells.append(f"**{text}**" if (state, action) in best[title] else text)
        rows.append((pair_name(state, action), *cells))
    return show.table(rows, ("state, action", *found))


def near_table(results: Results) -> Markdown:
    """Show the sweeps until every Q-value stays within the relative tolerance."""
    rows = [
        (
            title,
            "more than all sweeps"
            if one["sweeps_until_near"] is None
            else one["sweeps_until_near"],
        )
        for title, one in _chapter(results).items()
    ]
    return show.table(rows, ("discount", "sweeps until near"))


def flip(results: Results) -> Figure:
    """Draw the gap between two actions by discount; the policy flips where it is zero."""
    switch, gaps = results.params["switch"], results.table("switch")
    state, action, rival = (switch[name] for name in ("state", "action", "rival"))
    root = results.metrics["switching_discount"]
    return diagrams.flip(
        gaps["discount"].to_numpy(), gaps["gap"].to_numpy(), Label(root, f"γ = {root:.6f}"),
        above=f"{action} is best", below=f"{rival} is best", x_label="discount factor γ",
        y_label=f"Q({pair_name(state, action)}) − Q({pair_name(state, rival)})",
        title=f"The best action in {state} by discount factor",
    )  # fmt: skip


def solver_sweeps(results: Results) -> Figure:
    """Draw the sweeps that each solver needs, a row for each model."""
    solvers = results.table("solvers")
    models = [
        f"{row.mdp}, γ = {row.discount}\n({row.states} states)".replace(
            "three_state", "three states"
        )
        for row in solvers.itertuples()
    ]
    table = solvers.assign(model=models).pivot(index="model", columns="solver", values="sweeps")
    table = table.loc[list(dict.fromkeys(models)), list(dict.fromkeys(solvers["solver"]))]
    return sweeps_by_solver(
        table.rename(columns=lambda name: name.replace("_", " ").replace("q value", "Q-value")),
        x_label="sweeps to convergence; of policy iteration, policies evaluated",
        title="Convergence",
    )


def solver_table(results: Results) -> Markdown:
    """Show each model's start value and the largest error of any solver."""
    rows = [
        (model, discount, f"{group['start_value'].iloc[0]:.4f}", f"{group['error'].max():.1e}")
        for (model, discount), group in results.table("solvers").groupby(
            ["mdp", "discount"], sort=False
        )
    ]
    return show.table(rows, ("model", "discount", "value of the start", "largest error"))


def lakes(results: Results) -> Figure | None:
    """Draw the values and best actions of the lakes."""
    return _grids(results, "FrozenLake")


def cliff(results: Results) -> Figure | None:
    """Draw the values and best actions of the cliff."""
    return _grids(results, "CliffWalking")


def _grids(results: Results, kind: str) -> Figure | None:
    names = [name for name in results.metrics["toy_text"] if name.startswith(kind)]
    grids = {n: _grid(results, n) for n in names if n.split("-")[0] in LAYOUTS}
    return value_grids(grids, value_label="optimal value") if grids else None


def _grid(results: Results, name: str) -> "Grid":
    columns, arrows = LAYOUTS[name.split("-")[0]]
    policies = results.table("policies")
    cells = policies.query("mdp == @name and state != 'terminal'")
    marks = [
        "·" if len(actions) == len(arrows) else arrows[int(actions[0][1:])]
        for actions in cells["best_actions"].str.split()
    ]
    shape = (-1, columns)
    return Grid(cells["value"].to_numpy().reshape(shape), np.array(marks).reshape(shape))


def _chapter(results: Results) -> dict[str, Any]:
    """Return the metrics of the chapter's model by discount."""
    discounts = results.table("q_value_iteration")["discount"].unique()
    found = results.metrics["three_state"]
    return {f"γ = {d}": found[_key(f"discount_{float(d)}")] for d in discounts}


def _best(results: Results) -> dict[str, list[tuple[str, str]]]:
    pairs = _pairs(results.table("q_value_iteration"))
    return {
        title: [(s, a) for s, a in pairs if one["best_action"][_key(s)] == a]
        for title, one in _chapter(results).items()
    }


def _pairs(history: pd.DataFrame) -> list[tuple[str, str]]:
    return list(history[["state", "action"]].drop_duplicates().itertuples(index=False, name=None))


def _key(name: str) -> str:
    """Return a name's key in the metrics, which have no dots."""
    return name.replace(".", "_")


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
    """Maps the optimal values of environments with states on a grid.

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
