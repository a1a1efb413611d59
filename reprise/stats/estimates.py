"""Estimates as entries of metrics.json, and tables of groups."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from reprise.stats.intervals import Interval, share_interval


def bounds(interval: Interval, name: str = "estimate") -> dict[str, float]:
    """Return an estimate by name, with low and high bounds."""
    return {name: interval.estimate, "low": interval.low, "high": interval.high}


def share(hits: np.ndarray, name: str = "share") -> dict[str, float]:
    """Compute the share of true values [N] with its interval."""
    return bounds(share_interval(int(hits.sum()), len(hits)), name)


def stacked(groups: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Stack the columns of all groups in one table."""
    return pd.concat(map(pd.DataFrame, groups), ignore_index=True)
