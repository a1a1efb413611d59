"""What repeated measurements of one thing say."""

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """A median, and the range over the repeats."""

    median: float
    low: float
    high: float
    repeats: int

    def __str__(self) -> str:
        if self.repeats == 1:
            return number(self.median)
        return f"{number(self.median)} ({number(self.low)} to {number(self.high)})"


def spread(values: Sequence[float]) -> Spread:
    """Return what the values, one a repeat, say."""
    return Spread(statistics.median(values), min(values), max(values), len(values))


def number(value: float) -> str:
    """Return a number with the digits that a measurement is good for."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def listing(measurements: Mapping[str, Spread]) -> str:
    """Return one line for each measurement."""
    return "\n".join(f"{name:44} {value}" for name, value in measurements.items())
