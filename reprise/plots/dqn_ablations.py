"""Figures and tables of the stage dqn_ablations."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from reprise.measures.variants import in_words
from reprise.plots import figures, show, style, variant_panels
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats import words
from reprise.stats.improvement import EVEN, Comparison, percent
from reprise.stats.intervals import CONFIDENCE, Interval, known_mean, share_interval

LABELS = ("episode", "return (steps)")
WINDOW = 10  # episodes that learning curves are averaged over
PANELS = {
    "loss, network": ("huber", "dueling"),
    "targets": ("target_hard", "target_soft", "double"),
    "batches": ("no_replay", "in_order", "gradient_steps_4", "gradient_steps_50"),
}
HEADINGS = {
    "activation": "One change: the activation",
    "learning_rate": "Learning curves of the rates",
}
TITLES = {"replay_capacity": "transitions in the buffer", "learning_rate": "learning rate"}
CORRELATIONS = {
    "loss_return_correlation": "Loss and next return",
    "loss_return_correlation_given_episode": "Loss and next return, given the episode",
    "loss_return_change_correlation": "Changes of loss and return",
}
WARNINGS = {"target": "mean target", "loss": "loss"}


def variants(results: Results) -> Markdown:
    """Show what each variant changes."""
    rows = []
    for name, changes in results.params["variants"].items():
        changed = ", ".join(f"`{key}` {value}" for key, value in changes.items())
        other = in_words(_partner(results, name)) if changed else words.DASH
        rows.append((in_words(name), changed or "nothing", other))
    return show.table(rows, ("variant", "change", "compared with"))


def final_policies(results: Results) -> Figure:
    """Draw the final policies, each compared with the base."""
    base, found, compared = results.params["baseline"], results.metrics["against_partner"], {}
    names = [name for name in results.params["variants"] if _partner(results, name) == base]
    groups = {in_words(name): _final(results)[name] for name in names}
    for name in names:
        if name != base:
            against, mean = found[name]["final"], known_mean(_final(results)[name])
            parts = [_interval(against[k]) for k in ("difference", "probability_of_improvement")]
            compared[in_words(name)] = Comparison(mean, *parts)
    labels = {"x_label": "greedy return (steps)", "title": "Final policies"}
    return variant_panels.forest(groups, compared, in_words(base), confidence=CONFIDENCE, **labels)


def against_partners(results: Results) -> Markdown:
    """Compare each variant's policies with those of its partner."""
    rows = []
    for name, found in results.metrics["against_partner"].items():
        improved = (found[which]["probability_of_improvement"] for which in ("final", "best"))
        chances = [percent(_interval(each)) for each in improved]
        gap = words.bracketed(_interval(found["final"]["difference"]), "+.1f")
        rows.append((in_words(name), in_words(found["partner"]), chances[0], gap, chances[1]))
    head = ("variant", "partner", "P(better final policy)", "difference of means (steps)")
    return show.table(rows, (*head, "P(better best policy)"))


def learning_curves(results: Results, key: str) -> Figure:
    """Draw learning curves by the value of one hyperparameter."""
    curves = variant_panels.curves_of(results)
    groups = {f"{value}": curves[name] for value, name in _values(results, key).items()}
    labels, top = (*LABELS, HEADINGS[key]), figures.maximum(results)
    return figures.learning_curves(groups, labels, top, WINDOW)


def forgetting_by_buffer(results: Results) -> Figure:
    """Draw every seed as a row, by buffer size."""
    returns = variant_panels.curves_of(results, "returns")
    names = _values(results, "replay_capacity").items()
    panels = {size: returns[name] for size, name in names}
    labels = ("episode", "some seeds, sorted by mean")
    figure, grid = style.panels(len(panels), 2, (0.7, 1.9), labels, sharex=True)
    every = list(figure.axes)
    scale = style.limits(figures.maximum(results).value, *panels.values(), room=0)
    for axes, (size, returns) in zip(grid, panels.items(), strict=True):
        style.raster(axes, returns, scale)
        axes.set_title(f"{size:,} transitions", fontsize=9.5, pad=5)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    style.colour_bar(figure, every, grid[-1].images[0], "return (steps)")
    return figure


def responses(results: Results, key: str) -> Figure:
    """Draw final returns and forgetting by one hyperparameter."""
    names, table = _values(results, key), results.table("samples")
    figure, (left, right) = style.panels(2, 2, (3.2, 0), sharex=True)
    means, shares, sure = {}, {}, results.confidence
    for value, name in names.items():
        sample = _final(results)[name]
        places = value * np.exp(style.jitter(len(sample), 0.12))
        left.plot(places, sample, "o", color=style.SKY, alpha=0.4, markersize=3, mew=0)
        means[value] = known_mean(sample, sure)
        held = table.query("variant == @name and held_at.notna()")["forgets"]
        if len(held):
            shares[value] = share_interval(int(held.sum()), len(held), sure)
    _joined(left, means, results.params[key])
    _joined(right, shares, results.params[key])
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(list(names), [f"{value:,g}" for value in names])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.margins(x=0.12)
    style.finish(left, TITLES[key], "final greedy return (steps)", "")
    style.finish(right, TITLES[key], "share that forgets, of those that held", "")
    style.note(figure, f"Bars: {sure:.0%} intervals. Vermilion: the base. Faint: each seed.")
    return figure


def _joined(axes: Axes, intervals: Mapping[float, Interval], base: float) -> None:
    """Draw upright intervals, and a line through their estimates."""
    estimates = [interval.estimate for interval in intervals.values()]
    axes.plot(list(intervals), estimates, color=style.BLUE, linewidth=1)
    for value, interval in intervals.items():
        colour = style.VERMILION if value == base else style.BLUE
        if interval.bounded:
            axes.plot([value] * 2, [interval.low, interval.high], color=colour, linewidth=2.2)
        axes.plot(value, interval.estimate, "o", color=colour, markersize=7, mec="white", zorder=4)


def other_curves(results: Results) -> Figure | None:
    """Draw the other variants' learning curves, if any."""
    curves = {
        name: figures.smooth(c, WINDOW) for name, c in variant_panels.curves_of(results).items()
    }
    panels = {
        title: {in_words(name): curves[name] for name in names if name in curves}
        for title, names in PANELS.items()
        if not curves.keys().isdisjoint(names)
    }
    if not panels:
        return None
    base = results.params["baseline"]
    reference = (in_words(base), curves[base])
    return variant_panels.small_multiples(results, panels, reference, LABELS)


def all_variants(results: Results) -> Markdown:
    """Show the main measures of every variant."""
    limit, rows = f"limit_{results.limits[0]}", []
    for name, found in results.metrics["variants"].items():
        policy = found["final"][limit]
        shares = [
            words.bracketed(_interval(found[which]), ".0%") if found[which] else words.DASH
            for which in ("held", "forgets")
        ]
        measured = (policy, found["best"][limit], found["first_at_cap"], found["recovery"])
        means = [words.number(each["mean"] if each else None, ".0f") for each in measured]
        solved = words.number(policy["solved"], ".0%")
        rows.append((in_words(name), *means[:2], solved, means[2], *shares, means[3]))
    head = ("variant", "final (steps)", "best (steps)", "solved", "first at the maximum")
    return show.table(rows, (*head, "hold", "forget", "recovery"))


def best_less_final(results: Results) -> Figure:
    """Draw how far best policies are above final ones."""
    best = variant_panels.samples_of(results, f"best_{results.limits[0]}")
    gaps = {in_words(name): best[name] - final for name, final in _final(results).items()}
    labels = ("best less final greedy return (steps)", "What a checkpoint keeps")
    return figures.compare_policies(results, gaps, labels, Label(0, "nothing", style.GREY))


def correlation(results: Results, column: str) -> Figure | None:
    """Draw a rank correlation within the base's seeds, if any."""
    found = variant_panels.samples_of(results, column)[results.params["baseline"]]
    if np.isfinite(found).sum() < 2:
        return None
    bins, level = np.linspace(-1, 1, 41), Label(0, "no relation", style.GREY)
    labels = ("rank correlation", CORRELATIONS[column])
    return figures.distribution(results, found, bins, labels, level)


def before_collapses(results: Results) -> Figure | None:
    """Draw where collapsing seeds are among calm ones, if any."""
    table = results.table("warnings").set_index("episode")
    panels = {title: table[table["quantity"] == name] for name, title in WARNINGS.items()}
    panels = {title: rows for title, rows in panels.items() if len(rows)}
    if not panels:
        return None
    figure, row = style.panels(len(panels), len(panels), (3.3, 0), sharex=True, sharey=True)
    for axes, (title, rows) in zip(row, panels.items(), strict=True):
        axes.axvspan(-results.params["warning"] - 0.5, -0.5, color=style.GREY, alpha=0.1, lw=0)
        axes.axhline(EVEN, **style.DASHED)
        axes.axvline(0, color=style.VERMILION, linewidth=1)
        band = {("low", "high"): 0.2}
        style.curve(axes, rows, style.BLUE, band, "mean", marker="o", markersize=3.5)
        axes.set_ylim(0, 1)
        axes.set_yticks([0, EVEN, 1], ["lowest", "middle", "highest"])
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        style.finish(axes, "episodes from the collapse", "", title)
    row[0].set_ylabel("place among calm seeds")
    line = f"Line and band: mean over seeds with its {CONFIDENCE:.0%} interval."
    style.note(figure, f"{line}\nShaded: before the collapse. Vermilion: it begins.")
    return figure


def _partner(results: Results, variant: str) -> str:
    return results.params["partners"].get(variant, results.params["baseline"])


def _final(results: Results) -> dict[str, np.ndarray]:
    return variant_panels.samples_of(results, f"final_{results.limits[0]}")


def _values(results: Results, key: str) -> dict[Any, str]:
    """Return the base and variants of one change, by value."""
    changed = {
        changes[key]: name
        for name, changes in results.params["variants"].items()
        if set(changes) == {key}
    }
    return dict(sorted((changed | {results.params[key]: results.params["baseline"]}).items()))


def _interval(found: Mapping[str, Any]) -> Interval:
    """Return an interval of metrics.json; NaN stands for null."""
    ends: Any = [np.nan if found[key] is None else found[key] for key in Interval._fields]
    return Interval(*ends)
