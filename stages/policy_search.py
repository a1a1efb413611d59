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
from pydantic import Field

from reprise import capacity, seeds
from reprise.agents import neat, vacuum
from reprise.capacity import Need
from reprise.environments.specification import CHAPTERS_OWN
from reprise.environments.vacuum_room import ROOM
from reprise.hyperparameters import AtLeastTwo, Frozen, PositiveInt, Probability, Seed
from reprise.measures import training
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "policy_search"
NEAT = Path("data/inputs/neat.ini")
Tolerance = Annotated[float, Field(gt=0, lt=1)]  # relative to the best


class Policy(Frozen):
    """A policy to show with the best."""

    p: Probability
    r: Annotated[float, Field(ge=0, le=vacuum.DEGREES)]  # degrees


class Params(vacuum.Hyperparameters):
    """The section of params.yaml."""

    seed: Seed
    runs: AtLeastTwo
    pack_size: PositiveInt
    fresh_tries: PositiveInt
    tolerances: Annotated[tuple[Tolerance, ...], Field(strict=False, min_length=1)]
    landscape: vacuum.LandscapeGrid
    shown: Annotated[tuple[Policy, ...], Field(strict=False, min_length=3, max_length=3)]
    coverage: vacuum.Coverage
    neat: neat.Neat

    def needs(self) -> Iterator[Need]:
        """Yield the needs of the searches, of the tries that judge them, and of NEAT."""
        packed, records = self.runs // self.pack_size, self.evaluations // self.record_every
        yield capacity.memory("the list of packs", packed * capacity.PACK, self.given("runs"))
        given = self.given("evaluations", "record_every", "runs")
        yield capacity.memory("the recommended policies", 16 * records * self.runs, given)
        for size, *keys in (
            (16, "record_every"),
            (16 * self.grid.points, "grid.points"),
            (16, "genetic.survivors", "genetic.offspring"),
            (64, "gradient_ascent.repeats"),
            (24, "fresh_tries"),
            (24 * self.landscape.points, "landscape.points", "landscape.tries"),
            (24, "landscape.best_tries"),
            (24, "coverage.tries"),
        ):
            yield self.memory("the policies tried at once", size, *keys)
        yield self.work("the tries", "evaluations", "runs", nanoseconds=1_000)
        given, number = self.given("coverage.tries", "coverage.doublings"), self.coverage.tries
        yield capacity.work("the tries", 1_000 * number * 2**self.coverage.doublings, given)
        for what, size, key in (
            ("the genomes", capacity.SETTING, "neat.population"),
            ("the seeds of the episodes", 8, "neat.episodes"),
            ("the runs of NEAT", capacity.PACK, "neat.runs"),
            ("all episodes at once", capacity.ENVIRONMENT, "neat.evaluation.episodes"),
        ):
            yield self.memory(what, size, key)
        played = "neat.runs", "neat.population", "neat.episodes"
        yield self.work("the episodes of NEAT", *played, nanoseconds=1_000)


def search(params: Params, pack: packs.Pack) -> tuple[dict, list[neat.Evolution]]:
    """Return the searches of a pack's runs, and the pack's share of NEAT's runs."""
    first, end = (n * params.neat.runs // params.runs for n in (pack.first, pack.first + pack.size))
    return vacuum.search_all(params, params.seed, pack.seeds, params.fresh_tries), [
        neat.run(params.neat, NEAT, CHAPTERS_OWN, params.seed, run) for run in range(first, end)
    ]


def run(params: Params) -> dict[str, Any]:
    """Search in all runs, and judge the results on the landscape."""
    cut = packs.cut(params.runs, params.pack_size)
    found = packs.run(partial(search, params), cut, label=NAME)
    searched = vacuum.joined([part for part, _ in found])
    evolutions = [run for _, part in found for run in part]
    luck = partial(seeds.generator, params.seed)
    landscape = vacuum.landscape(params.landscape, luck("landscape"))
    shown = {"best": landscape.best}
    for n, policy in enumerate(params.shown, 1):
        shown[f"policy_{n}"] = np.array([policy.p, policy.r / vacuum.DEGREES])
    paths, coverages = {}, {}
    for n, (name, policy) in enumerate(shown.items()):
        paths[name] = vacuum.path_table(policy, luck("path", n))
        coverages[name] = vacuum.coverage_table(policy, params.coverage, luck("coverage", n))
    bred = neat.run_table(evolutions)
    returns = np.stack([run.returns for run in evolutions], axis=-1)  # [limits, E, R]
    every = params.record_every
    return {
        "metrics.json": {
            "runs": params.runs,
            "evaluations": params.evaluations,
            "best_share": landscape.best_share,
            **vacuum.quality(searched, landscape, params.tolerances, every, params.seed),
            "neat": {
                **{name: intervals.summary(bred[name]) for name in ("generations", "evaluations")},
                **training.evaluation(returns, params.neat.evaluation),
            },
            "room": ROOM._asdict() | {"dust": vacuum.DUST},
        },
        "landscape.csv": vacuum.landscape_table(landscape),
        "best_so_far.csv": vacuum.curve_table(searched, landscape, every),
        "samples.csv": vacuum.sample_table(searched),
        "shown.csv": vacuum.policy_table(landscape, shown),
        "paths.csv": vacuum.named(paths, "policy"),
        "coverage.csv": vacuum.named(coverages, "policy"),
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
