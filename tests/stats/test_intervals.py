"""Intervals agree with SciPy and with calculations by hand."""

from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from reprise.stats.intervals import (
    bootstrap_interval,
    difference_of_means,
    mean_interval,
    median_interval,
    probability_of_improvement,
    ratio_of_means,
    share_interval,
    spread_interval,
    stratified_mean,
    summary,
)

SAMPLE = [3.0, 5.0, 4.0, 9.0, 6.0, 7.0, 8.0, 20.0]
OTHER = [2.0, 4.0, 4.0, 6.0, 1.0]


def bounds(interval: Any) -> tuple[float, float]:
    return interval.low, interval.high


def close(interval: Any, absolute: float = 1e-12) -> Any:
    return pytest.approx(bounds(interval), rel=1e-12, abs=absolute)


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_intervals_of_means_agree_with_scipy(confidence: float):
    student: Any = stats.ttest_1samp(SAMPLE, 0).confidence_interval(confidence)
    assert bounds(mean_interval(SAMPLE, confidence)) == close(student)
    welch: Any = stats.ttest_ind(SAMPLE, OTHER, equal_var=False).confidence_interval(confidence)
    assert bounds(difference_of_means(SAMPLE, OTHER, confidence)) == close(welch)
    assert difference_of_means(SAMPLE, OTHER).n == 13


def test_the_interval_of_one_stratum_is_students_and_of_two_welchs_of_the_sum():
    a, b = np.random.default_rng(0).normal(size=12), np.random.default_rng(1).normal(0, 5, size=7)
    assert bounds(stratified_mean([a])) == close(mean_interval(a))
    welch = difference_of_means(a, -b)
    assert bounds(stratified_mean([a, b])) == pytest.approx((welch.low / 2, welch.high / 2))
    assert stratified_mean([np.ones(4), np.full(4, 3.0)]) == (2, 2, 2, 8, True)


@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_bootstrap_interval_agrees_roughly_with_scipy(statistic):
    sample = np.random.default_rng(1).normal(size=40)
    ours, random = bootstrap_interval(sample, statistic, seed=2), np.random.default_rng(3)
    theirs = stats.bootstrap((sample,), statistic, method="percentile", rng=random)
    # Two sets of 10,000 resamples: the bounds differ by a few hundredths of a standard deviation.
    assert bounds(ours) == close(theirs.confidence_interval, 0.03)
    assert ours.estimate == statistic(sample)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (1, 10), (48, 96), (96, 96)])
def test_a_shares_bounds_put_half_of_the_tail_beyond_mid_p(successes: int, trials: int):
    interval = share_interval(successes, trials)
    for k, bound in ((trials - successes, 1 - interval.low), (successes, interval.high)):
        tail = (stats.binom.cdf(k, trials, bound) + stats.binom.cdf(k - 1, trials, bound)) / 2
        assert bound == 1 or tail == pytest.approx(0.025)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1


def test_probability_of_improvement_has_brunner_and_munzels_error():
    interval = probability_of_improvement(SAMPLE, OTHER)
    u = stats.mannwhitneyu(SAMPLE, OTHER).statistic
    assert interval.estimate == pytest.approx(u / (len(SAMPLE) * len(OTHER)))
    a, b = np.random.default_rng(1).normal([[0.1], [0]], 1, (2, 200))
    p = probability_of_improvement(a, b).estimate
    error = (p - 0.5) / stats.brunnermunzel(a, b).statistic  # the sign of their statistic is b's
    half = 1.96 * abs(error) / (p * (1 - p))
    expected = special.expit(special.logit(p) + np.array([-half, half]))
    assert bounds(probability_of_improvement(a, b)) == pytest.approx(expected, abs=0.001)
    mirrored = probability_of_improvement(b, a)
    assert (1 - mirrored.high, 1 - mirrored.low) == close(probability_of_improvement(a, b))


@pytest.mark.parametrize(("n", "low"), [(2, 0.158), (5, 0.478), (6, 0.541), (32, 0.891)])
def test_samples_without_overlap_have_an_exact_bound(n: int, low: float):
    apart = probability_of_improvement(np.arange(n) + 99.0, np.arange(n + 3))
    assert apart == (1, pytest.approx(0.025 ** (1 / n)), 1, 2 * n + 3, False)
    assert apart.low == pytest.approx(low, abs=0.001)
    assert probability_of_improvement(np.ones(n), np.ones(n)).low < 0.5


@pytest.mark.parametrize(
    ("n", "confidence", "bounded"), [(35, 0.95, False), (36, 0.95, True), (36, 0.99, False)]
)
def test_a_spread_needs_enough_seeds_beyond_its_quantiles(n, confidence, bounded):
    sample = np.random.default_rng(n).normal(size=n)
    interval = spread_interval(sample, confidence)
    assert interval.estimate == np.ptp(np.quantile(sample, (0.1, 0.9)))
    assert interval.bounded == bounded
    assert interval.low < interval.estimate < interval.high


@pytest.mark.parametrize("value", [0.1, 200.0, -7.3])
def test_equal_seeds_are_degenerate(value: float):
    same = np.full(10, value)
    assert mean_interval(same).degenerate
    assert mean_interval(same).low == mean_interval(same).high
    assert bootstrap_interval(same, seed=0, resamples=100).degenerate
    assert difference_of_means(same, same + 1).degenerate
    assert summary(same)["standard_deviation"] == 0.0


@pytest.mark.parametrize("n", [10, 31, 96])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_interval_of_a_median_agrees_with_scipy(n: int, confidence: float):
    sample = np.random.default_rng(n).exponential(size=n)
    expected = stats.quantile_test(sample, q=0, p=0.5).confidence_interval(confidence)
    interval = median_interval(sample, confidence)
    assert bounds(interval) == bounds(expected)
    assert interval.estimate == np.median(sample)


def test_a_seed_that_never_gets_there_is_later_than_any_other():
    never = np.full(40, np.inf)
    interval = median_interval([*range(70), *never[:30]])
    assert (interval.estimate, np.isfinite(interval.high)) == (49.5, True)
    assert median_interval([*range(50), *never, *never]).estimate == np.inf
    assert median_interval(never).degenerate


@pytest.mark.parametrize(
    ("interval", "message"),
    [
        (lambda: mean_interval(np.zeros((4, 10))), r"shape \[N\]; got shape \(4, 10\)"),
        (lambda: median_interval([1.0, np.nan]), r"must be a number; sample\[1\] is nan"),
        (lambda: mean_interval([3.0]), "sample must hold at least 2 seeds; got 1"),
        (lambda: difference_of_means(SAMPLE, [1, np.nan]), r"b must be finite; b\[1\] is nan"),
        (lambda: ratio_of_means(SAMPLE, OTHER), r"the same seeds; got shapes \(8,\) and \(5,\)"),
        (lambda: summary([1.0, np.inf]), r"sample must be finite; sample\[1\] is inf"),
    ],
)
def test_bad_input_is_named(interval, message: str):
    with pytest.raises(ValueError, match=message):
        interval()
