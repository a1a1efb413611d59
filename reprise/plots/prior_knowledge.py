"""Figures of the stage prior_knowledge: times to returns."""

from itertools import pairwise

import numpy as np
from IPython.display import Markdown
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reprise.measures.variants import reached
from reprise.plots import show, variant_panels
from reprise.plots.show import Results
from reprise.plots.variant_panels import spaced
from reprise.stats import improvement, intervals, words


def time_to_returns(results: Results) -> Figure:
    """Draw the share of seeds at each return, by steps."""
    panels = {
        f"Return {target}": {name: times / 1000 for name, times in groups.items()}
        for target, groups in _times(results).items()
    }
    labels = ("environment steps (thousands)", "seeds that have reached it")
    return variant_panels.reached(panels, labels)


def times_table(results: Results) -> Markdown:
    """Show how many seeds reach each return, and how soon."""
    rows = []
    for target, groups in _times(results).items():
        for (name, times), ends in zip(groups.items(), _sooner(results, groups), strict=True):
            there = int(np.isfinite(times).sum())
            share = intervals.share_interval(there, len(times), results.confidence)
            rows.append((target, name, show.cell(share, ".0%"), *ends))
    columns = ("return", "variant", "seeds that reach it", "median, steps")
    return show.table(rows, (*columns, "sooner than the baseline"))


def stretches_table(results: Results) -> Markdown:
    """Show the steps from each return to the next."""
    rows = []
    for (low, first), (high, second) in pairwise(_times(results).items()):
        groups = {name: second[name] - first[name] for name in second}
        for name, ends in zip(groups, _sooner(results, groups), strict=True):
            rows.append((f"{low} to {high}", name, *ends))
    return show.table(rows, ("stretch", "variant", "median, steps", "fewer than the baseline"))


def _times(results: Results) -> dict[int, dict[str, NDArray]]:
    """Return the steps [N] by return and variant."""
    found = {}
    for target in sorted(results.params["targets"]):
        times = variant_panels.samples_of(results, f"steps_to_{target}")
        found[target] = {spaced(name): sample for name, sample in times.items()}
    return found


def _sooner(results: Results, groups: dict[str, NDArray]) -> list[tuple[str, str]]:
    """Return median times and chances of sooner ones."""
    sooner = {name: -times for name, times in groups.items()}
    found = improvement.compared(sooner, spaced(results.params["baseline"]), results.confidence)
    chances = {name: improvement.percent(one.chance) for name, one in found.items()}
    medians = {name: reached(times)["median"] for name, times in groups.items()}
    return [
        (words.number(median, ",.0f", "never"), chances.get(name, ""))
        for name, median in medians.items()
    ]
