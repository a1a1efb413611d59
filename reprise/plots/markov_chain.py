"""Figures of the stage markov_chain: the chain as a graph, its paths, and their lengths."""

from typing import Any

import numpy as np
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reprise.plots import show, style
from reprise.plots.show import Results

Array = NDArray[np.float64]
RADIUS = 0.3  # of a state in the graph
RING = 0.37  # around an absorbing state
LOOP = 0.75  # radians from the middle of a loop to where it leaves the state
MOST = 0.95  # share of paths that have ended at the longest length shown
LONGEST = 24  # length of the paths from each state


def graph(results: Results) -> Figure:
    """Draw states as circles and transitions as arrows, wider if more probable."""
    figure, axes = style.single(3.9)
    states, table = _states(results), results.table("transitions")
    rows = list(table[["state", "successor", "probability"]].itertuples(index=False))
    pairs = {(state, successor) for state, successor, _ in rows}
    left = {state for state, successor in pairs if successor != state}
    angles = np.pi - 2 * np.pi * np.arange(len(states)) / len(states)
    places = np.stack([2.3 * np.cos(angles), 1.25 * np.sin(angles)], axis=1)
    centres = dict(zip(states, places, strict=True))
    for state, colour in zip(states, _colours(len(states)), strict=True):
        place = tuple(centres[state])
        axes.add_patch(Circle(place, RADIUS, facecolor=colour, zorder=3))
        if state not in left:
            axes.add_patch(Circle(place, RING, facecolor="none", edgecolor=colour, linewidth=1.4))
        _text(axes, centres[state], state, color="white", weight="bold", fontsize=12, zorder=4)
    for state, successor, probability in rows:
        begins, ends = (RADIUS if s in left else RING for s in (state, successor))
        if state == successor:
            _loop(axes, centres[state], begins, probability)
        else:
            bend = 0.2 if (successor, state) in pairs else 0.0
            _arrow(axes, centres[state], centres[successor], (begins, ends), bend, probability)
    above = centres[results.params["start_state"]] + [0, RADIUS + 0.17]
    _text(axes, above, "start", color=style.GREY, fontsize=style.SMALL)
    axes.set(xlim=(-3.5, 3.5), ylim=(-2.3, 1.7), aspect="equal")
    axes.set_axis_off()
    style.note(figure, "Numbers: the probability of the step. Double ring: absorbing.")
    return figure


def some_paths(results: Results) -> Figure | None:
    """Draw some paths as rows of cells, each step in the colour of its state."""
    if results.table("paths").empty:
        return None
    states = _states(results)
    colours = _colours(len(states))
    table = results.table("paths").pivot(index="path", columns="step", values="state")
    numbers = table.apply(lambda column: column.map({s: n for n, s in enumerate(states)}))
    figure, axes = style.single(1.3 + 0.27 * len(table))
    edges = np.arange(table.shape[1] + 1) - 0.5, np.arange(len(table) + 1)
    cells = np.ma.masked_invalid(numbers.to_numpy(float))
    scale = {"cmap": ListedColormap(colours), "vmin": -0.5, "vmax": len(states) - 0.5}
    axes.pcolormesh(*edges, cells, edgecolors="white", linewidth=1.2, **scale)
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
    patches = [Patch(color=c, label=s) for s, c in zip(states, colours, strict=True)]
    size = {"handlelength": 1, "handleheight": 1, "borderaxespad": 0.2, "ncols": len(states)}
    axes.legend(handles=patches, loc="lower left", bbox_to_anchor=(0, 1), **size)
    return figure


def exact_and_simulated(results: Results) -> Markdown:
    """Show exact values next to those of the simulated paths."""
    exact, simulated = results.metrics["closed_form"], results.metrics["simulated"]
    rows = [("steps to absorption", exact["steps"], simulated["steps"], ".2f")]
    rows += [("their variance", exact["variance"], simulated["variance"], ".2f")]
    for name, form in (("visits", ".2f"), ("ends", ".2%")):
        for state, found in simulated[name].items():
            title = f"{'visits to' if name == 'visits' else 'share that ends in'} {state}"
            rows.append((title, exact[name][state], found, form))
    horizon = f"share longer than {results.params['horizon']} steps"
    rows.append((horizon, exact["beyond_horizon"], simulated["beyond_horizon"], ".3%"))
    return show.table(
        [(name, f"{value:.6g}", show.cell(found, form)) for name, value, found, form in rows],
        (f"from {results.params['start_state']}", "exact", "simulated"),
    )


def length_distribution(results: Results) -> Figure:
    """Draw simulated and exact lengths of paths: their shares, and the share still under way."""
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
    gone = 0.5 / paths  # the logarithmic axis ends where no path can be left
    for column, colour, width in (("simulated", style.BLUE, 2.6), (exact, style.VERMILION, 1.1)):
        under_way = 1 - table[column].cumsum()
        kept = under_way > gone
        right.plot(table["length"][kept], under_way[kept], color=colour, linewidth=width)
    right.set_yscale("log")
    style.finish(right, "steps", "still under way", "")
    style.note(figure, f"Blue: {paths:,} paths, bars with 95% intervals. Vermilion: exact.")
    return figure


def lengths_from_each_state(results: Results) -> Figure:
    """Draw the exact probability of each length, a panel for each state to begin in."""
    table = results.table("lengths")
    columns = [column for column in table if column.startswith("exact_from_")]
    figure, row = style.panels(len(columns), len(columns), (2.7, 0), sharey=True)
    short = table[table["length"] <= min(_longest(results), LONGEST)]
    even = short["length"] % 2 == 0
    for axes, column in zip(row, columns, strict=True):
        for part, colour in ((short[even], style.VERMILION), (short[~even], style.BLUE)):
            axes.bar(part["length"], part[column], width=0.85, color=colour)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
        title = f"from {column.removeprefix('exact_from_')}"
        style.finish(axes, "steps to absorption", "paths" if axes is row[0] else "", title)
    style.note(figure, "Blue: odd lengths. Vermilion: even ones. Exact probabilities.")
    return figure


def _states(results: Results) -> list[str]:
    return list(dict.fromkeys(results.table("transitions")["state"]))


def _longest(results: Results) -> int:
    """Return the length by which most paths have ended."""
    exact = results.table("lengths")[f"exact_from_{results.params['start_state']}"]
    return int((exact.cumsum() < MOST).sum()) + 1


def _colours(number: int) -> list[str]:
    """Return a colour for each state, the last one that of the text."""
    return [style.CYCLE[n % (len(style.CYCLE) - 1)] for n in range(number - 1)] + [style.INK]


def _arrow(
    axes: Axes,
    tail: Array,
    head: Array,
    radii: tuple[float, float],
    bend: float,
    probability: float,
) -> None:
    """Draw an arrow from one state's circle to another's, bent to its right."""
    right = np.array([head[1] - tail[1], tail[0] - head[0]])  # of the arrow, as long as it is
    control = (tail + head) / 2 + bend * right  # of the curve between the centres
    ends = [
        centre + (radius + 0.03) * (control - centre) / np.linalg.norm(control - centre)
        for centre, radius in zip((tail, head), radii, strict=True)
    ]
    _curve(axes, ends[0], ends[1], bend, probability)
    chord = ends[1] - ends[0]
    away = right / np.linalg.norm(right) * (bend / 2 * np.linalg.norm(chord) + 0.22)
    _text(axes, (ends[0] + ends[1]) / 2 + away, f"{probability:g}")


def _loop(axes: Axes, centre: Array, radius: float, probability: float) -> None:
    """Draw an arrow from a state to itself, on its side away from the middle of the graph."""
    angle = float(np.arctan2(centre[1], centre[0]))
    turns = np.array([angle - LOOP, angle + LOOP, angle])
    tail, head, outwards = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    _curve(axes, centre + (radius + 0.03) * tail, centre + (radius + 0.03) * head, 1.6, probability)
    _text(axes, centre + (radius + 0.55) * outwards, f"{probability:g}")


def _curve(axes: Axes, tail: Array, head: Array, bend: float, probability: float) -> None:
    look = {"arrowstyle": "-|>", "mutation_scale": 13, "shrinkA": 0, "shrinkB": 0}
    look |= {"linewidth": 0.9 + 1.8 * probability, "color": style.GREY}
    begin, end = (float(tail[0]), float(tail[1])), (float(head[0]), float(head[1]))
    axes.add_patch(FancyArrowPatch(begin, end, connectionstyle=f"arc3,rad={bend}", **look))


def _text(axes: Axes, place: Array, text: str, **look: Any) -> None:
    look = {"color": style.INK} | look
    axes.text(float(place[0]), float(place[1]), text, ha="center", va="center", **look)
