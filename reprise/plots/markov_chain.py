"""Figures of the stage markov_chain: its graph and paths."""

from typing import Any

import numpy as np
from IPython.display import Markdown
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Patch
from matplotlib.ticker import MaxNLocator

from reprise.plots import show, style
from reprise.plots.show import Results

RADIUS = 0.3  # of a state in the graph
RING = 0.37  # around an absorbing state
LOOP = 0.75  # radians from the middle of a loop to where it leaves the state
MOST = 0.95  # share of paths that have ended at the longest length shown
LONGEST = 24  # length of the paths from each state


def graph(results: Results) -> Figure:
    """Draw states, and transitions as arrows, wider if more probable."""
    figure, axes = style.single(3.9)
    colours, table = _colours(results), results.table("transitions")
    rows = list(table[["state", "successor", "probability"]].itertuples(index=False))
    pairs = {(state, successor) for state, successor, _ in rows}
    left = {state for state, successor in pairs if successor != state}
    angles = np.pi - 2 * np.pi * np.arange(len(colours)) / len(colours)
    places = np.stack([2.3 * np.cos(angles), 1.25 * np.sin(angles)], axis=1)
    centres = dict(zip(colours, places, strict=True))
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    edges = {}
    for state, colour in colours.items():
        place = tuple(centres[state])
        edges[state] = axes.add_patch(Circle(place, RADIUS, facecolor=colour, zorder=3))
        if state not in left:
            ring = Circle(place, RING, facecolor="none", edgecolor=colour, linewidth=1.4)
            edges[state] = axes.add_patch(ring)
        look = {"color": "white", "weight": "bold", "fontsize": 12, "zorder": 4}
        axes.text(place[0], place[1], state, **middle | look)
    for state, successor, probability in rows:
        tail, head = centres[state], centres[successor]
        look = {"arrowstyle": "-|>", "mutation_scale": 13, "shrinkA": 2, "shrinkB": 2}
        look |= {"linewidth": 0.9 + 1.8 * probability, "color": style.GREY}
        if state == successor:  # a loop on the side away from the middle of the graph
            turns = np.arctan2(tail[1], tail[0]) + np.array([-LOOP, LOOP, 0])
            ways, bend = np.stack([np.cos(turns), np.sin(turns)], axis=1), 1.6
            label = tail + (edges[state].radius + 0.55) * ways[2]
            tail, head, _ = tail + edges[state].radius * ways
        else:  # bent to its right if there is a way back
            bend = 0.2 if (successor, state) in pairs else 0.0
            right = np.array([head[1] - tail[1], tail[0] - head[0]])  # as long as the arrow
            label = (tail + head) / 2 + (bend / 2 + 0.22 / np.linalg.norm(right)) * right
            look |= {"patchA": edges[state], "patchB": edges[successor]}
        look["connectionstyle"] = f"arc3,rad={bend}"
        axes.add_patch(FancyArrowPatch(tuple(tail), tuple(head), **look))
        axes.text(label[0], label[1], f"{probability:g}", **middle)
    x, y = centres[results.params["start_state"]]
    look = {"color": style.GREY, "fontsize": style.SMALL}
    axes.text(x, y + RADIUS + 0.17, "start", **middle | look)
    axes.set(xlim=(-3.5, 3.5), ylim=(-2.3, 1.7), aspect="equal")
    axes.set_axis_off()
    style.note(figure, "Numbers: the probability of the step. Double ring: absorbing.")
    return figure


def some_paths(results: Results) -> Figure | None:
    """Draw some paths, each step in its state's colour."""
    if results.table("paths").empty:
        return None
    colours = _colours(results)
    table = results.table("paths").pivot(index="path", columns="step", values="state")
    numbers = table.apply(lambda column: column.map({s: n for n, s in enumerate(colours)}))
    figure, axes = style.single(1.3 + 0.27 * len(table))
    edges = np.arange(table.shape[1] + 1) - 0.5, np.arange(len(table) + 1)
    cells = np.ma.masked_invalid(numbers.to_numpy(float))
    scale = {"vmin": -0.5, "vmax": len(colours) - 0.5, "edgecolors": "white", "linewidth": 1.2}
    axes.pcolormesh(*edges, cells, cmap=ListedColormap(list(colours.values())), **scale)
    for row, steps in enumerate(table.notna().sum(axis=1) - 1):
        text = f"{steps} step{'s' if steps > 1 else ''}"
        place = (steps + 0.5, row + 0.5)
        style.write(axes, text, place, (4, -0.5), va="center", color=style.GREY)
    axes.set(xlim=(-0.5, 1.12 * table.shape[1] + 2), ylim=(len(table), 0))
    axes.set_yticks(np.arange(len(table)) + 0.5, [str(path + 1) for path in table.index])
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.tick_params(axis="y", length=0)
    style.bare(axes)
    style.finish(axes, "step", "path", "")
    patches = [Patch(color=colour, label=state) for state, colour in colours.items()]
    size = {"handlelength": 1, "handleheight": 1, "borderaxespad": 0.2, "ncols": len(colours)}
    axes.legend(handles=patches, loc="lower left", bbox_to_anchor=(0, 1), **size)
    return figure


def exact_and_simulated(results: Results) -> Markdown:
    """Show exact values next to those of the simulated paths."""
    exact, simulated = results.metrics["closed_form"], results.metrics["simulated"]
    rows = [("steps to absorption", exact["steps"], simulated["steps"], ".2f")]
    rows += [("their variance", exact["variance"], simulated["variance"], ".2f")]
    for state, found in simulated["visits"].items():
        rows.append((f"visits to {state}", exact["visits"][state], found, ".2f"))
    for state, found in simulated["ends"].items():
        rows.append((f"share that ends in {state}", exact["ends"][state], found, ".2%"))
    horizon = f"share longer than {results.params['horizon']} steps"
    rows.append((horizon, exact["beyond_horizon"], simulated["beyond_horizon"], ".3%"))
    rows = [(name, f"{value:.6g}", show.cell(found, form)) for name, value, found, form in rows]
    return show.table(rows, (f"from {results.params['start_state']}", "exact", "simulated"))


def length_distribution(results: Results) -> Figure:
    """Draw simulated and exact lengths of paths."""
    table, paths = results.table("lengths"), results.metrics["paths"]
    exact = f"exact_from_{results.params['start_state']}"
    figure, (left, right) = style.panels(2, 2, (3.9, 0), width_ratios=[1.7, 1])
    short = table[table["length"] <= _longest(results)]
    left.bar(short["length"], short["simulated"], width=0.8, color=style.SKY, alpha=0.75)
    left.vlines(short["length"], short["low"], short["high"], color=style.BLUE, linewidth=1)
    left.plot(short["length"], short[exact], "o", color=style.VERMILION, markersize=3.4, mew=0)
    left.set_ylim(0)
    left.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    left.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    style.finish(left, "steps to absorption", "paths", "")
    for column, colour, width in (("simulated", style.BLUE, 2.6), (exact, style.VERMILION, 1.1)):
        under_way = 1 - table[column].cumsum()
        kept = under_way > 0.5 / paths  # the logarithmic axis ends where no path can be left
        right.plot(table["length"][kept], under_way[kept], color=colour, linewidth=width)
    right.set_yscale("log")
    style.finish(right, "steps", "still under way", "")
    style.note(figure, f"Blue: {paths:,} paths, bars with 95% intervals. Vermilion: exact.")
    return figure


def lengths_from_each_state(results: Results) -> Figure:
    """Draw the exact probability of each length, by first state."""
    table = results.table("lengths")
    columns = [column for column in table if column.startswith("exact_from_")]
    figure, row = style.panels(len(columns), len(columns), (2.7, 0), sharey=True)
    short = table[table["length"] <= min(_longest(results), LONGEST)]
    colours = np.where(short["length"] % 2 == 0, style.VERMILION, style.BLUE)
    for axes, column in zip(row, columns, strict=True):
        axes.bar(short["length"], short[column], width=0.85, color=colours)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
        title = f"from {column.removeprefix('exact_from_')}"
        style.finish(axes, "steps to absorption", "paths" if axes is row[0] else "", title)
    style.note(figure, "Blue: odd lengths. Vermilion: even ones. Exact probabilities.")
    return figure


def _longest(results: Results) -> int:
    """Return the length by which most paths have ended."""
    exact = results.table("lengths")[f"exact_from_{results.params['start_state']}"]
    return int((exact.cumsum() < MOST).sum()) + 1


def _colours(results: Results) -> dict[str, str]:
    """Return the states' colours, the last that of text."""
    states = list(results.table("transitions")["state"].unique())
    colours = [style.CYCLE[n % (len(style.CYCLE) - 1)] for n in range(len(states) - 1)]
    return dict(zip(states, [*colours, style.INK], strict=True))
