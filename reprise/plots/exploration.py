"""Figures of the stage exploration, by problem and behaviour."""

from typing import Any

import numpy as np
from IPython.display import Markdown
from matplotlib.figure import Figure

from reprise.plots import show, style, variant_panels
from reprise.plots.show import Results
from reprise.stats import words


def greedy_loss(results: Results) -> Figure:
    """Draw how far the greedy policy stays below the optimum."""
    tolerance = results.params["tolerance"]
    floor = tolerance / 10  # smaller losses are drawn here
    figure = _curves(results, "loss", "loss of the greedy policy (% of the optimum)", floor)
    for axes in figure.axes:
        axes.axhline(tolerance, **style.DASHED)
    highest = float(np.nanmax(results.table("curves")["loss_q75"], initial=floor))
    first = figure.axes[0]
    first.set(yscale="log", ylim=(0.8 * floor, 1.5 * highest))
    first.yaxis.set_major_formatter(_percent)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "color": style.GREY}
    style.write(first, _percent(tolerance), (0, tolerance), (4, 3), **place)
    return figure


def coverage(results: Results) -> Figure:
    """Draw the share of state-action pairs that were tried."""
    figure = _curves(results, "coverage", "state-action pairs tried")
    figure.axes[0].set_ylim(0, 1.03)
    return figure


def _curves(results: Results, quantity: str, y_label: str, floor: float | None = None) -> Figure:
    problems = results.table("curves", "step").groupby("problem", sort=False)
    titles = [_title(problem) for problem, _ in problems]
    figure, grid = style.panels(titles, 2, (1.2, 2.3), ("steps", y_label), sharex=False)
    for axes, (_, rows) in zip(grid, problems, strict=True):
        tables = {}
        for behaviour, part in rows.groupby("behaviour", sort=False):
            table = part.filter(like=quantity).clip(lower=floor)
            tables[_name(behaviour)] = table.rename(columns=lambda name: name.split("_")[-1])
        style.curves(axes, tables, {("q25", "q75"): 0.16}, linewidth=1.5)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter(_percent)
    lines, names = grid[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=len(names), fontsize=8.5)
    lower = "" if floor is None else f" At the bottom: {_percent(floor)} or less."
    medians = f"Lines: medians of {results.metrics['seeds']:,} seeds."
    style.note(figure, f"{medians} Bands: 25–75%.{lower}")
    return figure


def reached(results: Results) -> Figure:
    """Draw the share of seeds that stay near the optimum."""
    panels: dict[str, dict] = {}
    groups = results.table("samples").groupby(["problem", "behaviour"], sort=False)
    for (problem, behaviour), rows in groups:
        panels.setdefault(_title(problem), {})[_name(behaviour)] = rows["steps"].to_numpy(float)
    y_label = f"seeds within {results.params['tolerance']:.0%} of the optimum for good"
    return variant_panels.reached(panels, ("steps", y_label), log=True)


def reached_table(results: Results) -> Markdown:
    """Show when seeds come near the optimum."""
    rows = []
    for problem, found in results.metrics["problems"].items():
        for behaviour, one in found.items():
            if isinstance(one, dict):
                by = one["steps"]["q25"], one["steps"]["median"], one["covered_steps"]["median"]
                steps = [words.number(step, ",.0f") for step in by]
                tried = words.number(one["coverage"]["mean"]["estimate"], ".1%")
                sooner = one.get("sooner_than_random")
                cells = [*steps, tried, show.cell(sooner, ".0%") if sooner else ""]
                there = show.cell(one["reached"], ".0%")
                rows.append((_title(problem), _name(behaviour), there, *cells))
    columns = (
        "problem",
        "behaviour",
        "seeds that get there",
        "a quarter get there by step",
        "half by step",
    )
    columns += ("half have tried all pairs by step", "pairs tried in the end")
    return show.table(rows, (*columns, "probability of being sooner than a random seed"))


def _title(problem: object) -> str:
    return str(problem).replace("_", " ").replace("three state", "three states")


def _name(behaviour: object) -> str:
    name = str(behaviour).replace("epsilon_greedy", "ε-greedy").replace("curiosity_", "κ = ")
    return name.replace("_", ".")


def _percent(share: float, place: object = None) -> str:
    return f"{100 * share:,.9g}%"
