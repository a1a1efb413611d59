"""Figures of the stage td_learning: errors and single runs by schedule of the learning rate."""

from collections.abc import Mapping

import numpy as np
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
    state, names = results.params["traced_state"], schedules(results)
    groups = list(results.table("traces").groupby("schedule", sort=False))
    labels, columns = ("iterations", f"V({state})"), min(3, len(groups))
    shared = {"sharex": True, "sharey": True}
    figure, grid = style.panels(len(groups), columns, (0.8, 1.75), labels, **shared)
    truth = results.metrics["truth"][state.replace(".", "_")]
    for axes, (name, table) in zip(grid, groups, strict=True):
        axes.axhline(truth, color=style.INK, linewidth=1, linestyle=(0, (4, 3)), zorder=3)
        runs = table.set_index("iteration").filter(like="run_")
        for (_, run), colour in zip(runs.items(), style.CYCLE, strict=False):
            axes.plot(run.index, run, color=colour, linewidth=0.9)
        axes.set_title(names[str(name)], fontsize=style.SMALL, pad=5)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.xaxis.set_major_formatter("{x:,.0f}")
    style.note(figure, "Each colour: one run, the same in all panels. Dashed: the true value.")
    return figure


def errors(results: Results) -> Figure:
    """Draw the error over all runs on logarithmic axes, constant and decaying rates apart."""
    names, groups = schedules(results), {}
    for name, table in results.table("curves").groupby("schedule", sort=False):
        constant = results.params["schedules"][name]["learning_rate_decay"] == 0
        group = groups.setdefault("constant" if constant else "decaying", {})
        group[names[str(name)]] = table.set_index("iteration")[["q25", "median", "q75"]]
    shared = {"sharex": True, "sharey": True}
    figure, row = style.panels(len(groups), len(groups), (4.0, 0), **shared)
    ends: list[list[Label]] = []
    for axes, (title, tables) in zip(row, groups.items(), strict=True):
        axes.set(xscale="log", yscale="log")
        ends.append([])
        for (name, table), colour in zip(tables.items(), style.CYCLE, strict=False):
            positive = table.where(table > 0)  # 0 has no place on a logarithmic axis
            style.curve(axes, positive, colour, linewidth=1.5)
            end = float(np.log10(positive["median"].iloc[-1]))
            ends[-1].append(Label(end, name, colour))
        style.finish(axes, "iterations", "error of V" if axes is row[0] else "", title)
    for axes, labels in zip(row, ends, strict=True):
        linear = axes.twinx()  # labels keep their distance on a linear scale
        linear.set_ylim(*np.log10(axes.get_ylim()))
        linear.set_axis_off()
        style.label_right(linear, labels)
    medians = f"Lines: medians of {results.metrics['runs']:,} runs."
    style.note(figure, f"{medians} Bands: {style.percent(BAND)}.")
    return figure


def error_table(results: Results) -> Markdown:
    """Show errors half way and at the end, their ratio, and bias and spread at the end."""
    rows = []
    for name, one in results.metrics["schedules"].items():
        before = [words.number(one[part]["estimate"], ".3f") for part in ("half_way", "end")]
        after = [words.number(one[part], ".3f") for part in ("bias", "spread")]
        ratio = show.cell(one["ratio"], ".3f")
        rows.append((schedules(results)[name], *before, ratio, *after))
    columns = ("learning rate", "error half way", "error at the end", "ratio", "bias", "spread")
    return show.table(rows, columns)


def schedules(results: Results) -> dict[str, str]:
    """Return the formula of each schedule, of the steps k or the earlier visits n to the state."""
    return {name: _formula(schedule) for name, schedule in results.params["schedules"].items()}


def _formula(schedule: Mapping[str, str | float]) -> str:
    start, decay = (f"{schedule[key]:g}" for key in ("learning_rate", "learning_rate_decay"))
    count = {"steps": "k", "visits": "n"}[str(schedule["count"])]
    factor = count if decay == "1" else f"{decay} {count}"
    return f"α = {start}" if decay == "0" else f"α = {start} / (1 + {factor})"
