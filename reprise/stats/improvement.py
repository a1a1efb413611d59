"""Whether a variant improves on another: intervals, the verdict they allow, and words for it.

Each variant is trained with seeds of its own, so that samples are compared unpaired. The verdict is
that of the probability of improvement: it asks which seed is above which, not by how much, so that
no single seed that fails decides it. The difference of the means stands beside it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.stats.intervals import (
    Interval,
    Seed,
    known_difference,
    known_mean,
    probability_of_improvement,
)
from reprise.stats.words import bracketed

EVEN = 0.5  # the probability of improvement of two variants that are alike
VERDICTS = {1: "better", -1: "worse", 0: "cannot be told apart"}

Groups = Mapping[str, NDArray[np.float64]]


class Comparison(NamedTuple):
    """How a variant did, and how it did beside another."""

    mean: Interval
    difference: Interval
    """Of the means, the variant's less the other's."""
    chance: Interval
    """That a seed of the variant is above a seed of the other, ties counted half."""

    @property
    def side(self) -> int:
        """Returns 1 if the variant's seeds are rather above, -1 if rather below, 0 if neither."""
        return side(self.chance, EVEN)

    @property
    def verdict(self) -> str:
        """Returns the side in words."""
        return VERDICTS[self.side]


def beside(
    sample: NDArray[np.float64], other: NDArray[np.float64], confidence: float, *, seed: Seed
) -> Comparison:
    """Compares a variant with another, one value per seed, the more the better, [N] each.

    A seed without a value, NaN, is below any other; means are of those that have one.
    """
    ranks = pd.Series(np.concatenate([sample, other])).rank(na_option="top").to_numpy(float)
    own, others = ranks[: len(sample)], ranks[len(sample) :]
    return Comparison(
        known_mean(sample, confidence),
        known_difference(sample, other, confidence),
        probability_of_improvement(own, others, confidence, seed=seed),
    )


def compared(
    groups: Groups, baseline: str, confidence: float, *, seed: Seed
) -> dict[str, Comparison]:
    """Compares each variant but the baseline with the baseline.

    Args:
        groups: Name of the variant to one value per seed, the more the better, [N].
        baseline: The name of the variant that the rest is compared with.
        confidence: Of all intervals.
        seed: Of the bootstraps.
    """
    return {
        name: beside(values, groups[baseline], confidence, seed=seed)
        for name, values in groups.items()
        if name != baseline
    }


def soonest(times: pd.Series) -> pd.Series:
    """Returns ranks that are higher the sooner a seed was there; NaN is later than all others.

    Only the order of the times is left: all that a probability of improvement looks at.
    """
    return -times.rank(na_option="bottom")


def side(interval: Interval, value: float) -> int:
    """Returns 1 if the interval lies above a value, -1 if below it, 0 if it covers it."""
    return int(interval.low > value) - int(interval.high < value)


def told(found: Mapping[str, Comparison]) -> str:
    """Returns for each verdict the variants that it falls on, such as `better: a; worse: b, c`."""
    said = "; ".join(
        f"{verdict}: {', '.join(names)}"
        for which, verdict in VERDICTS.items()
        if (names := [name for name, each in found.items() if each.side == which])
    )
    return said or "there is nothing to compare"


def percent(chance: Interval) -> str:
    """Returns a probability of improvement and its interval, such as `40.3% [31.0, 49.8]`.

    Where no seed of one is level with or beyond one of the other, all resamples say the same: an
    interval without a width, which is no certainty, and not written as one.
    """
    bounds = f"{100 * chance.low:.1f}, {100 * chance.high:.1f}"
    if chance.degenerate:
        bounds = "no overlap" if chance.estimate in (0, 1) else "no width"
    return f"{chance.estimate:.1%} [{bounds}]"


def table(
    found: Mapping[str, Mapping[str, Comparison]], confidence: float, *, heading: str, unit: str
) -> str:
    """Returns comparisons as a table in Markdown, a row for each, its quantities side by side.

    Args:
        found: What is compared with what, to the quantities' names and how they did.
        confidence: Of the intervals.
        heading: Of the first column.
        unit: Of the quantities.
    """
    quantities = list(dict.fromkeys(name for row in found.values() for name in row))
    columns = [heading, *(f"{name} | difference of means ({unit})" for name in quantities)]
    lines = [f"| {' | '.join(columns)} |", "|---|" + "---|---:|" * len(quantities)]
    for what, row in found.items():
        cells = [
            f"{each.verdict}: {percent(each.chance)} | {_signed(each.difference)}"
            for each in (row[name] for name in quantities)
        ]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    about = "Percent: probability of improvement, on which the verdict rests."
    return "\n".join([*lines, "", f"{about} Brackets: {100 * confidence:g}% intervals."])


def _signed(interval: Interval) -> str:
    return bracketed(interval, "+.1f").replace("-", "\N{MINUS SIGN}")
