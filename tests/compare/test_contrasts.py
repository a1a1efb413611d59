"""An outcome of two revisions: the numbers by closed forms, and the words that they allow."""

import numpy as np
import pytest
from scipy import stats

from reprise.compare import contrasts
from reprise.compare.contrasts import Contrast
from reprise.measures.outcomes import Sense

LOW = np.array([1.0, 2.0, 3.0, 4.0])
HIGH = np.array([11.0, 12.0, 13.0, 14.0, 15.0])
NAN = float("nan")


def contrast(a, b, sense: Sense = "return") -> Contrast:
    return contrasts.contrast(np.array(a, float), np.array(b, float), sense, 0.95, seed=0)


def test_the_difference_is_the_seconds_mean_less_the_firsts_with_welchs_interval():
    found = contrast(LOW, HIGH)
    assert found.difference is not None
    welch = stats.ttest_ind(HIGH, LOW, equal_var=False).confidence_interval(0.95)  # pyright: ignore
    assert found.difference[:3] == pytest.approx((10.5, welch.low, welch.high))
    assert found.a is not None
    assert found.b is not None
    assert (found.a.estimate, found.b.estimate) == (2.5, 13)
    assert found.n == (4, 5)


def test_the_probability_counts_pairs_and_halves_ties():
    found = contrast([1, 2, 3], [2, 2, 4])
    assert found.chance is not None
    # Above 1: three. Level with 2: two, above: one. Above 3: one.
    assert found.chance.estimate == pytest.approx((3 + 2 / 2 + 1 + 1) / 9)


@pytest.mark.parametrize(
    ("sense", "up", "down"),
    [("return", "better", "worse"), ("time", "later", "sooner"), ("other", "higher", "lower")],
)
def test_the_verdict_says_better_of_returns_only(sense, up, down):
    assert contrast(LOW, HIGH, sense).verdict == up
    assert contrast(HIGH, LOW, sense).verdict == down
    assert contrast(LOW, LOW + 0.1, sense).verdict == "cannot be told apart"


def test_a_seed_that_never_arrives_is_later_than_all_and_in_no_mean():
    found = contrast([10, 20, NAN, NAN], [10, 20, 30, 40], "time")
    assert found.missing == (2, 0)
    assert found.a is not None
    assert found.a.estimate == 15
    assert found.chance is not None
    # 10 is level with one and sooner than three, 20 level with one and sooner than two.
    assert found.chance.estimate == (3.5 + 2.5 + 2 + 2) / 16
    assert found.n_told == "2 of 4, 4"


def test_any_other_outcome_leaves_out_who_has_none():
    found = contrast([1, 2, NAN], [3, 4, NAN], "other")
    assert found.chance is not None
    assert found.chance.estimate == 1
    assert found.n_told == "2 of 3, 2 of 3"


def test_one_seed_is_compared_with_nothing():
    found = contrast([1], [1, 2, 3])
    assert (found.difference, found.chance) == (None, None)
    assert found.verdict == "cannot be compared"
    said = contrasts.sentence(found, "a final_200", "one", "two")
    assert "need two seeds each" in said
    assert "they have 1, 3" in said


def test_numbers_are_as_exact_as_their_interval_is_wide():
    wide = contrast([0, 1000, 2000, 3000], [5, 6, 7, 9])
    assert contrasts.told(wide.a) == "1,500 [\N{MINUS SIGN}554, 3,554]"
    narrow = contrast([0.10, 0.11, 0.12, 0.13], [5, 6])
    assert contrasts.told(narrow.a) == "0.1150 [0.0945, 0.1355]"
    assert contrasts.told(contrast([2, 2], [2, 2, 2]).a) == "2 [no width]"
    assert contrasts.told(wide.difference, signed=True).startswith("\N{MINUS SIGN}1,493")


def test_the_sentence_tells_the_verdict_the_difference_and_the_probability():
    said = contrasts.sentence(contrast(LOW, HIGH), "dqn final_200", "main", "relu")
    assert said.startswith(
        "dqn final_200 is better in relu than in main: the mean differs by +10.5"
    )
    assert said.endswith("a seed of relu is better than one of main with probability 100.0% [no "
                         "overlap].")  # fmt: skip
    unclear = contrasts.sentence(contrast(LOW, LOW + 0.1), "dqn final_200", "main", "relu")
    assert unclear.startswith("dqn final_200 in relu and in main cannot be told apart: ")


def test_a_seed_without_a_return_is_below_all_and_in_no_mean():
    found = contrast([10, 20, NAN, NAN], [NAN, 20, 30, 40], "return")
    assert found.missing == (2, 1)
    assert found.b is not None
    assert found.b.estimate == 30
    assert found.chance is not None
    # None is level with two, 20 is level with one and above three, 30 and 40 are above all.
    assert found.chance.estimate == (1 + 3.5 + 4 + 4) / 16
