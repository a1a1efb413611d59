"""Searches for policies without gradients of a model: the vacuum robot's, and CartPole's by NEAT.

Reads: params.yaml, data/inputs/neat.ini.
Writes to data/policy_search/:
    metrics.json     how good each search's last recommendation is, how soon it is near the best,
                     searches compared, the floor reached as time grows, NEAT on CartPole
    landscape.csv    the mean share of the dust for every combination of p and r
    best_so_far.csv  quantiles over runs of the recommended policy's mean share, by evaluations
    samples.csv      a row for each run and search: the policy recommended in the end
    shown.csv        the four policies of the next two
    paths.csv        where four robots were, a row for each place
    coverage.csv     the share of the dust collected as time grows, by policy
    neat.csv         a row for each run of NEAT
    neat_fitness.csv best and mean fitness in each generation of each run

The share of a recommended policy comes from tries that no search saw: at the end from fresh ones of
each run, on the way from the landscape.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from reprise import capacity, seeds
from reprise.agents import neat, vacuum_policies, vacuum_search
from reprise.agents.vacuum_policies import DEGREES, DUST, Floats, Landscape
from reprise.agents.vacuum_search import Searched
from reprise.capacity import Need
from reprise.environments.vacuum_kernel import draw_keys
from reprise.environments.vacuum_room import ROOM, SECONDS
from reprise.hyperparameters import Frozen, PositiveInt, Probability, Seed
from reprise.measures import training
from reprise.pipeline import packs, stage
from reprise.stats import intervals
from reprise.tabular.settling import (
    curve_quantiles,
    settling_iterations,
    settling_quantiles,
    within,
)

NAME = "policy_search"
CARTPOLE, NEAT = "CartPole-v1", Path("data/inputs/neat.ini")
COMPARED = {
    "random": "grid",
    "genetic_asexual": "random",
    "genetic_sexual": "genetic_asexual",
    "genetic_diverse": "genetic_sexual",
    "gradient_ascent": "random",
}

AtLeastTwo = Annotated[int, Field(ge=2)]
Tolerance = Annotated[float, Field(gt=0, lt=1)]  # relative to the best


class LandscapeGrid(Frozen):
    """The grid of policies, and how often each is tried."""

    points: AtLeastTwo  # of each axis
    tries: AtLeastTwo
    best_tries: PositiveInt  # of the best, again


class Policy(Frozen):
    """A policy that is shown beside the best."""

    p: Probability
    r: Annotated[float, Field(ge=0, le=DEGREES)]  # degrees


class Coverage(Frozen):
    """How long the shown policies go on."""

    tries: AtLeastTwo
    doublings: Annotated[int, Field(ge=0, le=16)]  # of the 30 minutes


class Neat(neat.Neat):
    """The runs of NEAT."""

    runs: PositiveInt


class Params(vacuum_search.Hyperparameters):
    """The section of params.yaml."""

    seed: Seed
    runs: AtLeastTwo
    pack_size: PositiveInt
    fresh_tries: PositiveInt
    tolerances: Annotated[tuple[Tolerance, ...], Field(strict=False, min_length=1)]
    landscape: LandscapeGrid
    shown: Annotated[tuple[Policy, ...], Field(strict=False, min_length=3, max_length=3)]
    coverage: Coverage
    neat: Neat

    def needs(self) -> Iterator[Need]:
        """Yield what the searches, the tries that judge them and NEAT ask for."""
        runs = {"runs": self.runs}
        tries, neat = {"evaluations": self.evaluations}, self.neat
        policies = 2 * 8 * (self.evaluations // self.record_every) * capacity.product(runs)
        recorded = tries | {"record_every": self.record_every} | runs
        yield capacity.memory(
            "the list of packs", self.runs // self.pack_size * capacity.PACK, runs
        )
        yield capacity.memory("the recommended policies", policies, recorded)
        yield capacity.work("the tries", capacity.product(tries, runs), tries | runs, 1_000)
        # A policy is two numbers, and a try is the key of its luck.
        genetic, landscape = self.genetic, self.landscape
        for number, size, given in (
            (self.record_every, 16, {"record_every": self.record_every}),
            (self.grid.points**2, 16, {"grid.points": self.grid.points}),
            (genetic.population, 16, {
                "genetic.survivors": genetic.survivors, "genetic.offspring": genetic.offspring
            }),
            (self.gradient_ascent.repeats, 64, {
                "gradient_ascent.repeats": self.gradient_ascent.repeats
            }),
            (self.fresh_tries, 24, {"fresh_tries": self.fresh_tries}),
            (landscape.points**2 * landscape.tries, 24, {
                "landscape.points": landscape.points, "landscape.tries": landscape.tries
            }),
            (landscape.best_tries, 24, {"landscape.best_tries": landscape.best_tries}),
            (self.coverage.tries, 24, {"coverage.tries": self.coverage.tries}),
        ):  # fmt: skip
            yield capacity.memory("the policies tried at once", number * size, given)
        coverage = self.coverage.tries * 2**self.coverage.doublings
        given = {f"coverage.{name}": value for name, value in self.coverage}
        yield capacity.work("the tries", coverage, given, 1_000)
        bred = {"neat.runs": neat.runs}
        played = {"neat.population": neat.population, "neat.episodes": neat.episodes}
        population = {"neat.population": neat.population}
        yield capacity.memory("the genomes", neat.population * capacity.SETTING, population)
        yield capacity.memory("the seeds of the episodes", neat.episodes * 8, {
            "neat.episodes": neat.episodes
        })  # fmt: skip
        size = capacity.product(bred) * capacity.PACK
        yield capacity.memory("the runs of NEAT", size, bred)
        steps = capacity.product(bred, played)
        yield capacity.work("the episodes of NEAT", steps, bred | played, 1_000)
        number = neat.evaluation.episodes
        yield capacity.memory("all episodes at once", number * capacity.ENVIRONMENT, {
            "neat.evaluation.episodes": number
        })  # fmt: skip


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
    """Search in all runs, and hold what was found against the landscape."""
    cut = packs.cut(params.runs, params.pack_size)
    found = packs.run(partial(search, params), cut, label=NAME)
    searched = vacuum_search.joined([part for part, _ in found])
    grid, luck = params.landscape, seeds.generator(params.seed, "landscape")
    landscape = vacuum_policies.landscape(grid.points, grid.tries, grid.best_tries, luck)
    shown = {"best": landscape.best} | {
        f"policy_{n}": np.array([policy.p, policy.r / DEGREES])
        for n, policy in enumerate(params.shown, 1)
    }
    judged, curves = judge(params, searched, landscape)
    evolutions = [run for _, part in found for run in part]
    limits, solved_share = params.neat.evaluation.limits, params.neat.evaluation.solved_share
    bred = neat.run_table(evolutions, limits)
    returns = np.stack([run.returns for run in evolutions], axis=-1)  # [limits, E, R]
    return {
        "metrics.json": {
            "runs": params.runs,
            "evaluations": params.evaluations,
            "best_share": landscape.best_share,
            **judged,
            "neat": {
                **{name: intervals.summary(bred[name]) for name in ("generations", "evaluations")},
                **training.evaluation(returns, limits, solved_share),
            },
            "room": ROOM._asdict() | {"dust": DUST},
        },
        "landscape.csv": vacuum_policies.landscape_table(landscape),
        "best_so_far.csv": curves,
        "samples.csv": vacuum_search.sample_table(searched),
        "shown.csv": vacuum_policies.policy_table(landscape, shown),
        "paths.csv": tables(shown, lambda n, policy: vacuum_policies.path_table(
            policy, draw_keys(seeds.generator(params.seed, "path", n), 1)[0]
        )),
        "coverage.csv": tables(shown, lambda n, policy: coverage(
            policy, params.coverage, seeds.generator(params.seed, "coverage", n)
        )),
        "neat.csv": bred,
        "neat_fitness.csv": neat.fitness_table(evolutions),
    }  # fmt: skip


def judge(
    params: Params, searched: dict[str, Searched], landscape: Landscape
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return how good each search is in the end and how soon, and its quantiles over the runs."""
    every, best = params.record_every, landscape.best_share
    metrics: dict[str, Any] = {"final": {}, "reached": {}, "compared": {}}
    curves = {}
    for name, found in searched.items():
        metrics["final"][name] = intervals.summary(found.shares) | {
            "believed": float(found.believed.mean())
        }
        shares = vacuum_policies.on_landscape(landscape, found.policies)
        known = np.minimum(np.nan_to_num(shares), best)  # above the best is as near as can be
        metrics["reached"][name] = {
            within(tolerance): reached(settling_iterations(known, best, tolerance, every))
            for tolerance in params.tolerances
        }
        recorded = ~np.isnan(shares).any(axis=0)
        evaluations = every * (1 + np.flatnonzero(recorded))
        quantiles = curve_quantiles(shares[:, recorded])
        curves[name] = pd.DataFrame({"evaluations": evaluations, **quantiles})
    for name, other in COMPARED.items():
        pair = searched[name].shares, searched[other].shares
        metrics["compared"][f"{name}_less_{other}"] = {
            "difference": intervals.difference_of_means(*pair),
            "improvement": intervals.probability_of_improvement(*pair, seed=params.seed),
        }
    return metrics, pd.concat(curves, names=["search"]).reset_index("search")


def reached(evaluations: Floats) -> dict[str, Any]:
    """Return by when shares of the runs are near the best for good, and how many never are."""
    never = np.isnan(evaluations)
    return {
        **settling_quantiles(evaluations),
        "never": intervals.wilson_interval(int(never.sum()), len(never)),
    }


def coverage(policy: Floats, settings: Coverage, generator: np.random.Generator) -> pd.DataFrame:
    """Return the share of the dust collected as time doubles, and how many tries have it all."""
    shorter = [SECONDS // 2**n for n in range(4, 0, -1)]
    times = np.array(shorter + [SECONDS * 2**n for n in range(settings.doublings + 1)])
    keys = draw_keys(generator, settings.tries)
    shares = vacuum_policies.shares_by(np.tile(policy, (len(keys), 1)), keys, times)
    means = [intervals.mean_interval(at_time) for at_time in shares.T]
    return pd.DataFrame({
        "minutes": times / 60, "share": [m.estimate for m in means],
        "low": [m.low for m in means], "high": [m.high for m in means],
        "complete": (shares == 1).mean(axis=0),
    })  # fmt: skip


def tables(shown: dict[str, Floats], table: Callable[[int, Floats], pd.DataFrame]) -> pd.DataFrame:
    """Return the shown policies' tables, one below the other, each with its policy's name."""
    parts = {name: table(n, policy) for n, (name, policy) in enumerate(shown.items())}
    return pd.concat(parts, names=["policy"]).reset_index("policy")


def headline(results: dict[str, Any]) -> str:
    """Return how much dust the kinds of search get, beside the best, and how NEAT does."""
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
