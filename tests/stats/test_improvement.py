"""Comparisons of variants: the side follows the interval of the probability of improvement."""

import pytest

from reprise.stats import improvement
from reprise.stats.improvement import Comparison
from reprise.stats.intervals import Interval


def chance(low: float, estimate: float, high: float) -> Interval:
    return Interval(estimate, low, high, 4, low == high)


@pytest.mark.parametrize(
    ("bounds", "side", "text"),
    [
        ((0.51, 0.6, 0.7), 1, "60.0% [51.0, 70.0]"),
        ((0.31, 0.403, 0.498), -1, "40.3% [31.0, 49.8]"),
        ((0.4, 0.5, 0.6), 0, "50.0% [40.0, 60.0]"),
        ((0.5, 0.6, 0.7), 0, "60.0% [50.0, 70.0]"),
        ((0.158, 1.0, 1.0), 0, "100.0% [15.8, 100.0]"),
    ],
)
def test_a_side_needs_an_interval_on_one_side_of_a_half(bounds, side, text):
    assert Comparison(chance(*bounds), chance(*bounds), chance(*bounds)).side == side
    assert improvement.percent(chance(*bounds)) == text
