"""Comparisons of variants: intervals, the verdict they allow, and words for it.

Each variant has its own seeds, so samples are unpaired. The verdict is that of the probability of
improvement: it looks at the order of seeds only, so that a single failed seed does not decide it.
The difference of means is shown with it.
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

EVEN = 0.5  # the probability of improvement of two equal variants
VERDICTS = {1: "better", -1: "worse", 0: "cannot be told apart"}

Groups = Mapping[str, NDArray[np.float64]]


class Comparison(NamedTuple):
    """A variant compared with another."""

    mean: Interval
    difference: Interval  # of the means, the variant's less the other's
    chance: Interval  # that a seed of the variant is above a seed of the other, ties counted half

    @property
    def side(self) -> int:
        """Return 1 if the variant's seeds tend to be above, -1 if below, 0 if neither is sure."""
        return side(self.chance, EVEN)

    @property
    def verdict(self) -> str:
        """Return the side in words."""
        return VERDICTS[self.side]


def beside(
    sample: NDArray[np.float64], other: NDArray[np.float64], confidence: float, *, seed: Seed
) -> Comparison:
    """Compare a variant with another, one value for each seed, [N]; more is better.

    A seed without a value, NaN, is below any other; means are over the other seeds.
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
    """Compare each other variant with the baseline.

    Args:
        groups: one value for each seed, [N], by name of the variant; more is better.
        baseline: the name of the variant to compare the others with.
        confidence: of all intervals.
        seed: of the bootstraps.
    """
    return {
        name: beside(values, groups[baseline], confidence, seed=seed)
        for name, values in groups.items()
        if name != baseline
    }


def soonest(times: pd.Series) -> pd.Series:
    """Return ranks of times, higher for sooner seeds; NaN, never, is later than any time.

    Ranks keep the order of times, which is all that a probability of improvement needs.
    """
    return -times.rank(na_option="bottom")


def side(interval: Interval, value: float) -> int:
    """Return 1 if the interval lies above a value, -1 if below it, 0 if it covers it."""
    return int(interval.low > value) - int(interval.high < value)


def told(found: Mapping[str, Comparison]) -> str:
    """Return the variants of each verdict, such as `better: a; worse: b, c`."""
    said = "; ".join(
        f"{verdict}: {', '.join(names)}"
        for which, verdict in VERDICTS.items()
        if (names := [name for name, each in found.items() if each.side == which])
    )
    return said or "there is nothing to compare"


def percent(chance: Interval) -> str:
    """Return a probability of improvement and its interval, such as `40.3% [31.0, 49.8]`.

    If the samples do not overlap, all resamples agree: the interval has no width. That is no
    certainty, so words replace the bounds.
    """
    bounds = f"{100 * chance.low:.1f}, {100 * chance.high:.1f}"
    if chance.degenerate:
        bounds = "no overlap" if chance.estimate in (0, 1) else "no width"
    return f"{chance.estimate:.1%} [{bounds}]"


def table(
    found: Mapping[str, Mapping[str, Comparison]], confidence: float, *, heading: str, unit: str
) -> str:
    """Return comparisons as a table in Markdown, with two columns for each quantity.

    Args:
        found: comparisons by the name of a row, then by the name of a quantity.
        confidence: of the intervals.
        heading: of the first column.
        unit: of the quantities.
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
