"""The swings of a pole and its cart, and whether they grow from one to the next.

A swing of the pole lasts from one change of the angle's sign to the next; its size is the largest
angle. A swing of the cart lasts from one turning point to the next; its size is the way between.
The first begins at the start of the episode. The one in which the episode ends is left out: it is
cut off, and under a failing angle its size would be the limit.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.stats.intervals import Seed, bootstrap_interval, wilson_interval

Floats = NDArray[np.floating]
BODIES = ("pole", "cart")


def pole_swings(angle: Floats) -> Iterator[tuple[int, float]]:
    """Yield the step and the size of each swing's largest angle, of angles [T]."""
    for start, end in pairwise([0, *_changes(angle)]):
        size = np.abs(angle[start:end])
        yield start + int(size.argmax()), float(size.max())


def cart_swings(position: Floats, velocity: Floats) -> Iterator[tuple[int, float]]:
    """Yield the step of each turning point and the way since the last, of positions [T]."""
    for start, end in pairwise([0, *_changes(velocity)]):
        yield int(end), abs(float(position[end] - position[start]))


def swing_table(observations: Floats, lengths: Sequence[int], seeds: Sequence[int]) -> pd.DataFrame:
    """Return all swings of some episodes: seed, body, step, size (rad of a pole, m of a cart).

    Args:
        observations: position, velocity, angle and what else there is, [T, E, O].
        lengths: of the episodes, in steps.
        seeds: that name the episodes.
    """
    rows = []
    for e, (seed, length) in enumerate(zip(seeds, lengths, strict=True)):
        position, velocity, angle = observations[:length, e, :3].T
        rows += [(seed, "pole", *swing) for swing in pole_swings(angle)]
        rows += [(seed, "cart", *swing) for swing in cart_swings(position, velocity)]
    return pd.DataFrame(rows, columns=pd.Index(["seed", "body", "step", "size"]))


def growth(swings: pd.DataFrame, *, seed: Seed) -> dict[str, dict[str, float]]:
    """Return for pole and cart how swings grow, over the episodes that have two of them or more.

    Args:
        swings: as `swing_table` gives them.
        seed: of the bootstraps.

    Returns:
        The number of episodes; the share of those in which every swing is larger than the one
        before, with Wilson's interval; the median over episodes of the last swing's ratio to the
        one before, with a bootstrap interval. If there are not two, the number alone.
    """
    result: dict[str, dict[str, float]] = {}
    for body in BODIES:
        episodes = swings.loc[swings["body"] == body].groupby("seed")["size"]
        sizes = [size.to_numpy() for _, size in episodes if len(size) > 1]
        result[body] = {"episodes": len(sizes)}
        if len(sizes) < 2:
            continue
        growing = sum(bool((np.diff(each) > 0).all()) for each in sizes)
        ratios = [each[-1] / each[-2] for each in sizes]
        for name, interval in {
            "growing": wilson_interval(growing, len(sizes)),
            "ratio": bootstrap_interval(ratios, np.median, seed=seed),
        }.items():
            result[body] |= {
                name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high,
            }  # fmt: skip
    return result


def _changes(values: Floats) -> NDArray[np.int64]:
    """Return the steps at which the sign is another than before."""
    return np.flatnonzero(np.diff(values >= 0)) + 1
