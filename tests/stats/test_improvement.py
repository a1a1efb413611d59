"""Comparisons of variants: the side follows the interval of the probability of improvement."""

import numpy as np
import pytest

from reprise.stats import improvement
from reprise.stats.improvement import Comparison, compared
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


def test_variants_are_compared_with_the_baseline_at_a_confidence():
    random = np.random.default_rng(0)
    groups = {"base": random.normal(100, 5, 20), "up": random.normal(110, 5, 20)}
    groups["same"] = np.arange(90.0, 110)
    wide, narrow = (compared(groups, "base", level) for level in (0.99, 0.8))
    assert list(wide) == ["up", "same"]
    assert wide["up"].side == 1
    assert wide["up"].mean.estimate == pytest.approx(groups["up"].mean())
    difference = groups["up"].mean() - groups["base"].mean()
    assert wide["up"].difference.estimate == pytest.approx(difference)
    for one, other in zip(wide["same"], narrow["same"], strict=True):
        assert one.low < other.low <= other.estimate <= other.high < one.high
