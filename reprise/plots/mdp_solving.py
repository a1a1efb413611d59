"""Figures of the stage mdp_solving: Q-values by sweep, the policy's flip, solvers, policies."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reprise.plots import show, style
from reprise.plots.show import Results
from reprise.plots.style import Label

SOLVER_MARKS = ("o", "D", "s", "^")
# Gymnasium's layout of its grids: columns, and the directions of the actions a0, a1, ...
LAYOUTS = {"FrozenLake": (4, "←↓→↑"), "FrozenLake8x8": (8, "←↓→↑"), "CliffWalking": (12, "↑→↓←")}


class Grid(NamedTuple):
    """Optimal values laid out as the environment is, with a mark in each cell."""

    values: NDArray[np.float64]  # [R, C]
    marks: NDArray[np.str_]  # such as the arrow of the best action, [R, C]


def pair_name(state: str, action: str) -> str:
    """Return the name of a state and an action; names that hold a comma are quoted."""
    return ", ".join(f'"{name}"' if "," in name else name for name in (state, action))


def sweeps(results: Results) -> Figure:
    """Draw the Q-values of the chapter's model by sweep, a panel for each discount."""
    history, found = results.table("q_value_iteration"), _chapter(results)
    pairs = _pairs(results)
    states = list(dict.fromkeys(state for state, _ in pairs))
    figure, row = style.panels(len(found), len(found), (4.2, 0), sharey=True)
    for axes, (discount, table) in zip(row, history.groupby("discount"), strict=True):
        q = table.pivot(index="sweep", columns=["state", "action"], values="q")
        title, labels, bold = f"γ = {discount}", [], set()
        for pair in pairs:
            colour, name = style.CYCLE[states.index(pair[0]) % len(style.CYCLE)], pair_name(*pair)
            best = _is_best(found[title], *pair)
            width, alpha = (2.2, 1.0) if best else (1.0, 0.65)
            axes.plot(q.index, q[pair], color=colour, linewidth=width, alpha=alpha)
            labels.append(Label(float(q[pair].iloc[-1]), name, colour))
            bold |= {name} if best else set()
        style.finish(axes, "sweep", "Q-value" if axes is row[0] else "", title)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        style.label_right(axes, labels)
        for text in axes.texts:
            text.set_fontweight("bold" if text.get_text() in bold else "normal")
    style.note(figure, "Colour: the state. Bold: its best action.")
    return figure


def q_table(results: Results) -> Markdown:
    """Show the optimal Q-values, the best action of each state in bold."""
    found, rows = _chapter(results), []
    for state, action in _pairs(results):
        cells = []
        for one in found.values():
            text = f"{one['q'][_key(state)][_key(action)]:.4f}"
            cells.append(f"**{text}**" if _is_best(one, state, action) else text)
        rows.append((pair_name(state, action), *cells))
    return show.table(rows, ("state, action", *found))


def near_table(results: Results) -> Markdown:
    """Show the sweeps until every Q-value stays within the relative tolerance."""
    found = {title: one["sweeps_until_near"] for title, one in _chapter(results).items()}
    rows = [(title, "more than all sweeps" if n is None else n) for title, n in found.items()]
    return show.table(rows, ("discount", "sweeps until near"))


def flip(results: Results) -> Figure:
    """Draw the gap between two actions by discount; the policy flips where it is zero."""
    switch, table = results.params["switch"], results.table("switch")
    state, action, rival = (switch[name] for name in ("state", "action", "rival"))
    discounts, gap = table["discount"].to_numpy(), table["gap"].to_numpy()
    figure, axes = style.single(3.8)
    for sign, colour, best in ((1, style.VERMILION, action), (-1, style.BLUE, rival)):
        part = sign * gap > 0
        axes.fill_between(discounts, gap, 0, where=part, color=colour, alpha=0.14, interpolate=True)
        if part.any():
            place, look = (float(discounts[part].mean()), 0), {"ha": "center", "va": "center"}
            look |= {"weight": "bold", "color": colour, "fontsize": None}
            style.write(axes, f"{best} is best", place, (0, -sign * 14), **look)
    axes.axhline(0, color=style.GREY, linewidth=0.9)
    axes.plot(discounts, gap, color=style.INK)
    root = results.metrics["switching_discount"]
    axes.plot([root], [0], "o", color="white", mec=style.INK, markersize=7, mew=1.6, zorder=4)
    gap_name = f"Q({pair_name(state, action)}) − Q({pair_name(state, rival)})"
    title = f"The best action in {state} by discount factor"
    style.finish(axes, "discount factor γ", gap_name, title)
    style.label_top(axes, Label(root, f"γ = {root:.6f}"))
    return figure


def solver_sweeps(results: Results) -> Figure:
    """Draw the sweeps that each solver needs, a row for each model."""
    solvers = results.table("solvers")
    titles = solvers["mdp"].str.replace("three_state", "three states")
    models = zip(titles, solvers["discount"], solvers["states"], strict=True)
    solvers["model"] = [f"{name}, γ = {gamma}\n({n} states)" for name, gamma, n in models]
    models, names = (list(dict.fromkeys(solvers[key])) for key in ("model", "solver"))
    needed = solvers.pivot(index="model", columns="solver", values="sweeps").loc[models]
    figure, axes = style.single(1.6 + 0.5 * len(models))
    offsets = np.linspace(-0.24, 0.24, len(names))
    for name, colour, mark, offset in zip(names, style.CYCLE, SOLVER_MARKS, offsets, strict=False):
        rows, values = np.arange(len(models)) + offset, needed[name]
        label = name.replace("_", " ").replace("q value", "Q-value")
        axes.hlines(rows, 1, values, color=colour, linewidth=1, alpha=0.45)
        axes.plot(values, rows, mark, color=colour, markersize=6, mew=0, label=label)
        for row, value in zip(rows, values, strict=True):
            look = {"va": "center", "color": colour, "fontsize": 7}
            style.write(axes, f"{value:,.0f}", (value, row), (7, 0), **look)
    axes.set_xscale("log")
    axes.set_xlim(0.9, 1.6 * float(needed.to_numpy().max()))
    style.rows(axes, models, labelsize=9, labelcolor=style.INK)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    x_label = "sweeps to convergence; of policy iteration, policies evaluated"
    style.finish(axes, x_label, "", "Convergence")
    figure.legend(loc="outside lower center", ncols=len(names), fontsize=8.5)
    return figure


def solver_table(results: Results) -> Markdown:
    """Show each model's start value and the largest error of any solver."""
    groups = results.table("solvers").groupby(["mdp", "discount"], sort=False)
    rows = [
        (*key, f"{group['start_value'].iloc[0]:.4f}", f"{group['error'].max():.1e}")
        for key, group in groups
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


def _grid(results: Results, name: str) -> Grid:
    columns, arrows = LAYOUTS[name.split("-")[0]]
    cells = results.table("policies").query("mdp == @name and state != 'terminal'")
    marks = [
        "·" if len(actions) == len(arrows) else arrows[int(actions[0][1:])]
        for actions in cells["best_actions"].str.split()
    ]
    shape = (-1, columns)
    return Grid(cells["value"].to_numpy().reshape(shape), np.array(marks).reshape(shape))


def value_grids(grids: Mapping[str, Grid], *, value_label: str) -> Figure:
    """Map the optimal values of environments with states on a grid, by title."""
    shapes = [grid.values.shape for grid in grids.values()]
    widest, tallest = max(c for _, c in shapes), max(r / c for r, c in shapes)
    width = style.WIDTH if len(grids) > 1 or widest > 8 else 5.0
    figure = Figure(figsize=(width, 1.1 + 0.86 * width / len(grids) * tallest))
    panels = figure.subplots(1, len(grids), squeeze=False)[0]
    for axes, (title, (values, marks)) in zip(panels, grids.items(), strict=True):
        image = axes.imshow(values)
        middle = (float(values.min()) + float(values.max())) / 2
        size = 12 if values.shape[1] * len(grids) < 15 else 9.5
        for (row, column), mark in np.ndenumerate(marks):
            look = {"color": "white" if values[row, column] < middle else "black"}
            axes.text(column, row, str(mark), ha="center", va="center", fontsize=size, **look)
        axes.set(xticks=[], yticks=[])
        style.bare(axes)
        style.finish(axes, "", "", title)
        style.colour_bar(figure, axes, image, value_label, aspect=5 * widest, location="bottom")
    return figure


def _chapter(results: Results) -> dict[str, Any]:
    """Return the metrics of the chapter's model by discount."""
    discounts = results.table("q_value_iteration")["discount"].unique()
    found = results.metrics["three_state"]
    return {f"γ = {d}": found[_key(f"discount_{float(d)}")] for d in discounts}


def _pairs(results: Results) -> list[tuple[str, str]]:
    """Return the states and actions of the chapter's model."""
    pairs: pd.DataFrame = results.table("q_value_iteration")[["state", "action"]]
    return list(pairs.drop_duplicates().itertuples(index=False, name=None))


def _is_best(solved: Mapping[str, Any], state: str, action: str) -> bool:
    return solved["best_action"][_key(state)] == action


def _key(name: str) -> str:
    """Return a name's key in the metrics, which have no dots."""
    return name.replace(".", "_")
