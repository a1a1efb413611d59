"""How many seeds get how far: the whole distribution of a result, where one number hides a part."""

from collections.abc import Sequence

import pandas as pd
from numpy.typing import ArrayLike

from reprise.evidence.statistics import CONFIDENCE, checked, wilson_interval


def performance_profile(
    sample: ArrayLike, thresholds: Sequence[float], confidence: float = CONFIDENCE
) -> pd.DataFrame:
    """Returns the share of seeds above each threshold, with Wilson's interval at each.

    The intervals hold threshold by threshold, not for the whole profile at once.

    Args:
        sample: One value per seed, [N].
        thresholds: Where to look.
        confidence: Of each interval.

    Returns:
        A row for each threshold, columns threshold, share, low and high.

    Source: Agarwal et al. (2021), Deep reinforcement learning at the edge of the statistical
    precipice, section 4.2: run-score distributions, F(t) = the share of runs with a score above t.
    """
    values = checked(sample)
    rows = []
    for threshold in thresholds:
        share = wilson_interval(int((values > threshold).sum()), values.size, confidence)
        rows.append((threshold, share.estimate, share.low, share.high))
    return pd.DataFrame(rows, columns=pd.Index(["threshold", "share", "low", "high"]))
