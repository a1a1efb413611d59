"""The median of a sample of seeds, and its interval for any distribution."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from reprise.stats.intervals import CONFIDENCE, Interval, check_confidence, checked


def median_interval(sample: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the median and the narrowest pair of order statistics x_(k), x_(n+1-k) around it.

    The number of seeds below the median is Binomial(n, 1/2) for any distribution, so the interval
    holds the median in at least the given share of repetitions. With too few seeds (at 95%, fewer
    than 6) it has no bounds.

    Args:
        sample: one value for each seed, [N]; infinity stands for never.
        confidence: the least share of repetitions in which the interval holds the median.

    Source: Thompson (1936), On confidence ranges for the median and other expectation
    distributions for populations of unknown distribution form.
    """
    values = np.sort(checked(sample, finite=False))
    check_confidence(confidence)
    n = values.size
    below = special.bdtr(np.arange(n), n, 0.5)  # P(at most 0, 1, ... seeds lie below the median)
    k = int(np.count_nonzero(below <= (1 - confidence) / 2))
    low, high = (float(values[k - 1]), float(values[n - k])) if k else (-np.inf, np.inf)
    middle = values[(n - 1) // 2 : n // 2 + 1]
    estimate = float(middle.mean() if np.isfinite(middle).all() else middle[-1])
    return Interval(estimate, low, high, n, low == high)
