"""Figures of the stage credit_assignment: worked examples, discounts, kinds of credit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprise.plots import figures, show, style, variant_panels
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.plots.variant_panels import spaced

HALF = 0.5
QUANTITIES = ("reward", "return", "advantage")
CREDITS = ("total_reward", "return", "advantage")


def example(results: Results) -> Figure:
    """Draw the chapter's worked example: a bar for each step's reward, return and advantage."""
    table = results.table("examples")
    steps = table[table["example"] == table["example"].iloc[0]]
    episodes = [group for _, group in steps.groupby("episode")]
    rows, columns = len(QUANTITIES), len(episodes)
    widths = [len(episode) + 1 for episode in episodes]
    shared = {"sharex": "col", "sharey": "row", "width_ratios": widths}
    figure, grid = style.panels(rows * columns, columns, (0.9, 1.3), ("step t", ""), **shared)
    for place, axes in enumerate(grid):
        quantity, episode = QUANTITIES[place // columns], episodes[place % columns]
        every = steps[quantity].to_numpy(float)
        low, high = min(0.0, *every), max(0.0, *every)
        high = high if high > low else 1.0
        room = 0.24 * (high - low)  # for the numbers beyond the bars
        colours = [style.BLUE if value >= 0 else style.VERMILION for value in episode[quantity]]
        axes.bar(episode["step"], episode[quantity], 0.62, color=colours, alpha=0.85)
        for step, value in zip(episode["step"], episode[quantity], strict=True):
            offset, side = (3, "bottom") if value >= 0 else (-3, "top")
            text = _minus(f"{value:.3g}")
            style.write(axes, text, (step, value), (0, offset), ha="center", va=side)
        axes.axhline(0, color=style.INK, linewidth=0.8)
        axes.set_ylim(low - room * (low < 0), high + room * (high > 0))
        axes.set_xlim(-0.7, len(episode) - 0.3)
        axes.set_xticks(episode["step"])
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.grid(axis="x", visible=False)
        if place % columns == 0:
            axes.set_ylabel(quantity)
        if place < columns:
            name, total = episode["episode"].iloc[0], episode["reward"].sum()
            axes.set_title(_minus(f"episode {name}: {total:g} in total"), fontsize=9.5)
    figure.align_ylabels()
    return figure


def examples_table(results: Results) -> Markdown:
    """Show the other worked examples."""
    rows, keys = [], ["example", "discount", "episode"]
    for (name, discount, episode), part in results.table("examples").groupby(keys, sort=False):
        lists = [_minus(", ".join(f"{value:.4g}" for value in part[key])) for key in QUANTITIES]
        rows.append((name, f"{discount:g}", episode, *lists))
    return show.table(rows, ("example", "γ", "episode", "rewards", "returns", "advantages"))


def half_lives(results: Results) -> Figure:
    """Draw the weight of a reward by when it comes, and when it counts for half."""
    lives = {each["discount"]: each["steps"] for each in results.metrics["half_lives"].values()}
    figure, axes = style.single(3.4)
    steps = np.arange(int(1.45 * max(lives.values())) + 2)
    axes.axhline(HALF, **style.DASHED)
    labels = []
    for (discount, half), colour in zip(sorted(lives.items()), style.CYCLE, strict=False):
        weights = np.cumprod([1.0, *[discount] * (len(steps) - 1)])
        axes.plot(steps, weights, color=colour)
        axes.plot([half, half], [0, HALF], color=colour, linewidth=0.9, alpha=0.6)
        axes.plot([half], [HALF], "o", color=colour, markersize=7, mec="white", mew=1.2, zorder=4)
        style.write(axes, f"{half:.1f} steps", (half, HALF), (6, 6), color=colour)
        labels.append(Label(float(weights[-1]), f"γ = {discount:g}", colour))
    style.shares(axes)
    axes.set_xlim(0, float(steps[-1]))
    style.finish(axes, "steps into the future", "what a reward counts", "The weight of a reward")
    style.label_right(axes, labels)
    return figure


def half_lives_table(results: Results) -> Markdown:
    """Show the half-life of each discount and the weights around it."""
    lives = {each["discount"]: each for each in results.metrics["half_lives"].values()}
    rows = []
    for discount, one in sorted(lives.items()):
        first = int(one["steps"])
        after = f"{one['before']:.1%} after {first}", f"{one['after']:.1%} after {first + 1}"
        rows.append((f"{discount:g}", f"{one['steps']:.2f} steps", *after))
    return show.table(rows, ("γ", "half-life", "weight before", "weight after"))


def learning_curves(results: Results) -> Figure:
    """Draw the variants' learning curves, a panel for each kind of credit."""
    curves, variants, panels = variant_panels.curves_of(results), _variants(results), {}
    for kind in CREDITS:
        chosen = {name: values for name, values in variants.items() if values["credit"] == kind}
        if chosen:
            panels[spaced(kind)] = {_short(values): curves[n] for n, values in chosen.items()}
    base = results.params["baseline"]
    top = figures.maximum(results)
    return variant_panels.small_multiples(panels, (spaced(base), curves[base]), top=top)


def one_part_changed(results: Results) -> Markdown:
    """Show pairs of variants that differ in their credit, their discount or their actions only."""
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


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
