"""Searches for policies by trying them: the vacuum robot's, and CartPole's by NEAT.

Reads: params.yaml, data/inputs/neat.ini.
Writes to data/policy_search/:
    metrics.json     how good each search is at the end and how soon, comparisons of searches,
                     NEAT on CartPole
    landscape.csv    the mean share of the dust for every combination of p and r
    best_so_far.csv  quantiles over runs of the recommended policy's mean share, by evaluations
    samples.csv      a row for each run and search: the last recommendation
    shown.csv        the four policies of the next two
    paths.csv        the paths of four robots, a row for each place
    coverage.csv     the share of the dust collected as time grows, by policy
    neat.csv         a row for each run of NEAT
    neat_fitness.csv best and mean fitness in each generation of each run

Tries that no search saw give the share of a recommended policy: fresh tries of each run for the
last one, the landscape for the others.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from reprise import capacity, seeds
from reprise.agents import neat, vacuum_policies, vacuum_search
from reprise.agents.vacuum_policies import DEGREES, DUST
from reprise.agents.vacuum_search import Searched
from reprise.capacity import Need
from reprise.environments.vacuum_kernel import draw_keys
from reprise.environments.vacuum_room import ROOM
from reprise.hyperparameters import AtLeastTwo, Frozen, PositiveInt, Probability, Seed
from reprise.measures import training
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "policy_search"
CARTPOLE, NEAT = "CartPole-v1", Path("data/inputs/neat.ini")
Tolerance = Annotated[float, Field(gt=0, lt=1)]  # relative to the best


class Policy(Frozen):
    """A policy to show with the best."""

    p: Probability
    r: Annotated[float, Field(ge=0, le=DEGREES)]  # degrees


class Params(vacuum_search.Hyperparameters):
    """The section of params.yaml."""

    seed: Seed
    runs: AtLeastTwo
    pack_size: PositiveInt
    fresh_tries: PositiveInt
    tolerances: Annotated[tuple[Tolerance, ...], Field(strict=False, min_length=1)]
    landscape: vacuum_policies.LandscapeGrid
    shown: Annotated[tuple[Policy, ...], Field(strict=False, min_length=3, max_length=3)]
    coverage: vacuum_policies.Coverage
    neat: neat.Neat

    def needs(self) -> Iterator[Need]:
        """Yield the needs of the searches, of the tries that judge them, and of NEAT."""
        packed = self.runs // self.pack_size * capacity.PACK
        yield capacity.memory("the list of packs", packed, {"runs": self.runs})
        yield from self.needs_for(self.runs)
        grid = self.landscape
        for number, given in (
            (self.fresh_tries, {"fresh_tries": self.fresh_tries}),
            (
                grid.points**2 * grid.tries,
                {"landscape.points": grid.points, "landscape.tries": grid.tries},
            ),
            (grid.best_tries, {"landscape.best_tries": grid.best_tries}),
            (self.coverage.tries, {"coverage.tries": self.coverage.tries}),
        ):
            yield capacity.memory("the policies tried at once", 24 * number, given)
        yield from self.coverage.needs_for("coverage")
        yield from self.neat.needs()


Found = tuple[dict[str, Searched], list[neat.Evolution]]


def search(params: Params, pack: packs.Pack) -> Found:
    """Return the searches of a pack's runs, and the pack's share of NEAT's runs."""
    searched = vacuum_search.search_all(params, params.seed, pack.seeds, params.fresh_tries)
    first, end = (
        number * params.neat.runs // params.runs for number in (pack.first, pack.first + pack.size)
    )
    return searched, [
        neat.run(params.neat, NEAT, CARTPOLE, params.seed, run) for run in range(first, end)
    ]


def run(params: Params) -> dict[str, Any]:
    """Search in all runs, and judge the results on the landscape."""
    cut = packs.cut(params.runs, params.pack_size)
    found = packs.run(partial(search, params), cut, label=NAME)
    searched = vacuum_search.joined([part for part, _ in found])
    luck = partial(seeds.generator, params.seed)
    landscape = vacuum_policies.landscape(params.landscape, luck("landscape"))
    shown = {"best": landscape.best} | {
        f"policy_{n}": np.array([policy.p, policy.r / DEGREES])
        for n, policy in enumerate(params.shown, 1)
    }
    paths, coverages = {}, {}
    for n, (name, policy) in enumerate(shown.items()):
        (key,) = draw_keys(luck("path", n), 1)
        paths[name] = vacuum_policies.path_table(policy, key)
        coverages[name] = vacuum_policies.coverage_table(
            policy, params.coverage, luck("coverage", n)
        )
    evolutions = [run for _, part in found for run in part]
    evaluation = params.neat.evaluation
    bred = neat.run_table(evolutions, evaluation.limits)
    returns = np.stack([run.returns for run in evolutions], axis=-1)  # [limits, E, R]
    every = params.record_every
    return {
        "metrics.json": {
            "runs": params.runs,
            "evaluations": params.evaluations,
            "best_share": landscape.best_share,
            **vacuum_search.quality(searched, landscape, params.tolerances, every, params.seed),
            "neat": {
                **{name: intervals.summary(bred[name]) for name in ("generations", "evaluations")},
                **training.evaluation(returns, evaluation.limits, evaluation.solved_share),
            },
            "room": ROOM._asdict() | {"dust": DUST},
        },
        "landscape.csv": vacuum_policies.landscape_table(landscape),
        "best_so_far.csv": vacuum_search.curve_table(searched, landscape, every),
        "samples.csv": vacuum_search.sample_table(searched),
        "shown.csv": vacuum_policies.policy_table(landscape, shown),
        "paths.csv": pd.concat(paths, names=["policy"]).reset_index("policy"),
        "coverage.csv": pd.concat(coverages, names=["policy"]).reset_index("policy"),
        "neat.csv": bred,
        "neat_fitness.csv": neat.fitness_table(evolutions),
    }


def headline(results: dict[str, Any]) -> str:
    """Return the shares of dust of the kinds of search, the best share, and NEAT's result."""
    metrics = results["metrics.json"]
    final = ", ".join(
        f"{name.partition('_')[0]} {metrics['final'][name]['mean']:.1%}"
        for name in ("grid", "random", "genetic_sexual", "gradient_ascent")
    )
    neat = next(found for name, found in metrics["neat"].items() if name.startswith("limit_"))
    return (
        f"{metrics['best_share']:.1%} of the dust at best; after {metrics['evaluations']} tries "
        f"{final}; NEAT solves CartPole in {neat['solved']:.0%} of {neat['n']} runs"
    )


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
