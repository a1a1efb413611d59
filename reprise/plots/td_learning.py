"""Figures of the stage td_learning."""

from matplotlib.figure import Figure

from reprise.plots import style
from reprise.plots.show import Results


def single_traces(results: Results) -> Figure:
    """Draw the traced state's value of single seeds, by schedule."""
    state, names = results.params["traced_state"], schedules(results)
    groups = list(results.table("traces", "iteration").groupby("schedule", sort=False))
    labels, columns = ("iterations", f"V({state})"), min(3, len(groups))
    titles = [names[name] for name, _ in groups]
    figure, grid = style.panels(titles, columns, (0.8, 1.75), labels)
    truth = results.metrics["truth"][state.replace(".", "_")]
    for axes, (_, table) in zip(grid, groups, strict=True):
        axes.axhline(truth, color=style.INK, linewidth=1, linestyle=(0, (4, 3)), zorder=3)
        seeds = table.filter(like="seed_").items()
        for (_, seed), colour in zip(seeds, style.CYCLE, strict=False):
            axes.plot(seed.index, seed, color=colour, linewidth=0.9)
        axes.xaxis.set_major_formatter("{x:,.0f}")
    style.note(figure, "Colours: single seeds, the same in all panels. Dashed: the true value.")
    return figure


def errors(results: Results) -> Figure:
    """Draw errors over all seeds, constant and decaying rates apart."""
    groups: dict[str, dict] = {}
    for name, table in results.table("curves", "iteration").groupby("schedule", sort=False):
        constant = results.params["schedules"][name]["learning_rate_decay"] == 0
        positive = table.filter(regex="^q|median").where(lambda error: error > 0)  # for logarithms
        kind = "constant" if constant else "decaying"
        groups.setdefault(kind, {})[schedules(results)[name]] = positive
    labels = ("iterations", "error of V")
    figure, row = style.panels(groups, len(groups), (4.0, 0), labels)
    pairs = zip(row, groups.values(), strict=True)
    ends = [style.curves(axes, tables, linewidth=1.5) for axes, tables in pairs]
    row[0].set(xscale="log", yscale="log")
    for axes, named in zip(row, ends, strict=True):
        style.label_right(axes, named)
    medians = f"Lines: medians of {results.metrics['seeds']:,} seeds."
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
