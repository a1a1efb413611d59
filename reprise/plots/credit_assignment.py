"""Figures of the stage credit_assignment: examples, discounts, credit."""

from typing import Any

import numpy as np
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprise.plots import show, style, variant_panels
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.plots.variant_panels import spaced

HALF = 0.5
QUANTITIES = ("reward", "return", "advantage")
CREDITS = ("total_reward", "return", "advantage")


def example(results: Results) -> Figure:
    """Draw the chapter's example, a bar for each step."""
    table = results.table("examples")
    steps = table[table["example"] == table["example"].iloc[0]]
    episodes = [group for _, group in steps.groupby("episode")]
    columns, widths = len(episodes), [len(episode) + 1 for episode in episodes]
    names = [(one["episode"].iloc[0], one["reward"].sum()) for one in episodes]
    titles = [_minus(f"episode {name}: {total:g} in total") for name, total in names]
    shared = {"sharex": "col", "sharey": "row", "width_ratios": widths}
    titles += [""] * 2 * columns
    figure, grid = style.panels(titles, columns, (0.9, 1.3), ("step t", ""), **shared)
    for place, axes in enumerate(grid):
        quantity, episode = QUANTITIES[place // columns], episodes[place % columns]
        colours = [style.BLUE if value >= 0 else style.VERMILION for value in episode[quantity]]
        bars = axes.bar(episode["step"], episode[quantity], 0.62, color=colours, alpha=0.85)
        numbers = [_minus(f"{value:.3g}") for value in episode[quantity]]
        axes.bar_label(bars, numbers, padding=3, fontsize=style.SMALL)
        axes.axhline(0, color=style.INK, linewidth=0.8)
        axes.set(xlim=(-0.7, len(episode) - 0.3), xticks=episode["step"])
        axes.margins(y=0.24)  # for the numbers beyond the bars
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.grid(axis="x", visible=False)
        if place % columns == 0:
            axes.set_ylabel(quantity)
    figure.align_ylabels()
    return figure


def examples_table(results: Results) -> Markdown:
    """Show all worked examples."""
    rows, keys = [], ["example", "discount", "episode"]
    for (name, discount, episode), part in results.table("examples").groupby(keys, sort=False):
        lists = [_minus(", ".join(f"{value:.4g}" for value in part[key])) for key in QUANTITIES]
        rows.append((name, f"{discount:g}", episode, *lists))
    return show.table(rows, ("example", "γ", "episode", "rewards", "returns", "advantages"))


def half_lives(results: Results) -> Figure:
    """Draw the weight of a reward by its delay."""
    found = results.metrics["half_lives"].values()
    lives = dict(sorted((each["discount"], each["steps"]) for each in found))
    figure, axes = style.single(3.4)
    steps, labels = np.arange(int(1.45 * max(lives.values())) + 2), []
    axes.axhline(HALF, **style.DASHED)
    for (discount, half), colour in zip(lives.items(), style.CYCLE, strict=False):
        weights = np.cumprod([1.0, *[discount] * (len(steps) - 1)])
        axes.plot(steps, weights, color=colour)
        axes.plot([half, half], [0, HALF], color=colour, linewidth=0.9, alpha=0.6)
        axes.plot([half], [HALF], "o", color=colour, markersize=7, mec="white", mew=1.2, zorder=4)
        style.write(axes, f"{half:.1f} steps", (half, HALF), (6, 6), color=colour)
        labels.append(Label(float(weights[-1]), f"γ = {discount:g}", colour))
    style.shares(axes)
    axes.set_xlim(0, float(steps[-1]))
    style.finish(axes, "steps into the future", "weight of the reward", "The weight of a reward")
    style.label_right(axes, labels)
    return figure


def learning_curves(results: Results) -> Figure | None:
    """Draw the learning curves, a panel for each credit."""
    variants, panels = _variants(results), {}
    for name in sorted(variants, key=lambda name: CREDITS.index(variants[name]["credit"])):
        credit, discount, behaviour, *_ = variants[name].values()
        parts = ["undiscounted" if credit == "total_reward" else f"γ={discount:g}"]
        parts += [] if behaviour == "sampled" else [f"{behaviour} actions"]
        parts += [f"{key}={value}" for key, value in list(variants[name].items())[3:]]
        panels.setdefault(spaced(credit), {})[" ".join(parts)] = name
    return variant_panels.learning_curves(results, panels)


def one_part_changed(results: Results) -> Markdown:
    """Compare variants that differ in a single setting."""
    variants, base, pairs = _variants(results), results.params["baseline"], {}
    for one, a in variants.items():
        for other, b in variants.items():
            changed = [key for key in a if a[key] != b[key]]
            step = CREDITS.index(a["credit"]) - CREDITS.index(b["credit"])
            alone = other == base and len(changed) == 1 and changed != ["credit"]
            if alone or (changed == ["credit"] and step == 1):
                pairs[f"{one} against {other}"] = (one, other)
    return variant_panels.pairs_table(results, pairs)


def _variants(results: Results) -> dict[str, dict[str, Any]]:
    """List each variant's credit, discount, behaviour and other changes."""
    base = {key: results.params[key] for key in ("credit", "discount", "behaviour")}
    found = {name: base | dict(changes) for name, changes in results.params["variants"].items()}
    for values in found.values():
        if values["credit"] == "total_reward":
            values["discount"] = results.params["discount"]  # not used
    return found


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
