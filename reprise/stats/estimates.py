"""Shares of a sample, and tables of groups."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from reprise.stats.intervals import Interval, share_interval


def share(hits: np.ndarray) -> Interval:
    """Compute the share of true values [N]."""
    return share_interval(int(hits.sum()), len(hits))


def stacked(groups: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Stack the columns of all groups in one table."""
    return pd.concat(map(pd.DataFrame, groups), ignore_index=True)
