"""Estimates over training seeds, and their confidence intervals.

The unit is a training seed: a sample holds one value for each seed, [N]. Average the episodes of an
evaluation first. The confidence is the share of repetitions in which an interval holds the true
value. An interval of no width is flagged as degenerate: it tells nothing.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # scipy.stats has the same quantiles, and takes longer to import

CONFIDENCE = 0.95
RESAMPLES = 10_000
_BLOCK = 500  # resamples at a time: 1,000 seeds then take some megabytes

Seed = int | np.random.SeedSequence | np.random.Generator


class Interval(NamedTuple):
    """An estimate over n seeds and the confidence interval around it."""

    estimate: float
    low: float
    high: float
    n: int
    degenerate: bool

    @property
    def bounded(self) -> bool:
        """Return whether both bounds are finite; with fewer than two seeds they are not."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))

    def columns(self, name: str) -> dict[str, float]:
        """Return the estimate and its bounds as three columns of a table."""
        return {name: self.estimate, f"{name}_low": self.low, f"{name}_high": self.high}


def mean_interval(sample: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean and Student's interval: mean -+ t s / sqrt(n).

    >>> mean, low, high, n, degenerate = mean_interval([187.0, 200.0, 195.0, 164.0])
    >>> f"{mean:.1f} [{low:.1f}, {high:.1f}], n = {n}"
    '186.5 [161.2, 211.8], n = 4'

    Raises:
        ValueError: if there are fewer than two seeds, a value is not finite, or the confidence is
            not between 0 and 1.

    Source: Student (1908), The probable error of a mean.
    """
    values = checked(sample)
    check_confidence(confidence)
    quantile = float(special.stdtrit(values.size - 1, (1 + confidence) / 2))
    margin = quantile * float(np.sqrt(_squared_error(values)))
    return _around(float(values.mean()), margin, values.size)


def known_mean(sample: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of the seeds that have a value, not NaN, with its interval.

    With one such seed the interval has no bounds; with none the mean is NaN.

    >>> known_mean([187.0, np.nan])
    Interval(estimate=187.0, low=-inf, high=inf, n=1, degenerate=False)
    """
    values = known(sample)
    if values.size > 1:
        return mean_interval(values, confidence)
    estimate = float(values[0]) if values.size else float("nan")
    return Interval(estimate, -np.inf, np.inf, values.size, degenerate=False)


def known_difference(a: ArrayLike, b: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the difference of two `known_mean`s, by Welch where both have two seeds."""
    first, second = known(a), known(b)
    if min(first.size, second.size) > 1:
        return difference_of_means(first, second, confidence)
    estimate = known_mean(first).estimate - known_mean(second).estimate
    return Interval(estimate, -np.inf, np.inf, first.size + second.size, degenerate=False)


def known(sample: ArrayLike, name: str = "sample") -> NDArray[np.float64]:
    """Return the values of the seeds that have one, [M]; NaN stands for none."""
    values = _by_seed(sample, name)
    return values[~np.isnan(values)]


def bootstrap_interval(
    sample: ArrayLike,
    statistic: Callable[..., NDArray[np.float64]] = np.mean,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    *,
    seed: Seed,
) -> Interval:
    """Return a statistic and its percentile bootstrap interval.

    It is too narrow for few seeds: at n = 10 a nominal 95% covers about 90%.

    >>> interval = bootstrap_interval([187.0, 200.0, 195.0, 164.0], np.median, seed=0)
    >>> [float(bound) for bound in interval[:3]]
    [191.0, 164.0, 200.0]

    Args:
        sample: one value for each seed, [N].
        statistic: takes resamples [R, N] and the axis to reduce, such as `np.median`.
        confidence: of the interval.
        resamples: the number of samples of n drawn with replacement.
        seed: of this interval's own generator.

    Source: Efron and Tibshirani (1993), An introduction to the bootstrap, section 13.3.
    """
    values = checked(sample)
    check_confidence(confidence)
    blocks = _resampled(values.size, resamples, np.random.default_rng(seed))
    drawn = np.concatenate([statistic(values[indices], axis=1) for indices in blocks])
    estimate = float(statistic(values[None, :], axis=1)[0])
    return _percentile(estimate, drawn, confidence, values.size)


def interquartile_mean(sample: ArrayLike, *, axis: int = -1) -> NDArray[np.float64]:
    """Return the mean of the middle half, without floor(n / 4) values at either end.

    >>> float(interquartile_mean([0.0, 1.0, 3.0, 100.0]))
    2.0

    Source: Agarwal et al. (2021), Deep reinforcement learning at the edge of the statistical
    precipice, section 4.3.
    """
    values = np.sort(np.moveaxis(np.asarray(sample, dtype=np.float64), axis, -1), axis=-1)
    outside = values.shape[-1] // 4
    return values[..., outside : values.shape[-1] - outside].mean(axis=-1)


def wilson_interval(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Return a success rate and Wilson's score interval, which also holds near 0 and 1.

    >>> rate, low, high, n, degenerate = wilson_interval(10, 10)
    >>> f"{rate:.0%} [{low:.0%}, {high:.0%}] of {n}"
    '100% [72%, 100%] of 10'

    Raises:
        ValueError: if there are no trials, or more successes than trials.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(
            f"successes must be 0 to trials, and trials at least 1; got {successes} of {trials}"
        )
    check_confidence(confidence)
    z = float(special.ndtri((1 + confidence) / 2))
    rate, z2 = successes / trials, z * z
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = float(np.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials * trials)))
    margin = z * spread / (1 + z2 / trials)
    low = 0.0 if successes == 0 else centre - margin
    high = 1.0 if successes == trials else centre + margin
    return Interval(rate, low, high, int(trials), degenerate=False)


def difference_of_means(a: ArrayLike, b: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return mean(a) - mean(b) and Welch's interval, which allows unequal variances.

    >>> difference, low, high, *_ = difference_of_means([10.0, 12.0, 14.0], [9.0, 8.0, 10.0])
    >>> f"{difference:.1f} [{low:.1f}, {high:.1f}]"
    '3.0 [-1.2, 7.2]'

    The samples are [Na] and [Nb]; they are not paired.

    Source: Welch (1947), The generalization of Student's problem.
    """
    first, second = checked(a, "a"), checked(b, "b")
    check_confidence(confidence)
    difference = float(first.mean() - second.mean())
    n = first.size + second.size
    va, vb = _squared_error(first), _squared_error(second)
    if va + vb == 0:
        return _around(difference, 0.0, n)
    freedom = (va + vb) * (va + vb) / (va * va / (first.size - 1) + vb * vb / (second.size - 1))
    quantile = float(special.stdtrit(freedom, (1 + confidence) / 2))
    return _around(difference, quantile * float(np.sqrt(va + vb)), n)


def probability_of_improvement(
    a: ArrayLike,
    b: ArrayLike,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    *,
    seed: Seed,
) -> Interval:
    """Return P(A > B) + P(A = B) / 2 over all pairs of seeds, with a bootstrap interval.

    >>> probability_of_improvement([3.0, 5.0], [1.0, 4.0], seed=0).estimate  # 3 pairs of 4
    0.75

    Args:
        a: one value for each seed, [Na]; more is better.
        b: one value for each of the other seeds, [Nb].
        confidence: of the interval.
        resamples: the number of samples drawn from each.
        seed: of this interval's own generator.

    Source: Agarwal et al. (2021), section 4.3; ties after Mann and Whitney (1947).
    """
    first, second = checked(a, "a"), checked(b, "b")
    check_confidence(confidence)
    wins = (np.sign(first[:, None] - second[None, :]) + 1) / 2  # [Na, Nb]
    generator = np.random.default_rng(seed)
    # A resample enters as counts of its seeds, so that all sums are of halves, and exact.
    drawn = [
        np.sum((_counts(in_a) @ wins) * _counts(in_b), axis=1) / wins.size
        for in_a, in_b in zip(
            _resampled(first.size, resamples, generator),
            _resampled(second.size, resamples, generator),
            strict=True,
        )
    ]
    estimate = float(wins.mean())
    return _percentile(estimate, np.concatenate(drawn), confidence, first.size + second.size)


def summary(sample: ArrayLike) -> dict[str, float]:
    """Return the summary of a sample for metrics.json; the mean has Student's interval at 95%.

    NaN stands for a seed without a value; `n` counts the others. Entries that cannot be known are
    NaN, which is written as null: the interval of one seed, or everything of no seed.

    >>> found = summary([187.0, np.nan, 195.0])
    >>> found["n"], found["mean"]
    (2, 191.0)

    Raises:
        ValueError: if a value is infinite, or the sample is not one value for each seed.
    """
    values = known(sample)
    mean, nan = known_mean(values), float("nan")
    some, several = values.size > 0, values.size > 1
    deviation = float(np.sqrt(_squared_error(values) * values.size)) if several else nan
    return {
        "n": values.size,
        "mean": mean.estimate,
        "mean_low": mean.low if several else nan,
        "mean_high": mean.high if several else nan,
        "median": float(np.median(values)) if some else nan,
        "interquartile_mean": float(interquartile_mean(values)) if some else nan,
        "min": float(values.min()) if some else nan,
        "max": float(values.max()) if some else nan,
        "standard_deviation": deviation,
    }


def checked(sample: ArrayLike, name: str = "sample", *, finite: bool = True) -> NDArray[np.float64]:
    """Return a sample as an array [N] with a number for each of at least two seeds.

    Raises:
        ValueError: names what is wrong with its shape, its size or one of its values.
    """
    values = _by_seed(sample, name)
    if values.size < 2:
        raise ValueError(f"{name} must hold at least 2 seeds; got {values.size}")
    if (bad := ~np.isfinite(values) if finite else np.isnan(values)).any():
        first, what = int(np.flatnonzero(bad)[0]), "finite" if finite else "a number"
        raise ValueError(f"{name} must be {what}; {name}[{first}] is {values[first]}")
    return values


def _by_seed(sample: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return a sample as an array [N]; raise ValueError if it has another shape."""
    values = np.asarray(sample, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(
            f"{name} must hold one value per seed, shape [N]; got shape {values.shape}. Average "
            f"over the episodes of each seed first: they are not independent of each other"
        )
    return values


def check_confidence(confidence: float) -> None:
    """Raise ValueError if a confidence is not between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95; got {confidence}")


def _squared_error(values: NDArray[np.float64]) -> float:
    """Return s^2 / n; exactly 0 for equal values, though their mean may be rounded."""
    return 0.0 if np.ptp(values) == 0 else float(values.var(ddof=1)) / values.size


def _around(estimate: float, margin: float, n: int) -> Interval:
    return Interval(estimate, estimate - margin, estimate + margin, n, margin == 0)


def _percentile(estimate: float, drawn: NDArray[np.float64], confidence: float, n: int) -> Interval:
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = (float(bound) for bound in np.quantile(drawn, tails))
    return Interval(estimate, low, high, n, low == high)


def _resampled(
    n: int, resamples: int, generator: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield the drawn indices in blocks [R, N]."""
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1; got {resamples}")
    for start in range(0, resamples, _BLOCK):
        yield generator.integers(n, size=(min(_BLOCK, resamples - start), n))


def _counts(indices: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how often each resample holds each seed, [R, N]."""
    rows, n = indices.shape
    flat = (indices + n * np.arange(rows)[:, None]).ravel()
    return np.bincount(flat, minlength=rows * n).reshape(rows, n).astype(np.float64)
