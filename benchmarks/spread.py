"""Median, range and interval of repeated measurements."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reprise.stats.intervals import mean_interval


class Spread(NamedTuple):
    """A median, the range over the repeats, and a 95% interval of the geometric mean."""

    median: float
    low: float
    high: float
    repeats: int
    interval: tuple[float, float] | None = None

    @property
    def within(self) -> str:
        """Return the interval in words, nothing if there is none."""
        return "" if self.interval is None else " to ".join(map(number, self.interval))

    def __str__(self) -> str:
        if self.repeats == 1:
            return number(self.median)
        return f"{number(self.median)} ({number(self.low)} to {number(self.high)})"


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of values, one for each repeat."""
    return Spread(
        statistics.median(values), min(values), max(values), len(values), interval(values)
    )


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return Student's 95% interval of the mean of logarithms, as numbers again.

    Ratios and rates differ by factors, and the interval of a ratio is that of its inverse, turned
    over. There is none of a single value, of equal ones, or where a value is not positive.
    """
    if len(values) < 2 or min(values) <= 0:
        return None
    mean = mean_interval(np.log(values))
    return None if mean.degenerate else (float(np.exp(mean.low)), float(np.exp(mean.high)))


def number(value: float) -> str:
    """Return a number with the digits that a measurement is good for."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
