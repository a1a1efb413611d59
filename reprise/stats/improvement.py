"""Comparisons of variants with a baseline.

Each variant has its own seeds, so samples are unpaired. The probability of improvement decides: it
depends only on the order of the seeds, so that a single failed seed does not decide it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from reprise.stats import intervals
from reprise.stats.intervals import EVEN, Array, Interval

Groups = Mapping[str, Array]


class Comparison(NamedTuple):
    """A variant compared with another."""

    mean: Interval
    difference: Interval  # of the means, the variant's less the other's
    chance: Interval  # that a seed of the variant is above a seed of the other, ties counted half

    @property
    def side(self) -> int:
        """The `side` of the chance, from `EVEN`."""
        return side(self.chance, EVEN)


def compared(groups: Groups, baseline: str, confidence: float) -> dict[str, Comparison]:
    """Compare each other variant with the baseline; more is better.

    Groups hold one value for each seed, [N]. A seed without a value, NaN, is below any other; means
    are over the other seeds.
    """
    base, found = groups[baseline], {}
    for name, sample in groups.items():
        if name != baseline:
            ranks = pd.Series(np.concatenate([sample, base])).rank(na_option="top").to_numpy(float)
            own, others = ranks[: len(sample)], ranks[len(sample) :]
            found[name] = Comparison(
                intervals.known_mean(sample, confidence),
                intervals.known_difference(sample, base, confidence),
                intervals.probability_of_improvement(own, others, confidence),
            )
    return found


def soonest(times: pd.Series) -> pd.Series:
    """Return ranks, higher for sooner times, lowest for NaN."""
    return -times.rank(na_option="bottom")


def side(interval: Interval, value: float) -> int:
    """Return 1 for intervals above a value, -1 below."""
    return int(interval.low > value) - int(interval.high < value)


def percent(chance: Interval) -> str:
    """Return a probability in words, such as `40.3% [31.0, 49.8]`."""
    return f"{chance.estimate:.1%} [{100 * chance.low:.1f}, {100 * chance.high:.1f}]"
