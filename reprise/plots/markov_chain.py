"""Figures of the stage markov_chain: its graph and paths."""

from typing import Any

import numpy as np
from IPython.display import Markdown
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from reprise.plots import show, style
from reprise.plots.show import Results

LOOP = ((0.15, 0.25), (-0.15, 0.25), (-0.1, 0.66))  # begin, end and label above a state
MOST = 0.95  # share of paths that fit into the figure of lengths
LONGEST = 24  # length of the paths from each state


def graph(results: Results) -> Figure:
    """Draw the states, with wider arrows for likelier transitions."""
    (figure, axes), colours = style.single(3.9), _colours(results)
    table = results.table("transitions")[["state", "successor", "probability"]]
    rows = list(table.itertuples(index=False))
    pairs = {(state, successor) for state, successor, _ in rows}
    left = {state for state, successor in pairs if successor != state}
    angles = np.pi - 2 * np.pi * np.arange(len(colours)) / len(colours)
    places = np.stack([2.3 * np.cos(angles), 1.25 * np.sin(angles)], axis=1)
    centres = dict(zip(colours, places, strict=True))
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    for state, successor, probability in rows:
        if state not in left:
            continue
        tail, head = centres[state], centres[successor]
        look = {"arrowstyle": "-|>", "mutation_scale": 13, "color": style.GREY}
        look |= {"linewidth": 0.9 + 1.8 * probability, "shrinkA": 24, "shrinkB": 24}
        if state == successor:  # a loop above the state
            tail, head, label = (tail + np.array(at) for at in LOOP)
            bend, look = 1.8, look | {"shrinkA": 0, "shrinkB": 0}
        else:  # bent to its right if there is a way back
            bend = 0.2 if (successor, state) in pairs else 0.0
            right = np.array([head[1] - tail[1], tail[0] - head[0]])  # as long as the arrow
            label = (tail + head) / 2 + (bend / 2 + 0.22 / np.linalg.norm(right)) * right
        look["connectionstyle"] = f"arc3,rad={bend}"
        axes.annotate("", head, tail, arrowprops=look)
        axes.text(label[0], label[1], f"{probability:g}", **middle)
    for state, colour in colours.items():
        box = {"boxstyle": "circle,pad=0.7" if state in left else "square,pad=0.7", "color": colour}
        look = {"color": "white", "weight": "bold", "fontsize": 12, "bbox": box}
        x, y = centres[state]
        axes.text(x, y, state, **middle | look)
    x, y = centres[results.params["start_state"]]
    axes.text(x, y - 0.5, "start", color=style.GREY, fontsize=style.SMALL, **middle)
    axes.set(xlim=(-3.5, 3.5), ylim=(-2.3, 1.7), aspect="equal")
    axes.set_axis_off()
    style.note(figure, "Numbers: transition probabilities. Square: an absorbing state.")
    return figure


def some_paths(results: Results) -> Figure | None:
    """Draw some paths, each step in its state's colour."""
    if results.table("paths").empty:
        return None
    colours = _colours(results)
    table = results.table("paths").pivot(index="path", columns="step", values="state")
    numbers = table.apply(lambda column: column.map({s: n for n, s in enumerate(colours)}))
    figure, axes = style.single(1.3 + 0.27 * len(table))
    scale = {"vmin": -0.5, "vmax": len(colours) - 0.5, "edgecolors": "white", "linewidth": 1.2}
    axes.pcolormesh(numbers.astype(float), cmap=ListedColormap(list(colours.values())), **scale)
    for row, steps in enumerate(table.notna().sum(axis=1) - 1):
        text, place = f"{steps} step{'s' if steps > 1 else ''}", (steps + 1, row + 0.5)
        style.write(axes, text, place, (4, -0.5), va="center", color=style.GREY)
    axes.set(xlim=(0, 1.12 * table.shape[1] + 2), ylim=(len(table), 0))
    style.finish(axes, "step", "path", "")
    axes.set_xticks(np.arange(0, table.shape[1], 5) + 0.5, table.columns[::5])
    axes.set_yticks(np.arange(len(table)) + 0.5, [str(path + 1) for path in table.index])
    axes.tick_params(axis="y", length=0)
    style.bare(axes)
    patches = [Patch(color=colour, label=state) for state, colour in colours.items()]
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": len(colours)}
    axes.legend(handles=patches, handlelength=1, handleheight=1, **place)
    return figure


def exact_and_simulated(results: Results) -> Markdown:
    """Compare exact values with those of the simulated paths."""
    exact, simulated = results.metrics["closed_form"], results.metrics["simulated"]
    horizon = f"share longer than {results.params['horizon']} steps"
    rows = [("steps to absorption", "steps", ".2f"), ("their variance", "variance", ".2f")]
    rows = [(name, exact[key], simulated[key], form) for name, key, form in rows]
    for key, name, form in (("visits", "visits to", ".2f"), ("ends", "share that ends in", ".2%")):
        found = simulated[key].items()
        rows += [(f"{name} {state}", exact[key][state], one, form) for state, one in found]
    rows.append((horizon, exact["beyond_horizon"], simulated["beyond_horizon"], ".3%"))
    rows = [(name, f"{value:.6g}", show.cell(found, form)) for name, value, found, form in rows]
    return show.table(rows, (f"from {results.params['start_state']}", "exact", "simulated"))


def length_distribution(results: Results) -> Figure:
    """Draw the lengths of paths, simulated and exact."""
    table, paths = results.table("lengths"), results.metrics["paths"]
    exact = f"exact_from_{results.params['start_state']}"
    options = {"sharex": False, "sharey": False, "width_ratios": [1.7, 1]}
    figure, (left, right) = style.panels(("", ""), 2, (3.9, 0), **options)
    short = table[table["length"] <= _longest(results)]
    left.bar(short["length"], short["simulated"], width=0.8, color=style.SKY, alpha=0.75)
    ends = short["simulated_low"], short["simulated_high"]
    left.vlines(short["length"], *ends, color=style.BLUE, linewidth=1)
    left.plot(short["length"], short[exact], "o", color=style.VERMILION, markersize=3.4, mew=0)
    left.set_ylim(0)
    left.yaxis.set_major_formatter("{x:.0%}")
    style.finish(left, "steps to absorption", "paths", "")
    for column, colour, width in (("simulated", style.BLUE, 2.6), (exact, style.VERMILION, 1.1)):
        under_way = 1 - table[column].cumsum()
        kept = under_way > 0.5 / paths  # the logarithmic axis ends where no path can be left
        right.plot(table["length"][kept], under_way[kept], color=colour, linewidth=width)
    right.set_yscale("log")
    style.finish(right, "steps", "paths still under way", "")
    style.note(figure, f"Blue: {paths:,} simulated paths with 95% intervals. Vermilion: exact.")
    return figure


def lengths_from_each_state(results: Results) -> Figure:
    """Draw the exact probability of each length, by start state."""
    table = results.table("lengths")
    columns = table.filter(like="exact_from_").columns
    titles, labels = columns.str.removeprefix("exact_"), ("steps to absorption", "paths")
    figure, row = style.panels(titles.str.replace("_", " "), len(columns), (2.7, 0), labels)
    short = table[table["length"] <= min(_longest(results), LONGEST)]
    colours = np.where(short["length"] % 2 == 0, style.VERMILION, style.BLUE)
    for axes, column in zip(row, columns, strict=True):
        axes.bar(short["length"], short[column], width=0.85, color=colours)
        axes.yaxis.set_major_formatter("{x:.0%}")
    style.note(figure, "Blue: odd lengths. Vermilion: even ones. Exact probabilities.")
    return figure


def _longest(results: Results) -> int:
    """Return the length by which `MOST` paths have ended."""
    exact = results.table("lengths")[f"exact_from_{results.params['start_state']}"]
    return int((exact.cumsum() < MOST).sum()) + 1


def _colours(results: Results) -> dict[str, str]:
    """Return the states' colours, the last that of text."""
    states = list(results.table("transitions")["state"].unique())
    colours = [style.CYCLE[n % (len(style.CYCLE) - 1)] for n in range(len(states) - 1)]
    return dict(zip(states, [*colours, style.INK], strict=True))
