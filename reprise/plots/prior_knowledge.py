"""Figures of the stage prior_knowledge: who gets to which return, and when."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reprise.measures.variants import reached
from reprise.plots import figures, show, variant_panels
from reprise.plots.show import Results
from reprise.plots.variant_panels import spaced
from reprise.stats import improvement, intervals, words


def learning_curves(results: Results) -> Figure:
    """Draw the variants' learning curves, true rewards, a panel each."""
    curves, base = variant_panels.curves_of(results), results.params["baseline"]
    panels = {spaced(name): {"median": curve} for name, curve in curves.items()}
    top = figures.maximum(results)
    return variant_panels.small_multiples(panels, (base, curves[base]), top=top)


def time_to_returns(results: Results) -> Figure:
    """Draw the share of seeds that have reached each return, by environment steps."""
    panels = {
        f"Return {target}": {name: times / 1000 for name, times in _times(results, target).items()}
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
        for (name, times), ends in zip(groups.items(), _sooner(results, groups), strict=True):
            there = int(np.isfinite(times).sum())
            share = intervals.wilson_interval(there, len(times), results.confidence)
            rows.append((target, name, show.cell(share, ".0%"), *ends))
    columns = ("return", "variant", "seeds that reach it", "median, steps")
    return show.table(rows, (*columns, "sooner than the baseline"))


def stretches_table(results: Results) -> Markdown:
    """Show the median steps from one return to the next, and who takes fewer."""
    rows = []
    for low, high in pairwise(_targets(results)):
        first, second = _times(results, low), _times(results, high)
        groups = {name: second[name] - first[name] for name in second}
        for name, ends in zip(groups, _sooner(results, groups), strict=True):
            rows.append((f"{low} to {high}", name, *ends))
    return show.table(rows, ("stretch", "variant", "median, steps", "fewer than the baseline"))


def _targets(results: Results) -> list[int]:
    return sorted(results.params["targets"])


def _times(results: Results, target: int) -> dict[str, NDArray]:
    times = variant_panels.samples_of(results, f"steps_to_{target}")
    return {spaced(name): sample for name, sample in times.items()}


def _sooner(results: Results, groups: dict[str, NDArray]) -> list[tuple[str, str]]:
    """Return the median time of each variant, and its chance to be sooner than the baseline.

    Never counts as latest.
    """
    ranks = improvement.soonest(pd.Series(np.concatenate(list(groups.values())))).to_numpy()
    ends = np.cumsum([len(times) for times in groups.values()])
    soon = dict(zip(groups, np.split(ranks, ends[:-1]), strict=True))
    options: dict[str, Any] = {"seed": results.params["seed"]}
    base = spaced(results.params["baseline"])
    found = improvement.compared(soon, base, results.confidence, **options)
    return [
        (
            words.number(reached(times)["median"], ",.0f", "never"),
            improvement.percent(found[name].chance) if name in found else "",
        )
        for name, times in groups.items()
    ]
