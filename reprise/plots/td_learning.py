"""Figures of the stage td_learning: errors and single runs by schedule of the learning rate."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprise.plots import show, style
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats import words

BAND = (0.25, 0.75)


def single_traces(results: Results) -> Figure:
    """Draw the traced state's value in single runs, a panel for each schedule."""
    state = results.params["traced_state"]
    names = schedules(results)
    panels = {
        names[str(name)]: table.set_index("iteration").filter(like="run_")
        for name, table in results.table("traces").groupby("schedule", sort=False)
    }
    truth = Label(results.metrics["truth"][state.replace(".", "_")], "the true value")
    return single_runs(panels, truth, x_label="iterations", y_label=f"V({state})")


def errors(results: Results) -> Figure:
    """Draw the error over all runs, constant and decaying rates side by side."""
    names, groups = schedules(results), {}
    for name, table in results.table("curves").groupby("schedule", sort=False):
        constant = results.params["schedules"][name]["learning_rate_decay"] == 0
        title = "constant" if constant else "decaying"
        groups.setdefault(title, {})[names[str(name)]] = table.set_index("iteration")
    return side_by_side(
        groups, number_of_runs=results.metrics["runs"], x_label="iterations", y_label="error of V"
    )


def error_table(results: Results) -> Markdown:
    """Show errors half way and at the end, their ratio, and bias and spread at the end."""
    rows = [
        (
            schedules(results)[name],
            *(words.number(one[part]["estimate"], ".3f") for part in ("half_way", "end")),
            show.cell(one["ratio"], ".3f"),
            *(words.number(one[part], ".3f") for part in ("bias", "spread")),
        )
        for name, one in results.metrics["schedules"].items()
    ]
    return show.table(
        rows, ("learning rate", "error half way", "error at the end", "ratio", "bias", "spread")
    )


def schedules(results: Results) -> dict[str, str]:
    """Return the formula of each schedule, of the steps k or the earlier visits n to the state."""
    return {name: _formula(schedule) for name, schedule in results.params["schedules"].items()}


def _formula(schedule: Mapping[str, str | float]) -> str:
    start, decay = (f"{schedule[key]:g}" for key in ("learning_rate", "learning_rate_decay"))
    count = {"steps": "k", "visits": "n"}[str(schedule["count"])]
    factor = count if decay == "1" else f"{decay} {count}"
    return f"α = {start}" if decay == "0" else f"α = {start} / (1 + {factor})"


def side_by_side(
    panels: Mapping[str, Mapping[str, pd.DataFrame]],
    *,
    number_of_runs: int,
    x_label: str,
    y_label: str,
) -> Figure:
    """Draws medians and bands of groups of runs on logarithmic axes, in panels of one scale.

    Args:
        panels: Title to groups, a group's name to a table of the quantiles q25, median and q75; its
            index, above 0, along the x-axis.
        number_of_runs: Behind each of the quantiles.
        x_label: Of the index.
        y_label: Of the values.
    """
    figure = Figure(figsize=(style.WIDTH, 4.0))
    row = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    labels: dict[str, list[Label]] = {}
    for axes, (title, groups) in zip(row, panels.items(), strict=True):
        axes.set_xscale("log")
        axes.set_yscale("log")
        labels[title] = []
        for (name, whole), colour in zip(groups.items(), style.CYCLE, strict=False):
            numbers = whole.select_dtypes("number")
            table = numbers.where(numbers > 0)  # 0 has no place on a logarithmic axis
            axes.fill_between(
                table.index, table["q25"], table["q75"], color=colour, alpha=0.2, linewidth=0
            )
            axes.plot(table.index, table["median"], color=colour, linewidth=1.5)
            end = float(np.log10(table["median"].iloc[-1]))
            labels[title].append(Label(end, name, colour))
        style.finish(axes, x_label, y_label if axes is row[0] else "", title)
    for axes, named in zip(row, labels.values(), strict=True):
        linear = axes.twinx()  # labels keep their distance on a linear scale
        linear.set_ylim(*np.log10(axes.get_ylim()))
        linear.set_axis_off()
        style.label_right(linear, named)
    style.note(figure, f"Lines: medians of {number_of_runs:,} runs. Bands: {style.percent(BAND)}.")
    return figure


def single_runs(
    panels: Mapping[str, pd.DataFrame], level: Label, *, x_label: str, y_label: str
) -> Figure:
    """Draws a few single runs around the value they should come to, a panel for each group.

    Args:
        panels: Title to a table, a column for each run, its index along the x-axis.
        level: What they should come to, and its name.
        x_label: Of the index.
        y_label: Of the values.
    """
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(style.WIDTH, 0.8 + 1.75 * rows))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, (title, table) in zip(grid.flat, panels.items(), strict=False):
        axes.axhline(level.value, color=style.INK, linewidth=1, linestyle=(0, (4, 3)), zorder=3)
        for (_, run), colour in zip(table.items(), style.CYCLE, strict=False):
            axes.plot(run.index, run, color=colour, linewidth=0.9)
        axes.set_title(title, fontsize=style.SMALL, pad=5)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.xaxis.set_major_formatter("{x:,.0f}")
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    figure.supylabel(y_label, fontsize=9.5)
    for axes in grid[-1]:
        axes.set_xlabel(x_label)
    style.note(figure, f"Each colour: one run, the same in all panels. Dashed: {level.text}.")
    return figure
