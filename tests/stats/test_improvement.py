"""Comparisons of variants: the side follows the interval of the probability of improvement."""

import numpy as np
import pandas as pd
import pytest

from reprise.stats import improvement
from reprise.stats.improvement import Comparison, compared
from reprise.stats.intervals import Interval

RNG = np.random.default_rng(0)
GROUPS = {
    "base": RNG.normal(100, 5, 20),
    "up": RNG.normal(110, 5, 20),
    "same": np.arange(90.0, 110),
}


def chance(low: float, estimate: float, high: float) -> Interval:
    return Interval(estimate, low, high, 4, low == high)


@pytest.mark.parametrize(
    ("bounds", "side"),
    [
        ((0.51, 0.6, 0.7), 1),
        ((0.3, 0.4, 0.49), -1),
        ((0.4, 0.5, 0.6), 0),
        ((0.5, 0.6, 0.7), 0),
        ((0.5, 0.5, 0.5), 0),
        ((0.0, 0.0, 0.0), -1),
    ],
)
def test_a_side_needs_an_interval_on_one_side_of_a_half(bounds, side):
    assert Comparison(chance(*bounds), chance(*bounds), chance(*bounds)).side == side


def test_variants_are_compared_with_the_baseline_at_a_confidence():
    wide, narrow = (compared(GROUPS, "base", level, seed=1) for level in (0.99, 0.8))
    assert list(wide) == ["up", "same"]
    assert wide["up"].side == 1
    assert wide["up"].mean.estimate == pytest.approx(GROUPS["up"].mean())
    difference = GROUPS["up"].mean() - GROUPS["base"].mean()
    assert wide["up"].difference.estimate == pytest.approx(difference)
    for one, other in zip(wide["same"], narrow["same"], strict=True):
        assert one.low < other.low <= other.estimate <= other.high < one.high


def test_never_is_later_than_any_time_and_as_late_as_another_never():
    ranks = improvement.soonest(pd.Series([30.0, np.nan, 10.0, np.nan])).to_numpy()
    assert ranks[2] > ranks[0] > ranks[1] == ranks[3]
    never = {"a": ranks[[1, 3]], "b": ranks[[1, 3]]}
    assert compared(never, "a", 0.95, seed=0)["b"].side == 0


@pytest.mark.parametrize(("lost", "side"), [("a", -1), ("b", 1), ("both", 0)])
def test_a_seed_without_a_value_is_below_any_other_and_in_no_mean(lost: str, side: int):
    groups = {name: np.full(9, 1.0) for name in "ab"}
    for name, values in groups.items():
        if lost in (name, "both"):
            values[1:] = np.nan
    found = compared(groups, "b", 0.95, seed=0)["a"]
    assert found.side == side
    assert (found.mean.estimate, found.mean.n) == (1, 9 if lost == "b" else 1)
    assert (found.difference.estimate, found.difference.bounded) == (0, False)


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ((0.31, 0.403, 0.498), "40.3% [31.0, 49.8]"),
        ((0, 0, 0), "0.0% [no overlap]"),
        ((1, 1, 1), "100.0% [no overlap]"),
        ((0.5, 0.5, 0.5), "50.0% [no width]"),
    ],
)
def test_an_interval_without_a_width_is_written_in_words(bounds, text):
    assert improvement.percent(chance(*bounds)) == text
