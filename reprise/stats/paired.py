"""What two quantities of the same seeds say of each other."""

import numpy as np
from numpy.typing import ArrayLike

from reprise.stats.intervals import CONFIDENCE, Interval, mean_interval


def ratio_of_means(a: ArrayLike, b: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Returns mean(a) / mean(b) of the same seeds, and its interval by linearisation.

    The ratio r is off by about the mean of (a - r b) / mean(b), whose Student's interval it gets:
    good where mean(b) is many of its standard errors away from zero.

    Args:
        a: One value per seed, [N].
        b: Of the same seeds in the same order, [N]; their mean is not zero.
        confidence: In how many of all repetitions the interval should hold the truth.

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
