"""Figures and tables of the stage dqn_ablations."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from reprise.measures.variants import in_words
from reprise.plots import figures, show, style, variant_panels
from reprise.plots.show import Results
from reprise.stats import words
from reprise.stats.improvement import EVEN, Comparison, percent
from reprise.stats.intervals import CONFIDENCE, Interval, known_mean, wilson_interval

WINDOW = 10  # episodes that learning curves are averaged over
PANELS = {
    "loss, network": ("huber", "dueling"),
    "targets": ("target_hard", "target_soft", "double"),
    "batches": ("no_replay", "gradient_steps_4"),
}
WARNINGS = {"target": "mean target", "loss": "loss"}


def settings(results: Results) -> Markdown:
    """Show how the base is trained and evaluated."""
    return show.settings(
        results, "seeds", "total_episodes", "maximum_steps", "activation", "replay_capacity",
        "batch_size", "optimizer", "learning_rate", "discount", "target_network",
        "target_update_period", "tau", "evaluation.episodes", "window",
    )  # fmt: skip


def variants(results: Results) -> Markdown:
    """Show what each variant changes."""
    rows = []
    for name, changes in results.params["variants"].items():
        changed = ", ".join(f"`{key}` {value}" for key, value in changes.items())
        other = partner(results, name) if changed else words.DASH
        rows.append((in_words(name), changed or "nothing", in_words(other)))
    return show.table(rows, ("variant", "change", "compared with"))


def partner(results: Results, variant: str) -> str:
    """Return the variant that another is compared with."""
    return results.params["partners"].get(variant, results.params["baseline"])


def samples(results: Results, variant: str) -> pd.DataFrame:
    """Return a variant's rows of samples.csv."""
    table = results.table("samples")
    return pd.DataFrame(table[table["variant"] == variant])


def final(results: Results, variant: str) -> np.ndarray:
    """Return a variant's final greedy returns, [N]."""
    return samples(results, variant)[f"final_{results.limits[0]}"].to_numpy(float)


def curves(results: Results, variant: str) -> pd.DataFrame:
    """Return a variant's training returns, a column per seed [T, N]."""
    table = results.table("returns")
    return table[table["variant"] == variant].drop(columns="variant").set_index("episode")


def maximum(results: Results) -> figures.Label:
    """Return the highest return of an episode, or the return that solves the task."""
    highest = results.metrics["variants"][results.params["baseline"]]["cap"]
    reached = highest == results.params["maximum_steps"]
    return figures.Label(highest, "maximum" if reached else "solved", style.GREY)


def values(results: Results, key: str) -> dict[Any, str]:
    """Return the variants that change one hyperparameter alone, by its value; the base too."""
    changed = {
        changes[key]: name
        for name, changes in results.params["variants"].items()
        if set(changes) == {key}
    }
    changed[results.params[key]] = results.params["baseline"]
    return dict(sorted(changed.items()))


def final_policies(results: Results) -> Figure:
    """Draw the final policies, each compared with the base."""
    base, found = results.params["baseline"], results.metrics["against_partner"]
    names = [name for name in results.params["variants"] if partner(results, name) == base]
    groups = {in_words(name): final(results, name) for name in names}
    compared = {
        in_words(name): Comparison(
            known_mean(final(results, name)),
            _interval(found[name]["final"]["difference"]),
            _interval(found[name]["final"]["probability_of_improvement"]),
        )
        for name in names
        if name != base
    }
    return variant_panels.forest(
        groups, compared, in_words(base), confidence=CONFIDENCE, x_label="greedy return (steps)",
        title="Final policies",
    )  # fmt: skip


def against_partners(results: Results) -> Markdown:
    """Show how each variant's policies compare with those of its partner."""
    rows = []
    for name, found in results.metrics["against_partner"].items():
        chances = [
            percent(_interval(found[which]["probability_of_improvement"]))
            for which in ("final", "best")
        ]
        gap = words.bracketed(_interval(found["final"]["difference"]), "+.1f")
        rows.append((in_words(name), in_words(found["partner"]), chances[0], gap, chances[1]))
    head = ("variant", "partner", "P(better final policy)", "difference of means (steps)")
    return show.table(rows, (*head, "P(better best policy)"))


def activations(results: Results) -> Figure:
    """Draw the learning curves of the activations."""
    return _curves(results, "activation", "One change: the activation")


def learning_rate_curves(results: Results) -> Figure:
    """Draw the learning curves of the learning rates."""
    return _curves(results, "learning_rate", "Learning curves of the rates")


def forgetting_by_buffer(results: Results) -> Figure:
    """Draw every seed as a row of colour, a panel for each size of the buffer."""
    panels = {
        f"{size:,} transitions": curves(results, name)
        for size, name in values(results, "replay_capacity").items()
    }
    rows = -(-len(panels) // 2)
    figure = Figure(figsize=(style.WIDTH, 0.7 + 1.9 * rows))
    grid = figure.subplots(rows, 2, sharex=True, squeeze=False).ravel()
    scale, images = style.limits(maximum(results).value, *panels.values(), room=0), []
    for axes, (title, returns) in zip(grid, panels.items(), strict=False):
        images.append(style.raster(axes, returns, scale))
        axes.set_title(title, fontsize=9.5, pad=5)
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[-2:]:
        axes.set_xlabel("episode")
    figure.supylabel("seeds, sorted by mean", fontsize=9.5)
    style.colour_bar(figure, list(grid), images[-1], "return (steps)")
    return figure


def by_buffer(results: Results) -> Figure:
    """Draw final policies and forgetting over the size of the buffer."""
    return _responses(results, "replay_capacity", "transitions in the buffer")


def by_learning_rate(results: Results) -> Figure:
    """Draw final policies and forgetting over the learning rate."""
    return _responses(results, "learning_rate", "learning rate")


def other_curves(results: Results) -> Figure | None:
    """Draw the learning curves of the other variants; None if there are none."""
    known, base = results.params["variants"], results.params["baseline"]
    panels = {
        title: {in_words(name): _smooth(results, name) for name in names if name in known}
        for title, names in PANELS.items()
    }
    panels = {title: inner for title, inner in panels.items() if inner}
    if not panels:
        return None
    return variant_panels.small_multiples(
        panels, (in_words(base), _smooth(results, base)), top=maximum(results),
        x_label="episode", y_label="return (steps)",
    )  # fmt: skip


def all_variants(results: Results) -> Markdown:
    """Show the main measures of every variant."""
    limit, rows = f"limit_{results.limits[0]}", []
    for name, found in results.metrics["variants"].items():
        policy = found["final"][limit]
        solved = words.number(policy["solved"], ".0%")
        shares = [_share(found[which]) for which in ("held", "forgets")]
        measured = (policy, found["best"][limit], found["first_at_cap"], found["recovery"])
        means = [words.number(each["mean"] if each else None, ".0f") for each in measured]
        rows.append((in_words(name), *means[:2], solved, means[2], *shares, means[3]))
    head = ("variant", "final (steps)", "best (steps)", "solved", "first at the maximum")
    return show.table(rows, (*head, "hold", "forget", "recovery"))


def best_less_final(results: Results) -> Figure:
    """Draw how much better the best policies are than the final ones."""
    gaps = {
        in_words(name): samples(results, name)[f"best_{results.limits[0]}"].to_numpy(float)
        - final(results, name)
        for name in results.params["variants"]
    }
    return figures.compare_policies(
        {name: known_mean(gap, results.confidence) for name, gap in gaps.items()},
        samples=gaps,
        x_label="best less final greedy return (steps)",
        title="What a checkpoint keeps",
        level=figures.Label(0, "nothing", style.GREY),
        statistic=f"mean with its {results.confidence:.0%} interval; faint dots: each seed",
    )


def loss_and_return(results: Results) -> Figure | None:
    """Draw each seed's correlation of loss and next return."""
    return _correlation(results, "loss_return_correlation", "Loss and next return")


def changes_of_loss_and_return(results: Results) -> Figure | None:
    """Draw each seed's correlation of the changes of loss and next return."""
    return _correlation(results, "loss_return_change_correlation", "Changes of loss and return")


def before_collapses(results: Results) -> Figure | None:
    """Draw the place of collapsing seeds among calm ones; None if no seed collapses."""
    table = results.table("warnings")
    panels = {title: table[table["quantity"] == name] for name, title in WARNINGS.items()}
    panels = {title: rows for title, rows in panels.items() if len(rows)}
    if not panels:
        return None
    figure = Figure(figsize=(style.WIDTH, 3.3))
    row = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (title, rows) in zip(row, panels.items(), strict=True):
        axes.axvspan(-results.params["warning"] - 0.5, -0.5, color=style.GREY, alpha=0.1, lw=0)
        axes.axhline(EVEN, **style.DASHED)
        axes.axvline(0, color=style.VERMILION, linewidth=1)
        episodes = rows["episode"]
        axes.fill_between(episodes, rows["low"], rows["high"], color=style.BLUE, alpha=0.2, lw=0)
        axes.plot(episodes, rows["mean"], "o-", color=style.BLUE, markersize=3.5)
        axes.set_ylim(0, 1)
        axes.set_yticks([0, EVEN, 1], ["lowest", "middle", "highest"])
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        style.finish(axes, "episodes from the collapse", "", title)
    row[0].set_ylabel("place among calm seeds")
    style.note(
        figure,
        f"Line and band: mean over seeds with its {CONFIDENCE:.0%} interval.\n"
        "Shaded: before the collapse. Vermilion: it begins.",
    )
    return figure


def _interval(found: Mapping[str, Any]) -> Interval:
    """Return an interval of metrics.json; NaN stands for null."""
    low, middle, high = (
        math.nan if found[key] is None else found[key] for key in ("low", "estimate", "high")
    )
    return Interval(middle, low, high, found["n"], found["degenerate"])


def _share(found: Mapping[str, Any] | None) -> str:
    """Return a share of metrics.json in percent, with its interval."""
    if found is None:
        return words.DASH
    return words.bracketed(_interval(found), ".0%")


def _smooth(results: Results, variant: str) -> pd.DataFrame:
    return pd.DataFrame(curves(results, variant).rolling(WINDOW, min_periods=1).mean())


def _curves(results: Results, key: str, title: str) -> Figure:
    """Draw the learning curves of the variants that change one hyperparameter."""
    found = values(results, key).items()
    return figures.quantile_band(
        {f"{value}": curves(results, name) for value, name in found},
        x_label="episode",
        y_label="return (steps)",
        title=title,
        window=WINDOW,
        level=maximum(results),
    )


def _responses(results: Results, key: str, x_label: str) -> Figure:
    """Draw final policies and forgetting over the values of one hyperparameter."""
    found, chapter = values(results, key), results.params[key]
    figure = Figure(figsize=(style.WIDTH, 3.2))
    left, right = figure.subplots(1, 2, sharex=True)
    means, shares = {}, {}
    for value, name in found.items():
        sample = final(results, name)
        places = value * np.exp(style.jitter(len(sample), 0.12))
        left.plot(places, sample, "o", color=style.SKY, alpha=0.4, markersize=3, mew=0)
        means[value] = known_mean(sample, results.confidence)
        forgets = samples(results, name).dropna(subset="held_at")["forgets"].to_numpy(int)
        if len(forgets):
            shares[value] = wilson_interval(int(forgets.sum()), len(forgets), results.confidence)
    for axes, intervals, label in (
        (left, means, "final greedy return (steps)"),
        (right, shares, "share that forgets, of those that held"),
    ):
        axes.set_xscale("log")
        _joined(axes, intervals, chapter)
        axes.set_xticks(list(found), [f"{value:,g}" for value in found])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.margins(x=0.12)
        style.finish(axes, x_label, label, "")
    sure = f"{results.confidence:.0%}"
    style.note(figure, f"Bars: {sure} intervals. Vermilion: the base. Faint: each seed.")
    return figure


def _joined(axes: Axes, intervals: Mapping[float, Interval], chapter: float) -> None:
    """Draw upright intervals, and a line through their estimates."""
    estimates = [interval.estimate for interval in intervals.values()]
    axes.plot(list(intervals), estimates, color=style.BLUE, linewidth=1)
    for value, interval in intervals.items():
        colour = style.VERMILION if value == chapter else style.BLUE
        if interval.bounded:
            axes.plot([value] * 2, [interval.low, interval.high], color=colour, linewidth=2.2)
        axes.plot(value, interval.estimate, "o", color=colour, markersize=7, mec="white", zorder=4)


def _correlation(results: Results, column: str, title: str) -> Figure | None:
    """Draw a rank correlation within each seed of the base; None for fewer than two seeds."""
    found = samples(results, results.params["baseline"])[column].dropna().to_numpy(float)
    if len(found) < 2:
        return None
    return figures.distribution(
        found,
        known_mean(found, results.confidence),
        bins=list(np.linspace(-1, 1, 41)),
        x_label="rank correlation",
        title=title,
        confidence=f"{results.confidence:.0%}",
        level=figures.Label(0, "no relation", style.GREY),
    )
