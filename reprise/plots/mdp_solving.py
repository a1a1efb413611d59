"""Figures of the stage mdp_solving."""

from typing import Any

import numpy as np
from IPython.display import Markdown
from matplotlib.figure import Figure

from reprise.measures.variants import in_words
from reprise.plots import show, style
from reprise.plots.show import Results
from reprise.plots.style import Label

# Gymnasium's layout of its grids: columns, and the directions of the actions a0, a1, ...
LAYOUTS = {"FrozenLake": (4, "←↓→↑"), "FrozenLake8x8": (8, "←↓→↑"), "CliffWalking": (12, "↑→↓←")}


def pair_name(state: str, action: str) -> str:
    """Name a pair; quote a name that contains a comma."""
    return ", ".join(f'"{name}"' if "," in name else name for name in (state, action))


def sweeps(results: Results) -> Figure:
    """Draw the chapter's Q-values over sweeps, a panel per discount."""
    history, found, ends = results.table("q_value_iteration"), _chapter(results), []
    states, discounts = list(history["state"].unique()), history.groupby("discount")
    figure, row = style.panels(found, len(found), (4.2, 0), ("sweep", "Q-value"))
    for axes, one, (_, table) in zip(row, found.values(), discounts, strict=True):
        ends.append([])
        for (state, action), values in table.groupby(["state", "action"], sort=False):
            colour = style.CYCLE[states.index(state) % len(style.CYCLE)]
            best = one["best_action"][_key(state)] == action
            width, alpha = (2.2, 1.0) if best else (1.0, 0.65)
            axes.plot(values["sweep"], values["q"], color=colour, linewidth=width, alpha=alpha)
            last = float(values["q"].iloc[-1])
            ends[-1].append(Label(last, pair_name(state, action), colour))
    for axes, labels in zip(row, ends, strict=True):
        style.label_right(axes, labels)
    style.note(figure, "Colour: the state. Thick: its best action.")
    return figure


def q_table(results: Results) -> Markdown:
    """Show the optimal Q-values, with the best actions in bold."""
    found, rows = _chapter(results), []
    pairs = results.table("q_value_iteration")[["state", "action"]].drop_duplicates()
    for state, action in pairs.itertuples(index=False):
        rows.append([pair_name(state, action)])
        for one in found.values():
            value = f"{one['q'][_key(state)][_key(action)]:.4f}"
            best = one["best_action"][_key(state)] == action
            rows[-1].append(f"**{value}**" if best else value)
    return show.table(rows, ("state, action", *found))


def near_table(results: Results) -> Markdown:
    """Show after how many sweeps Q-values stay within the tolerance."""
    found = {title: one["sweeps_until_near"] for title, one in _chapter(results).items()}
    rows = [(title, "not within these sweeps" if n is None else n) for title, n in found.items()]
    return show.table(rows, ("discount", "sweeps until all Q-values stay near the optimum"))


def flip(results: Results) -> Figure:
    """Draw two actions' gap, zero where the policy flips."""
    switch, root = results.params["switch"], results.metrics["switching_discount"]
    state, action, rival = (switch[name] for name in ("state", "action", "rival"))
    discounts, gap = results.table("switch")[["discount", "gap"]].to_numpy().T
    figure, axes = style.single(3.8)
    for sign, colour, best in ((1, style.VERMILION, action), (-1, style.BLUE, rival)):
        part = sign * gap > 0
        axes.fill_between(discounts, gap, 0, where=part, color=colour, alpha=0.14, interpolate=True)
        if part.any():
            look = {"ha": "center", "va": "center", "weight": "bold", "color": colour}
            place = (float(discounts[part].mean()), 0)
            style.write(axes, f"{best} is best", place, (0, -sign * 14), **look, fontsize=None)
    axes.axhline(0, color=style.GREY, linewidth=0.9)
    axes.plot(discounts, gap, color=style.INK)
    axes.plot([root], [0], "o", color="white", mec=style.INK, markersize=7, mew=1.6, zorder=4)
    gap_name = f"Q({pair_name(state, action)}) − Q({pair_name(state, rival)})"
    title = f"The best action in {state} by discount factor"
    style.finish(axes, "discount factor γ", gap_name, title)
    style.label_top(axes, Label(root, f"γ = {root:.6f}"))
    return figure


def solver_sweeps(results: Results) -> Figure:
    """Draw the sweeps that solvers need, a row per model."""
    table = results.table("solvers")
    parts = [table[name].astype(str) for name in ("mdp", "discount", "states")]
    table["model"] = parts[0].map(in_words) + ", γ = " + parts[1] + "\n(" + parts[2] + " states)"
    models, solvers = list(table["model"].unique()), list(table["solver"].unique())
    figure, axes = style.single(1.6 + 0.5 * len(models))
    for number, (solver, colour) in enumerate(zip(solvers, style.CYCLE, strict=False)):
        found = table[table["solver"] == solver]
        rows = np.array([models.index(model) for model in found["model"]])
        rows = rows + 0.48 * number / max(1, len(solvers) - 1) - 0.24
        axes.hlines(rows, 1, found["sweeps"], color=colour, linewidth=1, alpha=0.45)
        label = in_words(solver).replace("q value", "Q-value")
        axes.plot(found["sweeps"], rows, "osD^"[number % 4], color=colour, mew=0, label=label)
        for row, value in zip(rows, found["sweeps"], strict=True):
            look = {"va": "center", "color": colour, "fontsize": 7}
            style.write(axes, f"{value:,.0f}", (value, row), (7, 0), **look)
    axes.set(xscale="log", xlim=(0.9, 1.6 * float(table["sweeps"].max())), title="Convergence")
    style.rows(axes, models, labelsize=9, labelcolor=style.INK)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("sweeps to convergence (for policy iteration: evaluated policies)")
    figure.legend(loc="outside lower center", ncols=len(solvers), fontsize=8.5)
    return figure


def solver_table(results: Results) -> Markdown:
    """Show each model's start value and the solvers' largest error."""
    groups = results.table("solvers").groupby(["mdp", "discount"], sort=False)
    found = groups.agg(start=("start_value", "first"), error=("error", "max")).reset_index()
    rows = [(*key, f"{value:.4f}", f"{error:.1e}") for *key, value, error in found.to_numpy()]
    return show.table(
        rows, ("model", "discount", "value of the start state", "largest error of a solver")
    )


def grids(results: Results, kind: str) -> Figure | None:
    """Map values and best actions on grids of a kind."""
    names = [name for name in results.metrics["toy_text"] if name.startswith(kind)]
    found = {name: LAYOUTS[key] for name in names if (key := name.split("-")[0]) in LAYOUTS}
    if not found:
        return None
    tables = results.table("policies").query("state != 'terminal'").groupby("mdp")
    tallest = max(len(tables.get_group(n)) / columns**2 for n, (columns, _) in found.items())
    height = 0.86 * style.WIDTH / len(found) * tallest
    options = {"sharex": False, "sharey": False}
    figure, panels = style.panels(found, len(found), (1.1, height), **options)
    for axes, (title, (columns, arrows)) in zip(panels, found.items(), strict=True):
        cells = tables.get_group(title)
        image = axes.imshow(cells["value"].to_numpy().reshape(-1, columns))
        middle = (cells["value"].min() + cells["value"].max()) / 2
        for place, (value, best) in enumerate(cells[["value", "best_actions"]].to_numpy()):
            actions = best.split()
            mark = "·" if len(actions) == len(arrows) else arrows[int(actions[0][1:])]
            look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 10}
            colour = "white" if value < middle else "black"
            axes.text(place % columns, place // columns, mark, color=colour, **look)
        axes.set(xticks=[], yticks=[])
        style.bare(axes)
        style.colour_bar(figure, axes, image, "optimal value", location="bottom")
    return figure


def _chapter(results: Results) -> dict[str, Any]:
    """Read the metrics of the chapter's model, by discount."""
    discounts = results.table("q_value_iteration")["discount"].unique()
    found = results.metrics["three_state"]
    return {f"γ = {d}": found[_key(f"discount_{float(d)}")] for d in discounts}


def _key(name: str) -> str:
    return name.replace(".", "_")  # keys of metrics have no dots
