"""What there is none of is a word or a dash, and nothing is ever `nan`."""

import numpy as np
import pytest

from reprise.stats import words
from reprise.stats.intervals import Interval, known_mean

NAN, INF = float("nan"), float("inf")


def test_an_interval_is_said_with_its_confidence():
    said = words.told(Interval(4, 3.05, 4.9, 9, False), ".1f", 0.975)
    assert said == "**4.0** (97.5% interval 3.0 to 4.9)"


@pytest.mark.parametrize(
    ("sample", "mean", "bracketed"),
    [
        ([], "none", "–"),
        ([NAN, NAN], "none", "–"),
        ([1234.5], "**1,234.5** (without an interval)", "1234.5"),
        ([4, NAN], "**4.0** (without an interval; of 1 seed of 2)", "4.0"),
        ([4, NAN, 4], "**4.0** (95% interval 4.0 to 4.0; of 2 seeds of 3)", "4.0 [4.0, 4.0]"),
        ([4, 4], "**4.0** (95% interval 4.0 to 4.0)", "4.0 [4.0, 4.0]"),
    ],
)
def test_a_mean_says_of_how_many_seeds_it_is(sample: list, mean: str, bracketed: str):
    assert words.mean(sample, 0.95) == mean
    assert words.bracketed(known_mean(sample)) == bracketed


@pytest.mark.parametrize("value", [None, NAN, INF, -INF, np.float64("nan")])
def test_what_is_no_number_is_a_dash(value: float | None):
    assert words.number(value) == "–"
    assert words.number(value, none="never") == "never"


def test_a_share_of_nothing_is_none():
    assert words.share([], 0.95) == "none"
    assert words.share([False, False], 0.9) == "**0 of 2** (0%; 90% interval 0% to 57%)"
