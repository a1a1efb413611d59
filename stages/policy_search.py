"""Searches for the vacuum robot's policy, and NEAT on CartPole.

Reads params.yaml and data/inputs/neat.ini. Writes to data/policy_search/:
    metrics.json      how good and how fast each search is, comparisons, NEAT on CartPole
    landscape.csv     the mean share of the dust for every p and r
    best_so_far.csv   quantiles over seeds of the recommended policy's share, by evaluations
    samples.csv       the last recommendation of each seed and search
    shown.csv, paths.csv, coverage.csv   four policies, their paths, their share of the dust by time
    neat.csv          a row for each seed of NEAT
    neat_fitness.csv  best and mean fitness in each generation of NEAT

A recommended policy's share of the dust comes from tries that no search saw: fresh tries of each
seed for the last recommendation, the landscape for the others.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from reprise import hyperparameters as kinds
from reprise import seeds
from reprise.agents import neat, vacuum
from reprise.environments.specification import CHAPTERS_OWN
from reprise.environments.vacuum_room import ROOM
from reprise.measures import training
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "policy_search"
NEAT = Path("data/inputs/neat.ini")


class Policy(kinds.Frozen):
    """A policy that is shown with the best one."""

    p: kinds.Probability
    r: Annotated[float, Field(ge=0, le=vacuum.DEGREES)]  # degrees


class Params(vacuum.Hyperparameters):
    """The section of params.yaml."""

    seed: kinds.Seed
    seeds: kinds.AtLeastTwo
    pack_size: kinds.PositiveInt
    fresh_tries: kinds.PositiveInt
    tolerances: kinds.Some[kinds.Fraction]  # relative to the best
    landscape: vacuum.LandscapeGrid
    shown: Annotated[tuple[Policy, ...], Field(strict=False, min_length=3, max_length=3)]
    coverage: vacuum.Coverage
    neat: neat.Neat


def search(params: Params, pack: packs.Pack) -> tuple[dict, list[neat.Evolution]]:
    """Run a pack's searches, and its share of NEAT's seeds."""
    found = vacuum.search_all(params, params.seed, pack.seeds, params.fresh_tries)
    ends = pack.first, pack.first + pack.size
    first, end = (n * params.neat.seeds // params.seeds for n in ends)
    bred = [neat.run(params.neat, NEAT, CHAPTERS_OWN, params.seed, n) for n in range(first, end)]
    return found, bred


def run(params: Params) -> dict:
    """Search with all seeds, and judge the policies found."""
    cut = packs.cut(params.seeds, params.pack_size)
    found, bred = zip(*packs.run(partial(search, params), cut, label=NAME), strict=True)
    searched, evolutions = vacuum.joined(found), [each for part in bred for each in part]
    luck, every = partial(seeds.generator, params.seed), params.record_every
    landscape = vacuum.landscape(params.landscape, luck("landscape"))
    shown = {"best": landscape.best} | {
        f"policy_{n}": np.array([policy.p, policy.r / vacuum.DEGREES])
        for n, policy in enumerate(params.shown, 1)
    }
    paths, coverages = {}, {}
    for n, (name, policy) in enumerate(shown.items()):
        paths[name] = vacuum.path_table(policy, luck("path", n))
        coverages[name] = vacuum.coverage_table(policy, params.coverage, luck("coverage", n))
    winners = neat.winner_table(evolutions)
    returns = np.stack([each.returns for each in evolutions], axis=-1)  # [limits, E, N]
    return {
        "metrics.json": {
            "seeds": params.seeds,
            "evaluations": params.evaluations,
            "best_share": landscape.best_share,
            **vacuum.quality(searched, landscape, params.tolerances, every),
            "neat": {
                "generations": intervals.summary(winners["generations"]),
                "evaluations": intervals.summary(winners["evaluations"]),
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
        "neat.csv": winners,
        "neat_fitness.csv": neat.fitness_table(evolutions),
    }


def headline(results: dict) -> str:
    """Report each search's share of the dust, and NEAT's success."""
    metrics = results["metrics.json"]
    searches = ("grid", "random", "genetic_sexual", "gradient_ascent")
    means = {name: metrics["final"][name]["mean"]["estimate"] for name in searches}
    final = ", ".join(f"{name.partition('_')[0]} {mean:.1%}" for name, mean in means.items())
    neat = next(found for name, found in metrics["neat"].items() if name.startswith("limit_"))
    return (
        f"the best policy cleans {metrics['best_share']:.1%} of the dust; after "
        f"{metrics['evaluations']} tries {final}; "
        f"NEAT solves CartPole in {neat['solved']['estimate']:.0%} of {neat['solved']['n']} seeds"
    )


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
