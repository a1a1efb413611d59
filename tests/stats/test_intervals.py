"""Intervals agree with SciPy and with calculations by hand."""

import numpy as np
import pytest
from scipy import stats

from reprise.stats.intervals import (
    Interval,
    bootstrap_interval,
    difference_of_means,
    interquartile_mean,
    mean_interval,
    probability_of_improvement,
    summary,
    wilson_interval,
)

SAMPLE = [3.0, 5.0, 4.0, 9.0, 6.0, 7.0, 8.0, 20.0]
OTHER = [2.0, 4.0, 4.0, 6.0, 1.0]


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_mean_interval_agrees_with_scipy(confidence: float):
    low, high = stats.t.interval(
        confidence, len(SAMPLE) - 1, loc=np.mean(SAMPLE), scale=stats.sem(SAMPLE)
    )
    interval = mean_interval(SAMPLE, confidence)
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-12)


@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_bootstrap_interval_agrees_roughly_with_scipy(statistic):
    sample = np.random.default_rng(1).normal(size=40)
    ours = bootstrap_interval(sample, statistic, seed=2)
    theirs = stats.bootstrap(
        (sample,), statistic, method="percentile", n_resamples=10_000, rng=np.random.default_rng(3)
    ).confidence_interval
    # Two sets of 10,000 resamples: the bounds differ by a few hundredths of a standard deviation.
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)
    assert ours.estimate == statistic(sample)


def test_interquartile_mean_leaves_a_quarter_out_at_either_end():
    assert interquartile_mean(SAMPLE) == (5 + 6 + 7 + 8) / 4
    assert interquartile_mean([1.0, 2.0, 300.0]) == 101.0  # floor(3 / 4) = 0 are left out
    assert interquartile_mean(SAMPLE) == pytest.approx(float(stats.trim_mean(SAMPLE, 0.25)))


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (1, 10), (48, 96), (96, 96)])
def test_wilson_interval_agrees_with_scipy(successes: int, trials: int):
    interval = wilson_interval(successes, trials)
    expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1


def test_difference_of_means_agrees_with_welch_in_scipy():
    interval = difference_of_means(SAMPLE, OTHER, 0.9)
    test = stats.ttest_ind(SAMPLE, OTHER, equal_var=False)
    expected = test.confidence_interval(0.9)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=1e-12)
    assert interval.n == 13


def test_probability_of_improvement_is_the_mann_whitney_statistic_resampled():
    interval = probability_of_improvement(SAMPLE, OTHER, seed=0)
    u = stats.mannwhitneyu(SAMPLE, OTHER).statistic
    assert interval.estimate == pytest.approx(u / (len(SAMPLE) * len(OTHER)))
    assert interval == probability_of_improvement(SAMPLE, OTHER, seed=0)
    generator = np.random.default_rng(1)
    a = generator.choice(SAMPLE, (4000, len(SAMPLE)))[:, :, None]
    b = generator.choice(OTHER, (4000, len(OTHER)))[:, None, :]
    plain = ((a > b) + 0.5 * (a == b)).mean(axis=(1, 2))
    low, high = np.quantile(plain, [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.04)


def test_probability_of_improvement_over_separate_samples_is_degenerate():
    interval = probability_of_improvement([5.0, 6.0], [1.0, 2.0], seed=0)
    assert interval == Interval(1.0, 1.0, 1.0, 4, degenerate=True)


@pytest.mark.parametrize("value", [0.1, 200.0, -7.3])
def test_equal_seeds_are_degenerate(value: float):
    same = np.full(10, value)
    assert mean_interval(same).degenerate
    assert mean_interval(same).low == mean_interval(same).high
    assert bootstrap_interval(same, seed=0, resamples=100).degenerate
    assert difference_of_means(same, same + 1).degenerate
    assert summary(same)["standard_deviation"] == 0.0


def test_a_summary_describes_a_sample():
    described = summary(SAMPLE)
    interval = mean_interval(SAMPLE)
    assert described == {
        "n": 8,
        "mean": 7.75,
        "mean_low": interval.low,
        "mean_high": interval.high,
        "median": 6.5,
        "interquartile_mean": 6.5,
        "min": 3.0,
        "max": 20.0,
        "standard_deviation": pytest.approx(np.std(SAMPLE, ddof=1)),
    }


def test_a_summary_is_of_the_seeds_with_a_value():
    assert summary([np.nan, *SAMPLE, np.nan]) == summary(SAMPLE)
    found = summary([3.0, np.nan])
    known = {"n": 1} | dict.fromkeys(("mean", "median", "interquartile_mean", "min", "max"), 3.0)
    assert {key: value for key, value in found.items() if value == value} == known
    assert list(found) == list(summary(SAMPLE))
    assert summary([np.nan])["n"] == 0


@pytest.mark.parametrize(
    ("interval", "message"),
    [
        (lambda: mean_interval(np.zeros((4, 10))), r"shape \[N\]; got shape \(4, 10\)"),
        (lambda: mean_interval([3.0]), "sample must hold at least 2 seeds; got 1"),
        (lambda: difference_of_means(SAMPLE, [1, np.nan]), r"b must be finite; b\[1\] is nan"),
        (lambda: summary([1.0, np.inf]), r"sample must be finite; sample\[1\] is inf"),
        (lambda: mean_interval(SAMPLE, 95), "between 0 and 1, such as 0.95; got 95"),
        (lambda: wilson_interval(3, 2), "got 3 of 2"),
        (lambda: bootstrap_interval(SAMPLE, resamples=0, seed=0), "at least 1; got 0"),
    ],
)
def test_bad_input_is_named(interval, message: str):
    with pytest.raises(ValueError, match=message):
        interval()
