"""Figures of the stage credit_assignment: worked examples, discounts, kinds of credit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprise.plots import show, style, variant_panels
from reprise.plots.show import Results
from reprise.plots.style import Label

HALF = 0.5
ORDER = ("total_reward", "return", "advantage")


def example(results: Results) -> Figure:
    """Draw the chapter's worked example: rewards, returns and advantages."""
    examples = results.table("examples")
    steps = examples[examples["example"] == examples["example"].iloc[0]]
    totals = steps.groupby("episode")["reward"].sum()
    titles = [f"episode {e}: {total:g} in total".replace("-", "−") for e, total in totals.items()]
    quantities = {name: name for name in ("reward", "return", "advantage")}
    return worked_example(steps, quantities, titles=titles)


def examples_table(results: Results) -> Markdown:
    """Show the other worked examples."""

    def listed(values: pd.Series) -> str:
        return ", ".join(f"{value:.4g}" for value in values).replace("-", "−")

    keys = ["example", "discount", "episode"]
    rows = [
        (
            name,
            f"{discount:g}",
            episode,
            *map(listed, (part["reward"], part["return"], part["advantage"])),
        )
        for (name, discount, episode), part in results.table("examples").groupby(keys, sort=False)
    ]
    return show.table(rows, ("example", "γ", "episode", "rewards", "returns", "advantages"))


def half_lives(results: Results) -> Figure:
    """Draw the weight of a reward by when it comes."""
    lives = {each["discount"]: each["steps"] for each in results.metrics["half_lives"].values()}
    return discount_weights(dict(sorted(lives.items())), title="The weight of a reward")


def half_lives_table(results: Results) -> Markdown:
    """Show the half-life of each discount and the weights around it."""
    lives = {each["discount"]: each for each in results.metrics["half_lives"].values()}
    rows = [
        (
            f"{discount:g}", f"{one['steps']:.2f} steps",
            f"{one['before']:.1%} after {int(one['steps'])}",
            f"{one['after']:.1%} after {int(one['steps']) + 1}",
        )
        for discount, one in sorted(lives.items())
    ]  # fmt: skip
    return show.table(rows, ("γ", "half-life", "weight before", "weight after"))


def learning_curves(results: Results) -> Figure:
    """Draw the variants' learning curves, a panel for each kind of credit."""
    curves, panels = variant_panels.curves_of(results), {}
    for name, values in sorted(
        _variants(results).items(), key=lambda v: ORDER.index(v[1]["credit"])
    ):
        panels.setdefault(variant_panels.spaced(values["credit"]), {})[_short(values)] = curves[
            name
        ]
    base = results.params["baseline"]
    return variant_panels.small_multiples(
        panels, (variant_panels.spaced(base), curves[base]), x_label="iteration",
        y_label="mean return", top=Label(results.params["maximum_steps"], "maximum", style.GREY),
    )  # fmt: skip


def one_part_changed(results: Results) -> Markdown:
    """Show pairs of variants that differ in their credit, their discount or their actions only."""
    variants, base, pairs = _variants(results), results.params["baseline"], {}
    for one, a in variants.items():
        for other, b in variants.items():
            changed = [key for key in a if a[key] != b[key]]
            step = ORDER.index(a["credit"]) - ORDER.index(b["credit"])
            alone = other == base and len(changed) == 1 and changed != ["credit"]
            if alone or (changed == ["credit"] and step == 1):
                pairs[variant_panels.spaced(f"{one} against {other}")] = (one, other)
    return variant_panels.pairs_table(results, pairs)


def _variants(results: Results) -> dict[str, dict[str, Any]]:
    """Return each variant's whole credit, discount and behaviour, and its other changes."""
    base = {key: results.params[key] for key in ("behaviour", "credit", "discount")}
    found = {name: base | dict(changes) for name, changes in results.params["variants"].items()}
    for values in found.values():
        if values["credit"] == "total_reward":
            values["discount"] = results.params["discount"]  # not used
    return found


def _short(values: Mapping[str, Any]) -> str:
    rest = [f"{k}={v}" for k, v in values.items() if k not in ("behaviour", "credit", "discount")]
    actions = [] if values["behaviour"] == "sampled" else [f"{values['behaviour']} actions"]
    total = values["credit"] == "total_reward"
    ahead = "undiscounted" if total else f"γ={values['discount']:g}"
    return " ".join([ahead, *actions, *rest])


def worked_example(
    steps: pd.DataFrame, quantities: Mapping[str, str], *, titles: Sequence[str]
) -> Figure:
    """Draws the quantities of each step as bars, a row for a quantity, a column for an episode.

    Args:
        steps: A row for each step, with the columns episode, step and those of the quantities.
        quantities: Column of the quantity to the label of its row.
        titles: Of the episodes.
    """
    episodes = [group for _, group in steps.groupby("episode")]
    figure = Figure(figsize=(style.WIDTH, 0.9 + 1.3 * len(quantities)))
    grid = figure.subplots(
        *(len(quantities), len(episodes)), sharex="col", sharey="row", squeeze=False,
        width_ratios=[len(episode) + 1 for episode in episodes],
    )  # fmt: skip
    for row, (column, label) in zip(grid, quantities.items(), strict=True):
        every = steps[column].to_numpy(float)
        low, high = min(0.0, *every), max(0.0, *every)
        high = high if high > low else 1.0
        room = 0.24 * (high - low)  # for the numbers beyond the bars
        for axes, episode in zip(row, episodes, strict=True):
            values = episode[column]
            colours = [style.BLUE if value >= 0 else style.VERMILION for value in values]
            axes.bar(episode["step"], values, 0.62, color=colours, alpha=0.85)
            for step, value in zip(episode["step"], values, strict=True):
                axes.annotate(
                    f"{value:.3g}".replace("-", "\N{MINUS SIGN}"),
                    (step, value),
                    (0, 3 if value >= 0 else -3),
                    textcoords="offset points",
                    ha="center",
                    va="bottom" if value >= 0 else "top",
                    fontsize=style.SMALL,
                )
            axes.axhline(0, color=style.INK, linewidth=0.8)
            axes.set_ylim(low - room * (low < 0), high + room * (high > 0))
            axes.set_xlim(-0.7, len(episode) - 0.3)
            axes.set_xticks(episode["step"])
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.grid(axis="x", visible=False)
        row[0].set_ylabel(label)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=9.5)
    for axes in grid[-1]:
        axes.set_xlabel("step t")
    figure.align_ylabels()
    return figure


def discount_weights(half_lives: Mapping[float, float], *, title: str = "") -> Figure:
    """Draws what a reward counts by how many steps away it is, and when it counts for half.

    Args:
        half_lives: Discount to the number of steps after which a reward counts for half.
        title: What the figure shows.
    """
    figure, axes = style.single(3.4)
    steps = np.arange(int(1.45 * max(half_lives.values())) + 2)
    axes.axhline(HALF, **style.DASHED)
    labels = []
    for (discount, half), colour in zip(half_lives.items(), style.CYCLE, strict=False):
        weights = np.cumprod([1.0, *[discount] * (len(steps) - 1)])
        axes.plot(steps, weights, color=colour)
        axes.plot([half, half], [0, HALF], color=colour, linewidth=0.9, alpha=0.6)
        axes.plot([half], [HALF], "o", color=colour, markersize=7, mec="white", mew=1.2, zorder=4)
        axes.annotate(
            f"{half:.1f} steps",
            (half, HALF),
            (6, 6),
            textcoords="offset points",
            color=colour,
            fontsize=style.SMALL,
        )
        labels.append(Label(float(weights[-1]), f"γ = {discount:g}", colour))
    axes.set_ylim(0, 1.04)
    axes.set_yticks([0, HALF, 1], ["0%", "50%", "100%"])
    axes.set_xlim(0, float(steps[-1]))
    style.finish(axes, "steps into the future", "what a reward counts", title)
    style.label_right(axes, labels)
    return figure
