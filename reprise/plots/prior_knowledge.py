"""Figures and tables of the stage prior_knowledge."""

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
    """Draw the share of seeds that have reached each return."""
    panels = {
        f"Return {target}": {name: times / 1000 for name, times in groups.items()}
        for target, groups in _times(results).items()
    }
    labels = ("environment steps (thousands)", "seeds that have reached it")
    return variant_panels.reached(panels, labels)


def times_table(results: Results) -> Markdown:
    """Show how many seeds reach each return, and how soon."""
    return _table(results, _times(results))


def stretches_table(results: Results) -> Markdown:
    """Show the steps from each return to the next."""
    stretches = {
        f"{low} to {high}": {name: second[name] - first[name] for name in second}
        for (low, first), (high, second) in pairwise(_times(results).items())
    }
    return _table(results, stretches)


def _times(results: Results) -> dict[str, dict[str, NDArray]]:
    """Read the steps [N] to each return, by variant."""
    found = {}
    for target in sorted(results.params["targets"]):
        times = variant_panels.samples_of(results, f"steps_to_{target}")
        found[f"{target}"] = {spaced(name): sample for name, sample in times.items()}
    return found


def _table(results: Results, panels: dict[str, dict[str, NDArray]]) -> Markdown:
    base, sure, rows = spaced(results.params["baseline"]), results.confidence, []
    for title, groups in panels.items():
        found = improvement.compared({k: -times for k, times in groups.items()}, base, sure)
        for name, times in groups.items():
            there = intervals.share_interval(int(np.isfinite(times).sum()), len(times), sure)
            median = words.number(reached(times)["median"], ",.0f", "never")
            chance = improvement.percent(found[name].chance) if name in found else ""
            rows.append((title, name, show.cell(there, ".0%"), median, chance))
    columns = ("return", "variant", "seeds that get there", "median, steps")
    return show.table(rows, (*columns, "probability of being sooner than the baseline"))
