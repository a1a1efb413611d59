"""Median, range and interval of repeated measurements."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reprise.stats.intervals import mean_interval


class Spread(NamedTuple):
    """The median, range and geometric mean's 95% interval of repeats."""

    median: float
    low: float
    high: float
    repeats: int
    interval: tuple[float, float] | None = None

    @property
    def within(self) -> str:
        """The interval in words, empty without one."""
        return "" if self.interval is None else " to ".join(map(number, self.interval))

    def __str__(self) -> str:
        if self.repeats == 1:
            return number(self.median)
        return f"{number(self.median)} ({number(self.low)} to {number(self.high)})"


def spread(values: Sequence[float]) -> Spread:
    """Summarize values, one for each repeat."""
    return Spread(
        statistics.median(values), min(values), max(values), len(values), interval(values)
    )


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return Student's 95% interval of the geometric mean.

    It is computed from logarithms, so that the inverse of a ratio has the inverse interval. None
    if there is only one value, all are equal, or one is not positive.
    """
    if len(values) < 2 or min(values) <= 0:
        return None
    mean = mean_interval(np.log(values))
    return None if mean.degenerate else (float(np.exp(mean.low)), float(np.exp(mean.high)))


def number(value: float) -> str:
    """Format a number with three digits, or without decimals from 1000."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
