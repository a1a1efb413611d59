"""Figures of the stage prior_knowledge: who gets to which return, and when."""

from itertools import pairwise

import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reprise.measures.variants import reached
from reprise.plots import figures, show, style, variant_panels
from reprise.plots.show import Results
from reprise.stats import improvement, intervals, words


def learning_curves(results: Results) -> Figure:
    """Draw the variants' learning curves, true rewards, a panel each."""
    curves, base = variant_panels.curves_of(results), results.params["baseline"]
    return variant_panels.small_multiples(
        {variant_panels.spaced(name): {"median": curve} for name, curve in curves.items()},
        (base, curves[base]), x_label="iteration", y_label="mean return",
        top=figures.Label(results.params["maximum_steps"], "maximum", style.GREY),
    )  # fmt: skip


def time_to_returns(results: Results) -> Figure:
    """Draw the share of seeds that have reached each return, by environment steps."""
    panels = {
        f"Return {target}": {
            name: sample / 1000 for name, sample in _times(results, target).items()
        }
        for target in _targets(results)
    }
    return variant_panels.reached(
        panels, x_label="environment steps (thousands)", y_label="seeds that have reached it"
    )


def times_table(results: Results) -> Markdown:
    """Show the seeds that reach each return, the median seed, and who is sooner."""
    rows = []
    for target in _targets(results):
        groups = _times(results, target)
        found = _sooner(results, groups)
        for name, sample in groups.items():
            there = int((sample == sample).sum())
            share = intervals.wilson_interval(there, len(sample), results.confidence)
            chance = improvement.percent(found[name].chance) if name in found else ""
            median = words.number(reached(sample)["median"], ",.0f", "never")
            rows.append((target, name, show.cell(share, ".0%"), median, chance))
    return show.table(rows, (
        "return", "variant", "seeds that reach it", "median, steps", "sooner than the baseline",
    ))  # fmt: skip


def stretches_table(results: Results) -> Markdown:
    """Show the median steps from one return to the next, and who takes fewer."""
    rows = []
    for low, high in pairwise(_targets(results)):
        first, second = _times(results, low), _times(results, high)
        groups = {name: second[name] - first[name] for name in second}
        found = _sooner(results, groups)
        for name, sample in groups.items():
            chance = improvement.percent(found[name].chance) if name in found else ""
            median = words.number(reached(sample)["median"], ",.0f", "never")
            rows.append((f"{low} to {high}", name, median, chance))
    return show.table(rows, ("stretch", "variant", "median, steps", "fewer than the baseline"))


def _targets(results: Results) -> list[int]:
    return sorted(results.params["targets"])


def _times(results: Results, target: int) -> dict[str, NDArray]:
    return variant_panels.samples_of(results, f"steps_to_{target}")


def _sooner(results: Results, groups: dict[str, NDArray]) -> dict[str, improvement.Comparison]:
    """Return how likely a seed is sooner than one of the baseline, never counting as latest."""
    every = pd.concat([pd.Series(sample) for sample in groups.values()], ignore_index=True)
    ranks, soon, first = improvement.soonest(every).to_numpy(), {}, 0
    for name, sample in groups.items():
        soon[name] = ranks[first : first + len(sample)]
        first += len(sample)
    base = variant_panels.spaced(results.params["baseline"])
    return dict(improvement.compared(soon, base, results.confidence, seed=results.params["seed"]))
