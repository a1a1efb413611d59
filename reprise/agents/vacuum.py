"""Policy searches for the chapter's vacuum robot, at equal cost.

A policy has two genes from 0 to 1: p, the probability to move forward in a second, and r, the range
of the random turns in half turns (in degrees in the tables). Its score is the share of the dust
that it collects in one try of 30 minutes. A search knows only these noisy scores. The policies that
it recommends are then judged by tries that it never saw: fresh ones, or those of the landscape.

Axes: N seeds, B policies, K records or times, P points of an axis.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from reprise import seeds
from reprise.agents import policy_search
from reprise.agents.policy_search import Floats, combinations
from reprise.environments import vacuum_room
from reprise.environments.vacuum_room import SECONDS, dust_at_start
from reprise.hyperparameters import AtLeastTwo, Frozen, PositiveInt
from reprise.stats import intervals
from reprise.tabular import settling

GENES = 2
DEGREES = 180  # in a half turn
DUST = int(dust_at_start().sum())  # specks

# The simpler search with which each search after the first is compared.
SIMPLER = ("grid", "random", "genetic_asexual", "genetic_sexual", "random")


class Hyperparameters(Frozen):
    """The hyperparameters of all searches."""

    evaluations: PositiveInt  # of every search
    record_every: PositiveInt  # evaluations between records, and in a batch of grid and random
    grid: policy_search.Grid
    genetic: policy_search.Genetic
    gradient_ascent: policy_search.GradientAscent

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        for name, batch in (
            ("record_every", self.record_every),
            ("generations", self.genetic.population),
            ("gradient steps", 2 * GENES * self.gradient_ascent.repeats),
        ):
            if self.evaluations % batch:
                allowed = f"allowed: a multiple of {batch}, as the {name} take {batch} each"
                raise ValueError(f"evaluations is {self.evaluations}; {allowed}")
        return self


class LandscapeGrid(Frozen):
    """Numbers of grid points and of tries for the landscape."""

    points: AtLeastTwo  # of each axis
    tries: AtLeastTwo
    best_tries: PositiveInt  # further tries of the best policy


class Coverage(Frozen):
    """Tries of one policy for longer and longer."""

    tries: AtLeastTwo
    doublings: Annotated[int, Field(ge=0, le=16)]  # of the 30 minutes


class Searched(NamedTuple):
    """The recommendations of a search with each seed."""

    policies: Floats  # recommended at each record, NaN before the first, [N, K, 2]
    believed: Floats  # score of the last recommendation, as the search estimates it, [N]
    shares: Floats  # mean share of the dust of the last recommendation, in fresh tries, [N]


class Landscape(NamedTuple):
    """Mean shares of the dust over a grid of policies."""

    mean: Floats  # [P, P], p by r
    standard_deviation: Floats  # of a single try, [P, P]
    best: Floats  # the policy with the highest mean, [2]
    best_share: float  # its mean in further tries


def searches(h: Hyperparameters) -> dict[str, Callable[..., policy_search.Search]]:
    """Return functions that start a search with a generator."""
    pure = h.genetic.model_copy(update={"weak_survivors": 0})
    return {
        "grid": lambda _: policy_search.grid_search(h.grid, GENES, h.record_every),
        "random": partial(policy_search.random_search, GENES, h.record_every),
        "genetic_asexual": partial(policy_search.genetic_search, pure, 1, GENES),
        "genetic_sexual": partial(policy_search.genetic_search, pure, 2, GENES),
        "genetic_diverse": partial(policy_search.genetic_search, h.genetic, 2, GENES),
        "gradient_ascent": partial(policy_search.gradient_ascent, h.gradient_ascent, GENES),
    }


def tries(
    policies: Floats, count: int, generator: np.random.Generator, times: Sequence[int] = (SECONDS,)
) -> Floats:
    """Measure shares of the dust by time [B, count, K]."""
    keys = vacuum_room.draw_keys(generator, len(policies) * count)
    specks = vacuum_room.collected(np.repeat(policies, count, axis=0), keys, np.array(times))
    return specks.reshape(len(policies), count, len(times)) / DUST


def search_all(
    h: Hyperparameters, seed: int, numbers: Iterable[int], fresh_tries: int
) -> dict[str, Searched]:
    """Run every search with random numbers of its own.

    `seed` is the experiment's, `numbers` are those of its seeds. Fresh tries judge the last
    recommendation of each.
    """
    none, results = np.full(GENES, np.nan), {}
    for name, start in searches(h).items():
        generator, rows = partial(seeds.generator, seed, name), []
        for number in numbers:
            search, tried = start(generator("search", number)), generator("tries", number)
            records = policy_search.run(
                search,
                lambda policies, tried=tried: tries(policies, 1, tried)[:, 0, 0],
                h.evaluations,
                h.record_every,
            )
            last = records[-1]
            assert last
            policies = [record.policy if record else none for record in records]
            share = tries(last.policy[None], fresh_tries, generator("fresh tries", number)).mean()
            rows.append((policies, last.score, share))
        results[name] = Searched(*map(np.array, zip(*rows, strict=True)))
    return results


def joined(parts: Sequence[Mapping[str, Searched]]) -> dict[str, Searched]:
    """Join the searches of several packs."""
    return {
        name: Searched(*map(np.concatenate, zip(*(part[name] for part in parts), strict=True)))
        for name in parts[0]
    }


def landscape(grid: LandscapeGrid, generator: np.random.Generator) -> Landscape:
    """Try a grid of policies, and the best one again."""
    policies, square = combinations(grid.points, GENES), (grid.points, grid.points)
    shares = tries(policies, grid.tries, generator)[..., 0]
    mean, deviation = shares.mean(axis=1).reshape(square), shares.std(axis=1, ddof=1)
    best = policies[mean.argmax()]
    again = float(tries(best[None], grid.best_tries, generator).mean())
    return Landscape(mean, deviation.reshape(square), best, again)


def on_landscape(landscape: Landscape, policies: Floats) -> Floats:
    """Interpolate the mean shares [...] of policies [..., 2] linearly.

    A policy of NaN has the share NaN.
    """
    mean, last = landscape.mean, len(landscape.mean) - 1
    known = np.asarray(~np.isnan(policies).any(axis=-1, keepdims=True))
    places = last * np.where(known, policies, 0)
    corner = np.minimum(places.astype(int), last - 1)
    (p, r), (i, j) = np.moveaxis(places - corner, -1, 0), np.moveaxis(corner, -1, 0)
    at_p = (1 - r) * mean[i, j] + r * mean[i, j + 1]
    after_p = (1 - r) * mean[i + 1, j] + r * mean[i + 1, j + 1]
    return np.where(known[..., 0], (1 - p) * at_p + p * after_p, np.nan)


def quality(
    searched: Mapping[str, Searched],
    landscape: Landscape,
    tolerances: Sequence[float],
    every: int,
) -> dict[str, dict[str, Any]]:
    """Summarize how well and how soon each search does.

    Near means within a relative tolerance of the best share. `every` is the number of evaluations
    between records.
    """
    final, reached, compared = {}, {}, {}
    for name, found in searched.items():
        final[name] = intervals.summary(found.shares) | {"believed": float(found.believed.mean())}
        best, shares = landscape.best_share, on_landscape(landscape, found.policies)
        known = np.minimum(np.nan_to_num(shares), best)  # a higher share counts as the best
        reached[name] = {}
        for tolerance in tolerances:
            settled = settling.settling_iterations(known, best, tolerance, every)
            never = intervals.share_interval(int(np.isnan(settled).sum()), len(settled))
            quantiles = settling.settling_quantiles(settled)
            reached[name][settling.within(tolerance)] = {**quantiles, "never": never.entry()}
    for name, other in zip(list(searched)[1:], SIMPLER, strict=True):
        pair = searched[name].shares, searched[other].shares
        compared[f"{name}_less_{other}"] = {
            "difference": intervals.difference_of_means(*pair).entry(),
            "improvement": intervals.probability_of_improvement(*pair).entry(),
        }
    return {"final": final, "reached": reached, "compared": compared}


def named(tables: Mapping[str, pd.DataFrame], column: str) -> pd.DataFrame:
    """Join tables, with their names in the first column."""
    return pd.concat(tables, names=[column]).reset_index(column)


def genes(policies: Floats) -> dict[str, Floats]:
    """Return p and r, in degrees, as columns."""
    return {"p": policies[:, 0], "r": DEGREES * policies[:, 1]}


def sample_table(searched: Mapping[str, Searched]) -> pd.DataFrame:
    """List each search's last recommendation and its share, by seed."""
    tables = {
        name: pd.DataFrame({**genes(policies[:, -1]), "believed": believed, "share": shares})
        for name, (policies, believed, shares) in searched.items()
    }
    return pd.concat(tables, names=["search", "seed"]).reset_index()


def curve_table(searched: Mapping[str, Searched], landscape: Landscape, every: int) -> pd.DataFrame:
    """Compute quantiles of the recommended shares, by search and evaluations."""
    curves = {}
    for name, found in searched.items():
        shares = on_landscape(landscape, found.policies)
        recorded = np.flatnonzero(~np.isnan(shares).any(axis=0))
        quantiles = settling.curve_quantiles(shares[:, recorded])
        curves[name] = pd.DataFrame({"evaluations": every * (1 + recorded), **quantiles})
    return named(curves, "search")


def landscape_table(landscape: Landscape) -> pd.DataFrame:
    """List the mean share by p and r."""
    mean, deviation, *_ = landscape
    columns = {"share": mean.ravel(), "standard_deviation": deviation.ravel()}
    return pd.DataFrame({**genes(combinations(len(mean), GENES)), **columns})


def policy_table(landscape: Landscape, policies: Mapping[str, Floats]) -> pd.DataFrame:
    """List named policies with their mean shares on the landscape."""
    stacked = np.stack(list(policies.values()))
    columns = {**genes(stacked), "share": on_landscape(landscape, stacked)}
    return pd.DataFrame({"policy": list(policies), **columns})


def path_table(policy: Floats, generator: np.random.Generator) -> pd.DataFrame:
    """Follow one robot: its place in m after each move."""
    (key,) = vacuum_room.draw_keys(generator, 1)
    places, counts = vacuum_room.path(policy, key, SECONDS)
    path = pd.DataFrame({"x": places[:, 0], "y": places[:, 1], "share": counts / DUST})
    moved = path[["x", "y"]].diff().ne(0).any(axis=1)
    return path[moved].rename_axis("second").reset_index()


def coverage_table(
    policy: Floats, coverage: Coverage, generator: np.random.Generator
) -> pd.DataFrame:
    """Compute mean shares and complete tries as time doubles."""
    times = [int(SECONDS * 2.0**n) for n in range(-4, coverage.doublings + 1)]
    shares = tries(policy[None], coverage.tries, generator, times)[0]
    means = [intervals.mean_interval(at_time)[:3] for at_time in shares.T]
    table = pd.DataFrame(means, columns=pd.Index(["share", "low", "high"]))
    table.insert(0, "minutes", np.array(times) / 60)
    return table.assign(complete=(shares == 1).mean(axis=0))
