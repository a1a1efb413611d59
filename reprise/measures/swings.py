"""Swings of a pole and its cart, and their growth.

A swing of the pole lasts from one change of the angle's sign to the next; its size is the largest
angle. A swing of the cart lasts from one turning point to the next; its size is the distance.
The first swing begins with the episode. The last does not count: the episode's end cuts it off.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.stats.intervals import Seed, bootstrap_interval, share_interval

Floats = NDArray[np.floating]


def _between_changes(values: Floats) -> Iterator[tuple[int, int]]:
    yield from pairwise([0, *(np.flatnonzero(np.diff(values >= 0)) + 1).tolist()])


def pole_swings(angle: Floats) -> Iterator[tuple[int, float]]:
    """Yield each swing's largest angle and its step."""
    for start, end in _between_changes(angle):
        size = np.abs(angle[start:end])
        yield start + int(size.argmax()), float(size.max())


def cart_swings(position: Floats, velocity: Floats) -> Iterator[tuple[int, float]]:
    """Yield each turning point and its distance from the last."""
    for start, end in _between_changes(velocity):
        yield end, abs(float(position[end] - position[start]))


def swing_table(observations: Floats, lengths: Sequence[int], seeds: Sequence[int]) -> pd.DataFrame:
    """Return observations' [T, E, O] swings, rad and m."""
    rows = []
    for e, (seed, length) in enumerate(zip(seeds, lengths, strict=True)):
        position, velocity, angle = observations[:length, e, :3].T
        rows += [(seed, "pole", *swing) for swing in pole_swings(angle)]
        rows += [(seed, "cart", *swing) for swing in cart_swings(position, velocity)]
    return pd.DataFrame(rows, columns=pd.Index(["seed", "body", "step", "size"]))


def growth(swings: pd.DataFrame, *, seed: Seed) -> dict[str, dict[str, Any]]:
    """Measure how the swings of pole and cart grow.

    Only episodes with at least two swings count. `growing` is the share in which every swing is
    larger than the one before, `ratio` the median ratio of the last swing to the one before. Fewer
    than two episodes have neither.
    """
    result: dict[str, dict[str, Any]] = {}
    for body in ("pole", "cart"):
        episodes = swings.loc[swings["body"] == body].groupby("seed")["size"]
        sizes = [size.to_numpy() for _, size in episodes if len(size) > 1]
        result[body] = {"episodes": len(sizes)}
        if len(sizes) > 1:
            growing = sum(bool((np.diff(each) > 0).all()) for each in sizes)
            ratios = [each[-1] / each[-2] for each in sizes]
            result[body]["growing"] = share_interval(growing, len(sizes)).entry()
            result[body]["ratio"] = bootstrap_interval(ratios, np.median, seed=seed).entry()
    return result
