"""Figures and tables of the stage hyperparameter_study."""

from collections.abc import Mapping
from typing import Any

from IPython.display import Markdown
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from reprise.measures.ranking import shown
from reprise.measures.variants import in_words
from reprise.plots import figures, show, style
from reprise.plots.show import Results
from reprise.stats import words
from reprise.stats.intervals import CONFIDENCE, Interval

PAIRS = {"all": "all pairs", "told_apart": "pairs that differ clearly over all seeds"}


def grid(results: Results) -> Markdown:
    """List the values of each hyperparameter."""
    tried = {each["name"]: map(shown, each["values"]) for each in results.params["grid"]}
    rows = [(f"`{name}`", ", ".join(values)) for name, values in tried.items()]
    return show.table(rows, ("hyperparameter", "values"))


def all_settings(results: Results) -> Figure:
    """Draw every setting's mean and share of solving seeds.

    The last two hyperparameters are rows and columns. The others make panels.
    """
    settings, keys, top = results.table("settings"), _keys(results), results.limits[0]
    row, column, *others = [*keys, ""][: max(2, len(keys))]
    named: Any = settings.assign(**{"": ""})[[*others, row, column]].map(shown)
    named = named.assign(mean=settings["mean"], solved=settings["solved"])
    titles = named[others].apply(
        lambda values: ", ".join(f"{in_words(key)} {values[key]}" for key in others), axis=1
    )
    titles = titles.to_numpy() if others else [""] * len(named)
    panels = {str(title): inside for title, inside in named.groupby(titles, sort=False)}
    labels = (in_words(column), in_words(row))
    figure, grid = style.panels(panels, min(3, len(panels)), (0.9, 2.25), labels)
    every, colours = list(figure.axes), Normalize(*style.limits(top, settings["mean"], room=0))
    rows, columns = (list(named[key].unique()) for key in (row, column))
    for axes, inside in zip(grid, panels.values(), strict=True):
        means = inside.pivot(index=row, columns=column, values="mean")
        means = means.reindex(index=rows, columns=columns)
        axes.imshow(means, norm=colours, aspect="auto")
        for x, y, mean, solved in inside[[column, row, "mean", "solved"]].itertuples(index=False):
            text = f"{words.number(mean, '.0f')}\n{words.number(solved, '.0%')}"
            light = not colours(mean) <= 0.5  # or NaN
            look = {"color": style.INK if light else "white", "fontsize": style.SMALL}
            axes.text(columns.index(x), rows.index(y), text, ha="center", va="center", **look)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
    style.colour_bar(figure, every, grid[0].images[0], "mean final greedy return (steps)")
    style.note(
        figure,
        "Upper number: the mean of the reporting seeds. Lower: the share that solve the task.",
    )
    return figure


def in_numbers(results: Results) -> Markdown:
    """Show how many settings solve the task, and the extremes."""
    rows = {
        "settings": "solving.settings",
        "settings that solve the task": "solving.solve",
        "settings that do not": "solving.do_not",
        "settings that the seeds leave undecided": "solving.undecided",
    }
    for which in ("best", "worst"):
        if found := results.metrics[which]:
            name = f"{which} by the choosing seeds, mean of the others (steps)"
            rows[f"{name}: {_values(results, found)}"] = which
    return show.numbers(results, rows, ",.0f")


def tuned(results: Results) -> Markdown:
    """Show what tuning chose, on choosing seeds and on others."""
    rows = []
    for what, found in results.metrics["tuned"].items():
        means = words.number(found["choosing_mean"]), show.cell(found)
        rows.append((in_words(what), _values(results, found), *means))
    means = ("mean of the choosing seeds (steps)", "mean of the others (steps)")
    return show.table(rows, ("tuned", "chosen", *means))


def marginal_effects(results: Results) -> Figure:
    """Draw the mean over all settings that share a value."""
    means = {}
    for row in results.table("effects").to_dict("records"):
        name = f"{in_words(row['hyperparameter'])} {shown(row['value'])}"
        means[name] = Interval(row["mean"], row["mean_low"], row["mean_high"], row["n"])
    mean = "the mean over all settings with the value,"
    labels = ("mean final greedy return (steps)", "")
    return figures.compare_policies(results, {}, labels, intervals=means, mean=mean)


def few_seeds(results: Results) -> Figure | None:
    """Draw how often few seeds pick wrongly, if any."""
    rows = results.table("few_seeds", "seeds")
    groups = {PAIRS[str(name)]: group for name, group in rows.groupby("pairs", sort=False)}
    if not groups:
        return None
    figure, axes = style.single(3.1)
    labels = style.curves(axes, groups, {("wrong_low", "wrong_high"): 0.2}, "wrong", marker="o")
    axes.axhline(0.5, **style.DASHED)
    style.hold([axes], 0.5, room=0.1)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_xticks(sorted(set(rows.index)))
    style.finish(axes, "seeds of each setting", "picks the wrong one of two", "")
    style.label_right(axes, labels)
    style.note(figure, f"Bands: {CONFIDENCE:.0%} intervals. Dashed: tossing a coin.")
    return figure


def _values(results: Results, found: Mapping[str, Any]) -> str:
    return ", ".join(f"{in_words(key)} {shown(found[key])}" for key in _keys(results))


def _keys(results: Results) -> list[str]:
    return [each["name"] for each in results.params["grid"]]
