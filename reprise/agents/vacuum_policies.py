"""What a policy of the chapter's vacuum robot does: how much dust it collects, and where it goes.

A policy has two genes in [0, 1]: p, the probability to move forward in a second, and r, the range
of the random turns in half turns. Tables give r in degrees.

Axes: N policies, K times, P points of an axis.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.agents.policy_search import combinations
from reprise.environments import vacuum_kernel
from reprise.environments.vacuum_room import ROOM, SECONDS, dust_at_start

Floats = NDArray[np.float64]

GENES = 2
DEGREES = 180  # in a half turn
DUST = int(dust_at_start(ROOM).sum())  # specks


class Landscape(NamedTuple):
    """The mean share of the dust over a grid of policies."""

    axis: Floats  # of both genes, [P]
    mean: Floats  # [P, P], p by r
    standard_deviation: Floats  # of a single try, [P, P]
    best: Floats  # the policy with the highest mean, [2]
    best_share: float  # its mean in tries apart from those it was chosen by


def tries(policies: Floats, count: int, generator: np.random.Generator) -> Floats:
    """Return the share of the dust that each policy collects in each try of 30 minutes, [N, count].

    Args:
        policies: p and r, [N, 2].
        count: of tries.
        generator: of all luck.
    """
    keys = vacuum_kernel.draw_keys(generator, len(policies) * count)
    found = shares_by(np.repeat(policies, count, axis=0), keys, np.array([SECONDS]))
    return found.reshape(len(policies), count)


def shares_by(policies: Floats, keys: vacuum_kernel.Keys, times: NDArray[np.int64]) -> Floats:
    """Return the share of the dust that policies [N, 2] have collected by times in s, [N, K]."""
    return vacuum_kernel.collected(policies, keys, times) / DUST


def landscape(
    points: int, count: int, best_tries: int, generator: np.random.Generator
) -> Landscape:
    """Return the mean share of the dust at every combination of equally spaced genes."""
    policies = combinations(points, GENES)
    shares = tries(policies, count, generator)
    mean, square = shares.mean(axis=1), (points, points)
    best = policies[mean.argmax()]
    return Landscape(
        np.linspace(0, 1, points), mean.reshape(square), shares.std(axis=1, ddof=1).reshape(square),
        best, float(tries(best[None], best_tries, generator).mean()),
    )  # fmt: skip


def on_landscape(landscape: Landscape, policies: Floats) -> Floats:
    """Return mean shares by linear interpolation, [...]; NaN for a policy of NaN, [..., 2]."""
    last = len(landscape.axis) - 1
    known = np.asarray(~np.isnan(policies).any(axis=-1, keepdims=True))
    places = last * np.where(known, policies, 0)
    corner = np.minimum(places.astype(int), last - 1)
    (p, r), (i, j) = np.moveaxis(places - corner, -1, 0), np.moveaxis(corner, -1, 0)
    mean = landscape.mean
    at_p = (1 - r) * mean[i, j] + r * mean[i, j + 1]
    after_p = (1 - r) * mean[i + 1, j] + r * mean[i + 1, j + 1]
    return np.where(known[..., 0], (1 - p) * at_p + p * after_p, np.nan)


def landscape_table(landscape: Landscape) -> pd.DataFrame:
    """Return a row for each combination of p and r."""
    p, r = combinations(len(landscape.axis), GENES).T
    return pd.DataFrame({
        "p": p, "r": DEGREES * r, "share": landscape.mean.ravel(),
        "standard_deviation": landscape.standard_deviation.ravel(),
    })  # fmt: skip


def policy_table(landscape: Landscape, policies: Mapping[str, Floats]) -> pd.DataFrame:
    """Return a row for each named policy [2], with its mean share on the landscape."""
    genes = np.stack(list(policies.values()))
    shares = on_landscape(landscape, genes)
    return pd.DataFrame(
        {"policy": list(policies), "p": genes[:, 0], "r": DEGREES * genes[:, 1], "share": shares}
    )


def path_table(policy: Floats, key: np.uint64) -> pd.DataFrame:
    """Return a robot's places in 30 minutes, a row for the start and each second it moved.

    Columns: second, x and y in metres, and the share of the dust collected by then.
    """
    places, counts = vacuum_kernel.path(policy, key, SECONDS)
    moved = np.r_[True, (np.diff(places[:, :2], axis=0) != 0).any(axis=1)]
    x, y = places[moved, :2].T
    return pd.DataFrame(
        {"second": np.flatnonzero(moved), "x": x, "y": y, "share": counts[moved] / DUST}
    )
