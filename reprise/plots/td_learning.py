"""Figures of the stage td_learning, by schedule of learning rates."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprise.plots import style
from reprise.plots.show import Results


def single_traces(results: Results) -> Figure:
    """Draw the traced state's value in single runs, by schedule."""
    state, names = results.params["traced_state"], schedules(results)
    groups = list(results.table("traces", "iteration").groupby("schedule", sort=False))
    labels, columns = ("iterations", f"V({state})"), min(3, len(groups))
    figure, grid = style.panels(len(groups), columns, (0.8, 1.75), labels, **style.SHARED)
    truth = results.metrics["truth"][state.replace(".", "_")]
    for axes, (name, table) in zip(grid, groups, strict=True):
        axes.axhline(truth, color=style.INK, linewidth=1, linestyle=(0, (4, 3)), zorder=3)
        runs = table.filter(like="run_").items()
        for (_, run), colour in zip(runs, style.CYCLE, strict=False):
            axes.plot(run.index, run, color=colour, linewidth=0.9)
        axes.set_title(names[name], fontsize=style.SMALL, pad=5)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.xaxis.set_major_formatter("{x:,.0f}")
    style.note(figure, "Each colour: one run, the same in all panels. Dashed: the true value.")
    return figure


def errors(results: Results) -> Figure:
    """Draw errors over all runs, constant and decaying rates apart."""
    groups: dict[str, dict] = {}
    for name, table in results.table("curves", "iteration").groupby("schedule", sort=False):
        constant = results.params["schedules"][name]["learning_rate_decay"] == 0
        positive = table.filter(regex="^q|median").where(lambda error: error > 0)  # for logarithms
        kind = "constant" if constant else "decaying"
        groups.setdefault(kind, {})[schedules(results)[name]] = positive
    figure, row = style.panels(len(groups), len(groups), (4.0, 0), **style.SHARED)
    pairs = zip(row, groups.values(), strict=True)
    ends = [style.curves(axes, tables, linewidth=1.5) for axes, tables in pairs]
    for axes, title, labels in zip(row, groups, ends, strict=True):
        axes.set(xscale="log", yscale="log")
        style.finish(axes, "iterations", "error of V" if axes is row[0] else "", title)
        style.label_right(axes, labels)
    medians = f"Lines: medians of {results.metrics['runs']:,} runs."
    style.note(figure, f"{medians} Bands: 25–75%.")
    return figure


def schedules(results: Results) -> dict[str, str]:
    """Return formulas of steps k or visits n."""
    found = {}
    for name, schedule in results.params["schedules"].items():
        start, decay = (f"{schedule[key]:g}" for key in ("learning_rate", "learning_rate_decay"))
        count = {"steps": "k", "visits": "n"}[schedule["count"]]
        factor = count if decay == "1" else f"{decay} {count}"
        found[name] = f"α = {start}" if decay == "0" else f"α = {start} / (1 + {factor})"
    return found
