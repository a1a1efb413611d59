"""A verdict follows its interval, and the words say what the numbers say."""

import numpy as np
import pandas as pd
import pytest

from reprise.stats import improvement
from reprise.stats.improvement import Comparison
from reprise.stats.intervals import Interval

RNG = np.random.default_rng(0)
GROUPS = {
    "base": RNG.normal(100, 5, 20),
    "up": RNG.normal(110, 5, 20),
    "same": np.arange(90.0, 110),
}


def _of_chance(low: float, estimate: float, high: float) -> Comparison:
    some = Interval(1.0, 0.5, 1.5, 4, False)
    return Comparison(some, some, Interval(estimate, low, high, 4, low == high))


@pytest.mark.parametrize(
    ("chance", "verdict"),
    [
        ((0.51, 0.6, 0.7), "better"),
        ((0.3, 0.4, 0.49), "worse"),
        ((0.4, 0.5, 0.6), "cannot be told apart"),
        ((0.5, 0.6, 0.7), "cannot be told apart"),
        ((0.5, 0.5, 0.5), "cannot be told apart"),
        ((0.0, 0.0, 0.0), "worse"),
    ],
)
def test_a_verdict_needs_an_interval_on_one_side_of_a_half(chance, verdict):
    assert _of_chance(*chance).verdict == verdict


def test_variants_are_compared_with_the_baseline_and_it_not_with_itself():
    found = improvement.compared(GROUPS, "base", 0.9, seed=1)
    assert list(found) == ["up", "same"]
    assert found["up"].side == 1
    assert found["up"].mean.estimate == pytest.approx(GROUPS["up"].mean())
    difference = GROUPS["up"].mean() - GROUPS["base"].mean()
    assert found["up"].difference.estimate == pytest.approx(difference)


def test_a_lower_confidence_gives_narrower_intervals():
    wide, narrow = (
        improvement.beside(GROUPS["same"], GROUPS["base"], confidence, seed=1)
        for confidence in (0.99, 0.8)
    )
    for one, other in zip(wide, narrow, strict=True):
        assert one.low < other.low <= other.estimate <= other.high < one.high


def test_never_is_later_than_any_time_and_as_late_as_another_never():
    ranks = improvement.soonest(pd.Series([30.0, np.nan, 10.0, np.nan])).tolist()
    assert ranks[2] > ranks[0] > ranks[1] == ranks[3]


def test_where_no_seed_is_ever_there_none_is_sooner():
    soon = improvement.soonest(pd.Series([np.nan] * 4)).to_numpy()
    assert improvement.beside(soon[:2], soon[2:], 0.95, seed=0).verdict == "cannot be told apart"


def test_verdicts_list_their_variants():
    found = {
        "a": _of_chance(0.6, 0.7, 0.8),
        "b": _of_chance(0.1, 0.2, 0.3),
        "c": _of_chance(0.6, 0.7, 0.8),
    }
    assert improvement.told(found) == "better: a, c; worse: b"
    assert improvement.told({}) == "there is nothing to compare"


@pytest.mark.parametrize(("lost", "side"), [("a", -1), ("b", 1), ("both", 0)])
def test_a_seed_without_a_value_is_below_any_other_and_in_no_mean(lost: str, side: int):
    a, b = np.full((2, 9), 1.0)
    for name, values in (("a", a), ("b", b)):
        if lost in (name, "both"):
            values[1:] = np.nan
    found = improvement.beside(a, b, 0.95, seed=0)
    assert found.side == side
    assert (found.mean.estimate, found.mean.n) == (1, 9 if lost == "b" else 1)
    assert (found.difference.estimate, found.difference.bounded) == (0, False)
    assert "+0.0 |" in improvement.table({"x": {"y": found}}, 0.95, heading="", unit="steps")


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        ((0.31, 0.403, 0.498), "40.3% [31.0, 49.8]"),
        ((0, 0, 0), "0.0% [no overlap]"),
        ((1, 1, 1), "100.0% [no overlap]"),
        ((0.5, 0.5, 0.5), "50.0% [no width]"),
    ],
)
def test_an_interval_without_a_width_is_not_written_as_one(chance, said):
    assert improvement.percent(_of_chance(*chance).chance) == said


def test_a_table_has_a_row_for_each_comparison_and_two_columns_for_each_quantity():
    row = {"greedy": _of_chance(0.6, 0.7, 0.8), "training": _of_chance(0.1, 0.2, 0.3)}
    lines = improvement.table({"x, not y": row}, 0.9, heading="what", unit="steps").split("\n")
    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|") == 6
    assert lines[2].startswith(
        "| x, not y | better: 70.0% [60.0, 80.0] | +1.0 [+0.5, +1.5] | worse"
    )
    assert lines[-1].endswith("Brackets: 90% intervals.")
