"""The ratio of two quantities of the same seeds."""

import numpy as np
from numpy.typing import ArrayLike

from reprise.stats.intervals import CONFIDENCE, Interval, mean_interval


def ratio_of_means(a: ArrayLike, b: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return mean(a) / mean(b) of the same seeds, and its interval by linearisation.

    The error of the ratio r is about the mean of (a - r b) / mean(b), so it gets the Student's
    interval of that mean: good if mean(b) is many of its standard errors away from zero.

    Args:
        a: one value for each seed, [N].
        b: of the same seeds in the same order, [N]; their mean is not zero.
        confidence: the share of repetitions in which the interval holds the true value.

    Source: Cochran (1977), Sampling techniques, chapter 6.
    """
    above, below = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if above.shape != below.shape:
        raise ValueError(
            f"a and b must hold the same seeds; got shapes {above.shape} and {below.shape}"
        )
    if below.size and below.mean() == 0:
        raise ValueError("b must not have the mean 0")
    ratio = float(above.mean() / below.mean())
    interval = mean_interval((above - ratio * below) / below.mean(), confidence)
    return interval._replace(estimate=ratio, low=ratio + interval.low, high=ratio + interval.high)
