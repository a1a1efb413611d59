"""Estimates over training seeds, and their confidence intervals.

The unit is a training seed: a sample holds one value for each seed, [N]. Average the episodes of an
evaluation first. The confidence is the share of repetitions in which an interval holds the true
value. `degenerate` marks an interval of width zero: all seeds agree. A sample too small for an
interval gets infinite bounds. ValueError is raised for a sample of another shape, with fewer than
two seeds, or with a value that is not finite.

Sources: Student (1908), The probable error of a mean. Thompson (1936), On confidence ranges for the
median. Clopper and Pearson (1934), The use of confidence or fiducial limits. Welch (1947), The
generalization of Student's problem. Lancaster (1961), Significance tests in discrete distributions:
mid-P. Cochran (1977), Sampling techniques: strata in section 5.4, ratios in chapter 6. Efron and
Tibshirani (1993), An introduction to the bootstrap, section 13.3. Brunner and Munzel (2000), The
nonparametric Behrens-Fisher problem. Zou and Donner (2008), Construction of confidence limits about
effect measures. Bonett and Wright (2000), Sample size requirements for estimating Pearson, Kendall
and Spearman correlations. Agarwal et al. (2021), Deep reinforcement learning at the edge of the
statistical precipice, section 4.3; ties after Mann and Whitney (1947).
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # scipy.stats has the same quantiles, and takes longer to import

CONFIDENCE = 0.95
RESAMPLES = 10_000
EVEN = 0.5  # the probability of improvement if two variants are equal
TAIL = 0.1  # share of a sample below its spread, and above
UNSEEN = 0.1  # of a seed; intervals near 0 and 1 cover less with 0, and too much with 1
FEWEST = 6  # seeds a side: fewer that always win do not exclude one half, as (1/2)^5 > 2.5%
_BLOCK = 500  # resamples at a time: 1,000 seeds then take some megabytes

Array = NDArray[np.float64]
Seed = int | np.random.SeedSequence | np.random.Generator


class Interval(NamedTuple):
    """An estimate over n seeds with its confidence interval."""

    estimate: float
    low: float
    high: float
    n: int
    degenerate: bool = False

    @property
    def bounded(self) -> bool:
        """True if both bounds are finite."""
        return bool(np.isfinite([self.low, self.high]).all())

    def entry(self) -> dict[str, Any]:
        """Return the interval for metrics.json, unknown bounds as NaN."""
        low, high = (self.low, self.high) if self.bounded else (np.nan, np.nan)
        found = {"estimate": self.estimate, "low": low, "high": high, "n": self.n}
        return found | ({"degenerate": True} if self.degenerate else {})

    def columns(self, name: str) -> dict[str, float]:
        """Return estimate and bounds as three columns of a table."""
        entry = self.entry()
        return {name: entry["estimate"], f"{name}_low": entry["low"], f"{name}_high": entry["high"]}


def mean_interval(sample: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Compute the mean with Student's interval.

    >>> mean, low, high, n, degenerate = mean_interval([187.0, 200.0, 195.0, 164.0])
    >>> f"{mean:.1f} [{low:.1f}, {high:.1f}], n = {n}"
    '186.5 [161.2, 211.8], n = 4'
    """
    values = checked(sample)
    n, squared_error = values.size, _squared_error(values)
    return _student(float(values.mean()), squared_error, n - 1, n, confidence)


def known_mean(sample: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Compute the `mean_interval` of the values that are not NaN.

    With one such seed the interval has no bounds; with none the mean is NaN.

    >>> known_mean([187.0, np.nan])
    Interval(estimate=187.0, low=-inf, high=inf, n=1, degenerate=False)
    """
    values = known(sample)
    if values.size > 1:
        return mean_interval(values, confidence)
    return Interval(float(values[0]) if values.size else np.nan, -np.inf, np.inf, values.size)


def difference_of_means(a: ArrayLike, b: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Compute mean(a) - mean(b) with Welch's interval, unpaired.

    >>> difference, low, high, *_ = difference_of_means([10.0, 12.0, 14.0], [9.0, 8.0, 10.0])
    >>> f"{difference:.1f} [{low:.1f}, {high:.1f}]"
    '3.0 [-1.2, 7.2]'
    """
    first, second = checked(a, "a"), checked(b, "b")
    return _satterthwaite(float(first.mean() - second.mean()), [first, second], 1, confidence)


def known_difference(a: ArrayLike, b: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Compute `difference_of_means` of the values that are not NaN."""
    first, second = known(a), known(b)
    if min(first.size, second.size) > 1:
        return difference_of_means(first, second, confidence)
    estimate = known_mean(first).estimate - known_mean(second).estimate
    return Interval(estimate, -np.inf, np.inf, first.size + second.size)


def stratified_mean(groups: Sequence[Array], confidence: float = CONFIDENCE) -> Interval:
    """Average the means of groups, with an interval."""
    estimate = float(np.mean([group.mean() for group in groups]))
    return _satterthwaite(estimate, groups, len(groups), confidence)


def ratio_of_means(a: ArrayLike, b: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Compute mean(a) / mean(b) of the same seeds, linearised.

    The error of the ratio r is about the mean of (a - r b) / mean(b), so r gets the Student's
    interval of that mean. This is good if mean(b) is many of its standard errors away from zero.
    """
    above, below = np.asarray(a, float), np.asarray(b, float)
    if above.shape != below.shape:
        shapes = f"shapes {above.shape} and {below.shape}"
        raise ValueError(f"a and b must hold the same seeds; got {shapes}")
    if below.size and below.mean() == 0:
        raise ValueError("b must not have the mean 0")
    ratio = float(above.mean() / below.mean())
    error = mean_interval((above - ratio * below) / below.mean(), confidence)
    return error._replace(estimate=ratio, low=ratio + error.low, high=ratio + error.high)


def median_interval(sample: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Compute the median, with order statistics as its bounds.

    The bounds are x_(k) and x_(n+1-k). The number of seeds below the median is Binomial(n, 1/2) for
    any distribution, which gives the largest k with enough confidence. With too few seeds (at 95%,
    fewer than 6) the interval has no bounds. A value of infinity stands for never.
    """
    values = np.sort(checked(sample, finite=False))
    n = values.size
    below = special.bdtr(np.arange(n), n, 0.5)  # P(at most 0, 1, ... seeds lie below the median)
    k = int(np.count_nonzero(below <= _tails(confidence)[0]))
    low, high = (float(values[k - 1]), float(values[n - k])) if k else (-np.inf, np.inf)
    middle = values[(n - 1) // 2 : n // 2 + 1]
    estimate = float(middle.mean() if np.isfinite(middle).all() else middle[-1])
    return Interval(estimate, low, high, n, low == high)


def spread_interval(sample: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Compute the 90% quantile minus the 10% quantile.

    The number of seeds below a quantile is binomial, which bounds each quantile between two order
    statistics, interpolated. The margins of the two add as those of a difference of estimates that
    correlate by 1/9, as the sample quantiles do: Zou and Donner's method. Too few seeds, at 95%
    fewer than 36, have no bounds.
    """
    values = np.sort(checked(sample))
    n, places = values.size, np.arange(1, values.size + 1)
    low, high = (float(each) for each in np.quantile(values, (TAIL, 1 - TAIL)))
    below = special.bdtr(places - 1, n, TAIL)  # P(fewer than 1, 2, ... lie below the 10% quantile)
    tails = _tails(confidence)
    if below[0] > tails[0]:
        return Interval(high - low, -np.inf, np.inf, n)
    ends = np.interp(tails, below, places)
    (low_from, low_to), (high_to, high_from) = (
        np.interp(each, places, values) for each in (ends, n + 1 - ends)
    )
    inner = _joined(high - high_from, low_to - low)
    outer = _joined(high_to - high, low - low_from)
    lowest, highest = high - low - inner, high - low + outer
    return Interval(high - low, lowest, highest, n, lowest == highest)


def share_interval(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Compute a share with its mid-P interval.

    At a bound, the probability of more extreme results plus half the probability of this result
    equals the tail.

    >>> rate, low, high, n, degenerate = share_interval(10, 10)
    >>> f"{rate:.0%} [{low:.0%}, {high:.0%}] of {n}"
    '100% [74%, 100%] of 10'
    """
    if trials < 1 or not 0 <= successes <= trials:
        allowed = "successes must be 0 to trials, and trials at least 1"
        raise ValueError(f"{allowed}; got {successes} of {trials}")
    tail = _tails(confidence)[0]
    low, high = 1 - _most(trials - successes, trials, tail), _most(successes, trials, tail)
    return Interval(successes / trials, low, high, int(trials))


def bootstrap_interval(
    sample: ArrayLike,
    statistic: Callable[..., Array] = np.mean,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    *,
    seed: Seed,
) -> Interval:
    """Compute a statistic with its percentile bootstrap interval.

    The interval is too narrow for few seeds: at n = 10 a nominal 95% covers about 90%. The
    statistic takes resamples [R, N] and the axis to reduce.

    >>> interval = bootstrap_interval([187.0, 200.0, 195.0, 164.0], np.median, seed=0)
    >>> [float(bound) for bound in interval[:3]]
    [191.0, 164.0, 200.0]
    """
    values = checked(sample)
    blocks = _resampled(values.size, resamples, np.random.default_rng(seed))
    drawn = [statistic(values[indices], axis=1) for indices in blocks]
    low, high = map(float, np.quantile(np.concatenate(drawn), _tails(confidence)))
    estimate = float(statistic(values[None, :], axis=1)[0])
    return Interval(estimate, low, high, values.size, low == high)


def probability_of_improvement(
    a: ArrayLike, b: ArrayLike, confidence: float = CONFIDENCE
) -> Interval:
    """Compute the probability of improvement with its interval.

    P(A > B) + P(A = B) / 2 over all pairs of seeds, [Na] and [Nb], which are not paired. The error,
    in log odds, is Brunner and Munzel's, from each seed's share of wins over the other side. Where
    few pairs lose, it is too small, so each side counts a tenth of one more seed, even with all
    others.

    No interval is wider than Clopper and Pearson's of n = min(Na, Nb) pairs that share no seed. If
    one side always wins, that one remains, and is exact: all n pairs win with probability p^n.

    >>> chance, low, high, *_ = probability_of_improvement([3.0, 5.0, 6.0], [1.0, 2.0, 4.0])
    >>> f"{chance:.3f} [{low:.3f}, {high:.3f}]"
    '0.889 [0.211, 0.999]'
    """
    first, second = checked(a, "a"), checked(b, "b")
    wins, losses = _wins(first, second), _wins(second, first)
    chance, sizes = float(wins.mean()), np.array([first.size, second.size])
    won, tails = chance * sizes.min(), _tails(confidence)
    lost = sizes.min() - won
    low = float(special.betaincinv(won, lost + 1, tails[0])) if won else 0.0
    high = float(special.betaincinv(won + 1, lost, tails[1])) if lost else 1.0
    errors = np.array([_squared_error(wins), _squared_error(losses)])
    if errors.any():
        errors += UNSEEN * (chance - EVEN) ** 2 / sizes**2
        error = np.sqrt(errors.sum()) / (chance * (1 - chance))  # of the log odds
        margin = special.stdtrit(_freedom(errors, sizes), tails[1]) * error
        low = max(low, float(special.expit(special.logit(chance) - margin)))
        high = min(high, float(special.expit(special.logit(chance) + margin)))
    return Interval(chance, low, high, int(sizes.sum()))


def rank_correlation(x: ArrayLike, y: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Compute Spearman's rank correlation over seeds, with its interval.

    The interval is Bonett and Wright's: normal in Fisher's z. Fewer than 4 seeds have no bounds.

    >>> r, low, high, *_ = rank_correlation([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 1.0, 4.0, 3.0, 5.0])
    >>> f"{r:.2f} [{low:.2f}, {high:.2f}]"
    '0.80 [-0.46, 0.99]'
    """
    first, second = checked(x, "x"), checked(y, "y")
    if first.size != second.size:
        raise ValueError(f"x and y must hold the same seeds; got {first.size} and {second.size}")
    n, (a, b) = first.size, (_wins(each, each) - EVEN for each in (first, second))
    if not (spread := float(np.sqrt((a * a).sum() * (b * b).sum()))):
        raise ValueError("x and y must each hold different values")
    r = float(np.clip((a * b).sum() / spread, -1, 1))
    if n < 4:
        return Interval(r, -np.inf, np.inf, n)
    margin = special.ndtri(_tails(confidence)[1]) * np.sqrt((1 + r * r / 2) / (n - 3))
    with np.errstate(divide="ignore"):
        low, high = (float(np.tanh(np.arctanh(r) + sign * margin)) for sign in (-1, 1))
    return Interval(r, low, high, n, low == high)


def interquartile_mean(sample: ArrayLike) -> float:
    """Average without the lowest and the highest quarter.

    >>> interquartile_mean([0.0, 1.0, 3.0, 100.0])
    2.0
    """
    values = np.sort(np.asarray(sample, float))
    outside = values.size // 4
    return float(values[outside : values.size - outside].mean())


def summary(sample: ArrayLike) -> dict[str, Any]:
    """Summarise a sample for metrics.json, with 95% intervals.

    NaN stands for a seed without a value; the mean's `n` counts the others. An unknown entry, such
    as the interval of a single seed, is NaN, and null in the file.

    >>> found = summary([187.0, np.nan, 195.0])
    >>> found["mean"]["estimate"], found["mean"]["n"], found["max"]
    (191.0, 2, 195.0)
    """
    values = known(sample)
    found: dict[str, Any] = {"mean": known_mean(values).entry()}
    described = {"median": np.median, "interquartile_mean": interquartile_mean}
    for name, of in (described | {"min": np.min, "max": np.max}).items():
        found[name] = float(of(values)) if values.size else np.nan
    several = values.size > 1
    deviation = float(np.sqrt(_squared_error(values) * values.size)) if several else np.nan
    return found | {"standard_deviation": deviation}


def known(sample: ArrayLike) -> Array:
    """Drop the NaN values of a sample."""
    values = _by_seed(sample, "sample")
    return values[~np.isnan(values)]


def checked(sample: ArrayLike, name: str = "sample", *, finite: bool = True) -> Array:
    """Check that a sample holds at least two valid values."""
    values = _by_seed(sample, name)
    if values.size < 2:
        raise ValueError(f"{name} must hold at least 2 seeds; got {values.size}")
    if (bad := ~np.isfinite(values) if finite else np.isnan(values)).any():
        first, what = int(bad.argmax()), "finite" if finite else "a number"
        raise ValueError(f"{name} must be {what}; {name}[{first}] is {values[first]}")
    return values


def _by_seed(sample: ArrayLike, name: str) -> Array:
    values = np.asarray(sample, float)
    if values.ndim != 1:
        raise ValueError(
            f"{name} must hold one value per seed, shape [N]; got shape {values.shape}. Average "
            f"over the episodes of each seed first: they are not independent of each other"
        )
    return values


def _tails(confidence: float) -> tuple[float, float]:
    """Return the probabilities below the low and the high bound."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95; got {confidence}")
    return (1 - confidence) / 2, (1 + confidence) / 2


def _squared_error(values: Array) -> float:
    """Compute s^2 / n, exactly 0 for equal values."""
    return 0.0 if np.ptp(values) == 0 else float(values.var(ddof=1)) / values.size


@lru_cache
def _most(successes: int, trials: int, tail: float) -> float:
    """Find the upper mid-P bound of a share by bisection."""
    low, high = successes / trials, 1.0
    while low < (middle := (low + high) / 2) < high:
        fewer = special.bdtr(successes - 1, trials, middle) if successes else 0
        beyond = (fewer + special.bdtr(successes, trials, middle)) / 2 > tail
        low, high = (middle, high) if beyond else (low, middle)
    return high


def _student(
    estimate: float, squared_error: float, freedom: float, n: int, confidence: float
) -> Interval:
    quantile = float(special.stdtrit(freedom, _tails(confidence)[1]))
    margin = quantile * float(np.sqrt(squared_error))
    return Interval(estimate, estimate - margin, estimate + margin, n, margin == 0)


def _satterthwaite(
    estimate: float, groups: Sequence[Array], divisor: int, confidence: float
) -> Interval:
    """Return the interval of groups' summed means over a divisor."""
    errors = np.array([_squared_error(group) for group in groups]) / divisor**2
    sizes = np.array([group.size for group in groups])
    freedom = _freedom(errors, sizes) if errors.any() else np.inf
    return _student(estimate, float(errors.sum()), freedom, int(sizes.sum()), confidence)


def _freedom(errors: Array, sizes: NDArray[np.int64]) -> float:
    """Compute Satterthwaite's degrees of freedom."""
    return float(errors.sum() ** 2 / (errors**2 / (sizes - 1)).sum())


def _wins(values: Array, others: Array) -> Array:
    """Return each value's share of others below it, ties half."""
    ordered = np.sort(others)
    below, not_above = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return (below + not_above) / (2 * others.size)


def _joined(one: float, other: float) -> float:
    """Return a spread's margin from those of its quantiles."""
    return float(np.sqrt(max(0.0, one * one + other * other - 2 * one * other / 9)))


def _resampled(n: int, resamples: int, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Draw indices in blocks [R, N]."""
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1; got {resamples}")
    for start in range(0, resamples, _BLOCK):
        yield random.integers(n, size=(min(_BLOCK, resamples - start), n))
