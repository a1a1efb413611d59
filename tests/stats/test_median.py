"""The interval of a median is made of the sample's own values."""

import numpy as np
import pytest
from scipy import stats

from reprise.stats.intervals import median_interval

SAMPLE = np.array([3.0, 5.0, 4.0, 9.0, 6.0, 7.0, 8.0, 20.0])


def test_at_eight_seeds_it_is_from_the_smallest_to_the_largest():
    # 2 (1/2)^8 = 0.8% is left outside; the next pair would leave 7.0%
    interval = median_interval(SAMPLE)
    assert interval == (6.5, 3.0, 20.0, 8, False)
    assert median_interval(SAMPLE, 0.92)[1:3] == (4.0, 9.0)


@pytest.mark.parametrize("n", [10, 31, 96])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_it_agrees_with_scipy(n: int, confidence: float):
    sample = np.random.default_rng(n).exponential(size=n)
    expected = stats.quantile_test(sample, q=0, p=0.5).confidence_interval(confidence)
    interval = median_interval(sample, confidence)
    assert (interval.low, interval.high) == (expected.low, expected.high)
    assert interval.estimate == np.median(sample)


def test_with_too_few_seeds_there_are_no_bounds():
    assert median_interval(SAMPLE[:5]) == (5.0, -np.inf, np.inf, 5, False)


def test_a_seed_that_never_gets_there_is_later_than_any_other():
    never = np.full(40, np.inf)
    interval = median_interval([*range(70), *never[:30]])
    assert (interval.estimate, np.isfinite(interval.high)) == (49.5, True)
    assert median_interval([*range(50), *never, *never]).estimate == np.inf
    assert median_interval(never).degenerate


def test_a_median_takes_one_number_for_each_seed():
    with pytest.raises(ValueError, match=r"one value per seed, shape \[N\]; got shape \(4, 10\)"):
        median_interval(np.zeros((4, 10)))
    with pytest.raises(ValueError, match=r"must be a number; sample\[1\] is nan"):
        median_interval([1.0, np.nan])
