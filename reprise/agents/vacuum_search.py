"""Searches for a policy of the chapter's vacuum robot, at equal cost.

The score of a policy is its share of the dust in one try of 30 minutes: a noisy number, and the
only information of a search. A search is judged by tries that it never saw.

Axes: R runs, K records.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from reprise import capacity, seeds
from reprise.agents import policy_search
from reprise.agents.policy_search import Search
from reprise.agents.vacuum_policies import (
    DEGREES,
    GENES,
    Floats,
    Landscape,
    on_landscape,
    tries,
)
from reprise.hyperparameters import Frozen, PositiveInt
from reprise.stats import intervals
from reprise.tabular.settling import (
    curve_quantiles,
    settling_iterations,
    settling_quantiles,
    within,
)

# Each search, and the simpler one to compare it with.
COMPARED = {
    "random": "grid",
    "genetic_asexual": "random",
    "genetic_sexual": "genetic_asexual",
    "genetic_diverse": "genetic_sexual",
    "gradient_ascent": "random",
}


class Hyperparameters(Frozen):
    """The hyperparameters of all searches."""

    evaluations: PositiveInt  # of every search
    record_every: PositiveInt  # evaluations between records, and in a batch of grid or random
    grid: policy_search.Grid
    genetic: policy_search.Genetic
    gradient_ascent: policy_search.GradientAscent

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        """Check that the batches of every search add up to the evaluations."""
        for name, batch in (
            ("record_every", self.record_every),
            ("generations", self.genetic.population),
            ("gradient steps", 2 * GENES * self.gradient_ascent.repeats),
        ):
            if self.evaluations % batch:
                raise ValueError(
                    f"evaluations is {self.evaluations}; allowed: a multiple of {batch}, as the "
                    f"{name} take {batch} each"
                )
        return self

    def needs_for(self, runs: int) -> Iterator[capacity.Need]:
        """Yield the needs of so many runs; a policy is two numbers."""
        many, every = {"runs": runs}, {"record_every": self.record_every}
        tried = {"evaluations": self.evaluations}
        recommended = 16 * (self.evaluations // self.record_every) * runs
        yield capacity.memory("the recommended policies", recommended, tried | every | many)
        yield capacity.work("the tries", capacity.product(tried, many), tried | many, 1_000)
        genetic, repeats = self.genetic, self.gradient_ascent.repeats
        bred = {"survivors": genetic.survivors, "offspring": genetic.offspring}
        for size, given in (
            (16 * self.record_every, every),
            (16 * self.grid.points**2, {"grid.points": self.grid.points}),
            (16 * genetic.population, {f"genetic.{name}": value for name, value in bred.items()}),
            (64 * repeats, {"gradient_ascent.repeats": repeats}),
        ):
            yield capacity.memory("the policies tried at once", size, given)


class Searched(NamedTuple):
    """The recommendations of a search in each run."""

    policies: Floats  # after each record_every-th evaluation, [R, K, 2], NaN before the first
    believed: Floats  # the score behind the last recommendation, [R]
    shares: Floats  # the last recommendation's mean share of the dust in fresh tries, [R]


def searches(
    hyperparameters: Hyperparameters,
) -> dict[str, Callable[[np.random.Generator], Search]]:
    """Return a function from a generator to a search, by the name of the search."""
    h, batch = hyperparameters, hyperparameters.record_every
    pure = h.genetic.model_copy(update={"weak_survivors": 0})

    def genetic(
        genetic: policy_search.Genetic, parents: int
    ) -> Callable[[np.random.Generator], Search]:
        return lambda generator: policy_search.genetic_search(genetic, parents, GENES, generator)

    return {
        "grid": lambda _: policy_search.grid_search(h.grid, GENES, batch),
        "random": lambda generator: policy_search.random_search(GENES, batch, generator),
        "genetic_asexual": genetic(pure, 1),
        "genetic_sexual": genetic(pure, 2),
        "genetic_diverse": genetic(h.genetic, 2),
        "gradient_ascent": lambda generator: policy_search.gradient_ascent(
            h.gradient_ascent, GENES, generator
        ),
    }


def search_all(
    hyperparameters: Hyperparameters, seed: int, runs: Iterable[int], fresh_tries: int
) -> dict[str, Searched]:
    """Run every search with its own random numbers in each run.

    Args:
        hyperparameters: of the searches.
        seed: the experiment's.
        runs: their numbers, [R].
        fresh_tries: that judge the last recommendation of each run.
    """
    results = {}
    for name, begin in searches(hyperparameters).items():
        policies, believed, shares = [], [], []
        for run in runs:
            luck = seeds.generator(seed, name, "tries", run)
            recommended = policy_search.run(
                begin(seeds.generator(seed, name, "search", run)),
                lambda policies, luck=luck: tries(policies, 1, luck)[:, 0],
                hyperparameters.evaluations,
                hyperparameters.record_every,
            )
            last = recommended[-1]
            assert last is not None
            fresh = seeds.generator(seed, name, "fresh tries", run)
            none = np.full(GENES, np.nan)
            policies.append([none if r is None else r.policy for r in recommended])
            believed.append(last.score)
            shares.append(tries(last.policy[None], fresh_tries, fresh).mean())
        results[name] = Searched(np.array(policies), np.array(believed), np.array(shares))
    return results


def joined(parts: Sequence[dict[str, Searched]]) -> dict[str, Searched]:
    """Join the searches of several packs."""
    return {
        name: Searched(*map(np.concatenate, zip(*(part[name] for part in parts), strict=True)))
        for name in parts[0]
    }


def sample_table(searched: dict[str, Searched]) -> pd.DataFrame:
    """Return a row for each search and run: the last recommendation and its shares."""
    tables = [
        pd.DataFrame(
            {
                "search": name,
                "run": range(len(found.shares)),
                "p": found.policies[:, -1, 0],
                "r": DEGREES * found.policies[:, -1, 1],
                "believed": found.believed,
                "share": found.shares,
            }
        )
        for name, found in searched.items()
    ]
    return pd.concat(tables, ignore_index=True)


def quality(
    searched: dict[str, Searched],
    landscape: Landscape,
    tolerances: Sequence[float],
    every: int,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Return how good each search is at the end, how soon it is good, and comparisons.

    Args:
        searched: the results of each search.
        landscape: the mean share of every policy.
        tolerances: relative distances from the best share that count as near.
        every: evaluations between two records.
        seed: of the bootstraps.
    """
    final, soon, compared = {}, {}, {}
    for name, found in searched.items():
        final[name] = intervals.summary(found.shares) | {"believed": float(found.believed.mean())}
        best, shares = landscape.best_share, on_landscape(landscape, found.policies)
        known = np.minimum(np.nan_to_num(shares), best)  # above the best is as near as can be
        soon[name] = {}
        for tolerance in tolerances:
            settled = settling_iterations(known, best, tolerance, every)
            never = intervals.wilson_interval(int(np.isnan(settled).sum()), len(settled))
            soon[name][within(tolerance)] = {**settling_quantiles(settled), "never": never}
    for name, other in COMPARED.items():
        pair = searched[name].shares, searched[other].shares
        compared[f"{name}_less_{other}"] = {
            "difference": intervals.difference_of_means(*pair),
            "improvement": intervals.probability_of_improvement(*pair, seed=seed),
        }
    return {"final": final, "reached": soon, "compared": compared}


def curve_table(searched: dict[str, Searched], landscape: Landscape, every: int) -> pd.DataFrame:
    """Return quantiles over runs of the recommended policy's share, by evaluations."""
    curves = {}
    for name, found in searched.items():
        shares = on_landscape(landscape, found.policies)
        recorded = ~np.isnan(shares).any(axis=0)
        evaluations = every * (1 + np.flatnonzero(recorded))
        quantiles = curve_quantiles(shares[:, recorded])
        curves[name] = pd.DataFrame({"evaluations": evaluations, **quantiles})
    return pd.concat(curves, names=["search"]).reset_index("search")
