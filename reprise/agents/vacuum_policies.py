"""Policies of the chapter's vacuum robot: the dust they collect, and their paths.

A policy has two genes in [0, 1]: p, the probability to move forward in a second, and r, the range
of the random turns in half turns. Tables give r in degrees.

Axes: N policies, K times, P points of an axis.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from reprise import capacity
from reprise.agents.policy_search import combinations
from reprise.environments import vacuum_kernel
from reprise.environments.vacuum_room import ROOM, SECONDS, dust_at_start
from reprise.hyperparameters import AtLeastTwo, Frozen, PositiveInt
from reprise.stats import intervals

Floats = NDArray[np.float64]

GENES = 2
DEGREES = 180  # in a half turn
DUST = int(dust_at_start(ROOM).sum())  # specks


class LandscapeGrid(Frozen):
    """The grid of policies, and the tries of each."""

    points: AtLeastTwo  # of each axis
    tries: AtLeastTwo
    best_tries: PositiveInt  # further tries of the best policy


class Coverage(Frozen):
    """The length of tries that show the growth of the collected dust with time."""

    tries: AtLeastTwo
    doublings: Annotated[int, Field(ge=0, le=16)]  # of the 30 minutes

    def needs_for(self, key: str) -> Iterator[capacity.Need]:
        """Yield the time of the tries; `key` is the section of these parameters."""
        given = {f"{key}.{name}": value for name, value in self}
        yield capacity.work("the tries", self.tries * 2**self.doublings, given, 1_000)


class Landscape(NamedTuple):
    """The mean share of the dust over a grid of policies."""

    axis: Floats  # of both genes, [P]
    mean: Floats  # [P, P], p by r
    standard_deviation: Floats  # of a single try, [P, P]
    best: Floats  # the policy with the highest mean, [2]
    best_share: float  # its mean in further tries


def tries(policies: Floats, count: int, generator: np.random.Generator) -> Floats:
    """Return each policy's share of the dust in each try of 30 minutes, [N, count].

    Args:
        policies: p and r, [N, 2].
        count: of tries.
        generator: of all random numbers.
    """
    keys = vacuum_kernel.draw_keys(generator, len(policies) * count)
    found = shares_by(np.repeat(policies, count, axis=0), keys, np.array([SECONDS]))
    return found.reshape(len(policies), count)


def shares_by(policies: Floats, keys: vacuum_kernel.Keys, times: NDArray[np.int64]) -> Floats:
    """Return the share of the dust that policies [N, 2] collect by some times in s, [N, K]."""
    return vacuum_kernel.collected(policies, keys, times) / DUST


def landscape(grid: LandscapeGrid, generator: np.random.Generator) -> Landscape:
    """Return the mean share of the dust at every combination of equally spaced genes."""
    policies, square = combinations(grid.points, GENES), (grid.points, grid.points)
    shares = tries(policies, grid.tries, generator)
    mean, deviation = shares.mean(axis=1), shares.std(axis=1, ddof=1)
    best = policies[mean.argmax()]
    again = tries(best[None], grid.best_tries, generator)
    return Landscape(
        np.linspace(0, 1, grid.points),
        mean.reshape(square),
        deviation.reshape(square),
        best,
        float(again.mean()),
    )


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
    shares = {"share": landscape.mean, "standard_deviation": landscape.standard_deviation}
    flat = {name: values.ravel() for name, values in shares.items()}
    return pd.DataFrame({"p": p, "r": DEGREES * r, **flat})


def policy_table(landscape: Landscape, policies: Mapping[str, Floats]) -> pd.DataFrame:
    """Return a row for each named policy [2], with its mean share on the landscape."""
    genes = np.stack(list(policies.values()))
    shares = on_landscape(landscape, genes)
    return pd.DataFrame(
        {"policy": list(policies), "p": genes[:, 0], "r": DEGREES * genes[:, 1], "share": shares}
    )


def path_table(policy: Floats, key: np.uint64) -> pd.DataFrame:
    """Return a robot's path in 30 minutes, a row for the start and each second with a move.

    Columns: second, x and y in metres, and the share of the dust collected so far.
    """
    places, counts = vacuum_kernel.path(policy, key, SECONDS)
    moved = np.r_[True, (np.diff(places[:, :2], axis=0) != 0).any(axis=1)]
    x, y = places[moved, :2].T
    return pd.DataFrame(
        {"second": np.flatnonzero(moved), "x": x, "y": y, "share": counts[moved] / DUST}
    )


def coverage_table(
    policy: Floats, coverage: Coverage, generator: np.random.Generator
) -> pd.DataFrame:
    """Return the collected share of the dust as time doubles, and the share of complete tries."""
    shorter = [SECONDS // 2**n for n in range(4, 0, -1)]
    times = np.array(shorter + [SECONDS * 2**n for n in range(coverage.doublings + 1)])
    keys = vacuum_kernel.draw_keys(generator, coverage.tries)
    shares = shares_by(np.tile(policy, (len(keys), 1)), keys, times)
    means = [intervals.mean_interval(at_time)[:3] for at_time in shares.T]
    table = pd.DataFrame(means, columns=pd.Index(["share", "low", "high"]))
    table.insert(0, "minutes", times / 60)
    return table.assign(complete=(shares == 1).mean(axis=0))
