"""Comparisons of variants with a baseline.

Each variant has its own seeds, so samples are unpaired. The probability of improvement decides. It
depends only on the order of the seeds, so a single failed seed cannot turn it.
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
    difference: Interval  # mean of the variant minus mean of the other
    chance: Interval  # that a seed of the variant is above one of the other; ties count half

    @property
    def side(self) -> int:
        """The `side` of the chance, from `EVEN`."""
        return side(self.chance, EVEN)


def compared(groups: Groups, baseline: str, confidence: float) -> dict[str, Comparison]:
    """Compare each other variant with the baseline; more is better.

    Groups hold one value for each seed [N]. NaN, a seed without a value, ranks below any other.
    Means ignore it.
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
    """Rank times, the soonest highest and NaN lowest."""
    return -times.rank(na_option="bottom")


def side(interval: Interval, value: float) -> int:
    """Return 1 above a value, -1 below it, otherwise 0."""
    return int(interval.low > value) - int(interval.high < value)


def percent(chance: Interval) -> str:
    """Write a probability, such as `40.3% [31.0, 49.8]`."""
    return f"{chance.estimate:.1%} [{100 * chance.low:.1f}, {100 * chance.high:.1f}]"
