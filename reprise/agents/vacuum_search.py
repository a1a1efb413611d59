"""The chapter's vacuum robot, its policy searched for in several ways at equal cost.

A policy's score is the share of the dust that it collects in one try of 30 minutes: a noisy number,
and all that a search gets to see.

Axes: R runs, K records.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from reprise import seeds
from reprise.agents import policy_search
from reprise.agents.policy_search import Search
from reprise.agents.vacuum_policies import DEGREES, GENES, Floats, tries
from reprise.hyperparameters import Frozen, PositiveInt


class Hyperparameters(Frozen):
    """What the searches depend on."""

    evaluations: PositiveInt  # of every search
    record_every: (
        PositiveInt  # evaluations between two records, and a batch where a search has none
    )
    grid: policy_search.Grid
    genetic: policy_search.Genetic
    gradient_ascent: policy_search.GradientAscent

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        """Every search uses all evaluations, none more."""
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


class Searched(NamedTuple):
    """What a search recommends in each run."""

    policies: Floats  # after each record_every-th evaluation, [R, K, 2], NaN before it knows any
    believed: Floats  # the score on which the last recommendation rests, [R]
    shares: Floats  # the last recommendation's mean share of the dust in fresh tries, [R]


def searches(
    hyperparameters: Hyperparameters,
) -> dict[str, Callable[[np.random.Generator], Search]]:
    """Return every search by name, as a function of its generator."""
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
    """Search in each run by each search; none depends on another.

    Args:
        hyperparameters: of the searches.
        seed: the experiment's.
        runs: their numbers, [R].
        fresh_tries: by which the last recommendation of each run is judged.
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
    """Return the searches of several packs' runs as those of one."""
    return {
        name: Searched(*map(np.concatenate, zip(*(part[name] for part in parts), strict=True)))
        for name in parts[0]
    }


def sample_table(searched: dict[str, Searched]) -> pd.DataFrame:
    """Return a row for each search and run: the last recommendation, believed and found share."""
    tables = [
        pd.DataFrame({
            "search": name, "run": range(len(found.shares)), "p": found.policies[:, -1, 0],
            "r": DEGREES * found.policies[:, -1, 1], "believed": found.believed,
            "share": found.shares,
        })
        for name, found in searched.items()
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)
