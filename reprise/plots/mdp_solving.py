"""Figures of the stage mdp_solving."""

from typing import Any

import numpy as np
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprise.plots import show, style
from reprise.plots.show import Results
from reprise.plots.style import Label

SOLVER_MARKS = ("o", "D", "s", "^")
# Gymnasium's layout of its grids: columns, and the directions of the actions a0, a1, ...
LAYOUTS = {"FrozenLake": (4, "←↓→↑"), "FrozenLake8x8": (8, "←↓→↑"), "CliffWalking": (12, "↑→↓←")}


def pair_name(state: str, action: str) -> str:
    """Return a state's and an action's name, quoted around commas."""
    return ", ".join(f'"{name}"' if "," in name else name for name in (state, action))


def sweeps(results: Results) -> Figure:
    """Draw the chapter's Q-values by sweep and discount."""
    history, found = results.table("q_value_iteration"), _chapter(results)
    states = list(history["state"].unique())
    figure, row = style.panels(len(found), len(found), (4.2, 0), sharey=True)
    for axes, (discount, table) in zip(row, history.groupby("discount"), strict=True):
        title, labels, bold = f"γ = {discount}", [], set()
        for pair, values in table.groupby(["state", "action"], sort=False):
            colour, name = style.CYCLE[states.index(pair[0]) % len(style.CYCLE)], pair_name(*pair)
            best = found[title]["best_action"][_key(pair[0])] == pair[1]
            width, alpha = (2.2, 1.0) if best else (1.0, 0.65)
            axes.plot(values["sweep"], values["q"], color=colour, linewidth=width, alpha=alpha)
            labels.append(Label(float(values["q"].iloc[-1]), name, colour))
            bold |= {name} if best else set()
        style.finish(axes, "sweep", "Q-value" if axes is row[0] else "", title)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        style.label_right(axes, labels)
        for text in axes.texts:
            text.set_fontweight("bold" if text.get_text() in bold else "normal")
    style.note(figure, "Colour: the state. Bold: its best action.")
    return figure


def q_table(results: Results) -> Markdown:
    """Show the optimal Q-values, those of best actions in bold."""
    found, rows = _chapter(results), []
    pairs = results.table("q_value_iteration")[["state", "action"]].drop_duplicates()
    for state, action in pairs.itertuples(index=False):
        values = [f"{one['q'][_key(state)][_key(action)]:.4f}" for one in found.values()]
        best = [one["best_action"][_key(state)] == action for one in found.values()]
        cells = [f"**{v}**" if bold else v for v, bold in zip(values, best, strict=True)]
        rows.append((pair_name(state, action), *cells))
    return show.table(rows, ("state, action", *found))


def near_table(results: Results) -> Markdown:
    """Show the sweeps until Q-values stay within the tolerance."""
    found = {title: one["sweeps_until_near"] for title, one in _chapter(results).items()}
    rows = [(title, "more than all sweeps" if n is None else n) for title, n in found.items()]
    return show.table(rows, ("discount", "sweeps until near"))


def flip(results: Results) -> Figure:
    """Draw two actions' gap, zero where the policy flips."""
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
    """Draw the sweeps that solvers need, a row per model."""
    solvers = results.table("solvers")
    names = solvers["mdp"].str.replace("three_state", "three states")
    discounts, states = solvers["discount"].astype(str), solvers["states"].astype(str)
    solvers["model"] = names + ", γ = " + discounts + "\n(" + states + " states)"
    needed = solvers.pivot(index="model", columns="solver", values="sweeps")
    needed = needed.loc[solvers["model"].unique(), solvers["solver"].unique()]
    figure, axes = style.single(1.6 + 0.5 * len(needed))
    looks = zip(style.CYCLE, SOLVER_MARKS, np.linspace(-0.24, 0.24, needed.shape[1]), strict=False)
    for (name, values), (colour, mark, offset) in zip(needed.items(), looks, strict=False):
        rows = np.arange(len(needed)) + offset
        label = str(name).replace("_", " ").replace("q value", "Q-value")
        axes.hlines(rows, 1, values, color=colour, linewidth=1, alpha=0.45)
        axes.plot(values, rows, mark, color=colour, markersize=6, mew=0, label=label)
        for row, value in zip(rows, values, strict=True):
            look = {"va": "center", "color": colour, "fontsize": 7}
            style.write(axes, f"{value:,.0f}", (value, row), (7, 0), **look)
    axes.set_xscale("log")
    axes.set_xlim(0.9, 1.6 * float(needed.to_numpy().max()))
    style.rows(axes, list(needed.index), labelsize=9, labelcolor=style.INK)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    x_label = "sweeps to convergence; of policy iteration, policies evaluated"
    style.finish(axes, x_label, "", "Convergence")
    figure.legend(loc="outside lower center", ncols=needed.shape[1], fontsize=8.5)
    return figure


def solver_table(results: Results) -> Markdown:
    """Show models' start values and the largest error of solvers."""
    groups = results.table("solvers").groupby(["mdp", "discount"], sort=False)
    found = groups.agg(start=("start_value", "first"), error=("error", "max")).reset_index()
    rows = [(*key, f"{value:.4f}", f"{error:.1e}") for *key, value, error in found.to_numpy()]
    return show.table(rows, ("model", "discount", "value of the start", "largest error"))


def grids(results: Results, kind: str) -> Figure | None:
    """Map values and best actions on grids of a kind."""
    names = [name for name in results.metrics["toy_text"] if name.startswith(kind)]
    found = {name: LAYOUTS[key] for name in names if (key := name.split("-")[0]) in LAYOUTS}
    if not found:
        return None
    widest = max(columns for columns, _ in found.values())
    width = style.WIDTH if len(found) > 1 or widest > 8 else 5.0
    tables = results.table("policies").query("state != 'terminal'").groupby("mdp")
    tallest = max(len(tables.get_group(n)) / columns**2 for n, (columns, _) in found.items())
    figure = Figure(figsize=(width, 1.1 + 0.86 * width / len(found) * tallest))
    panels = figure.subplots(1, len(found), squeeze=False)[0]
    for axes, (title, (columns, arrows)) in zip(panels, found.items(), strict=True):
        cells = tables.get_group(title)
        image = axes.imshow(cells["value"].to_numpy().reshape(-1, columns))
        middle = (cells["value"].min() + cells["value"].max()) / 2
        size = 12 if columns * len(found) < 15 else 9.5
        for place, value in enumerate(cells["value"]):
            actions = cells["best_actions"].iloc[place].split()
            mark = "·" if len(actions) == len(arrows) else arrows[int(actions[0][1:])]
            look = {"color": "white" if value < middle else "black", "fontsize": size}
            row, column = divmod(place, columns)
            axes.text(column, row, mark, ha="center", va="center", **look)
        axes.set(xticks=[], yticks=[], title=title)
        style.bare(axes)
        options = {"aspect": 5 * widest, "location": "bottom"}
        style.colour_bar(figure, axes, image, "optimal value", **options)
    return figure


def _chapter(results: Results) -> dict[str, Any]:
    """Return the metrics of the chapter's model by discount."""
    discounts = results.table("q_value_iteration")["discount"].unique()
    found = results.metrics["three_state"]
    return {f"γ = {d}": found[_key(f"discount_{float(d)}")] for d in discounts}


def _key(name: str) -> str:
    # Keys of metrics have no dots.
    return name.replace(".", "_")
