"""Plays CartPole by simple rules, by chance and with untrained networks.

Reads: params.yaml.
Writes to data/hardcoded_baseline/:
    metrics.json    the returns of each policy; the growth of swings under the angle rule
    episodes.csv    the return of every episode of the policies without a network
    untrained.csv   the mean return of every untrained network
    trace.csv       one episode under the angle rule, step by step
    swings.csv      every swing of pole and cart under the angle rule
    angle.gif, random.gif, angle_and_velocity.gif    the same start under three policies
"""

import sys
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationInfo, field_validator

from reprise import capacity, policies
from reprise.capacity import Need
from reprise.environments.animation import gif
from reprise.environments.rollout import Act, Episode, evaluate, record
from reprise.environments.specification import CHAPTERS_OWN
from reprise.hyperparameters import AtLeastTwo, Frozen, HiddenSizes, PositiveInt, Seed
from reprise.measures.swings import growth, swing_table
from reprise.nn import networks
from reprise.nn.networks import Activation
from reprise.pipeline import stage
from reprise.policies import playing
from reprise.stats import intervals

NAME = "hardcoded_baseline"
FEATURES = ["position", "velocity", "angle", "angular_velocity"]


class Untrained(Frozen):
    """Untrained networks, which play the first episodes."""

    networks: AtLeastTwo
    episodes: PositiveInt
    hidden_sizes: HiddenSizes
    activation: Activation


class Params(Frozen):
    """The section of params.yaml; episodes start at reset(seed=first_seed)."""

    seed: Seed
    episodes: AtLeastTwo
    first_seed: Seed
    maximum_steps: PositiveInt
    traced_seed: Seed
    untrained: Untrained

    @field_validator("traced_seed")
    @classmethod
    def _is_played(cls, value: int, info: ValidationInfo) -> int:
        first, episodes = info.data.get("first_seed"), info.data.get("episodes")
        if first is not None and episodes and not first <= value < first + episodes:
            raise ValueError(f"{value} is not played; allowed: {first} to {first + episodes - 1}")
        return value

    def needs(self) -> Iterator[Need]:
        """Yield the needs of the episodes, their random numbers and the networks."""
        for keys in (("episodes",), ("untrained.episodes", "untrained.networks")):
            yield self.memory("all episodes at once", capacity.ENVIRONMENT, *keys)
            yield self.memory("the random numbers of all steps", 4, "maximum_steps", *keys)
        sizes = (len(FEATURES), *self.untrained.hidden_sizes, 1)
        given = self.given("untrained.hidden_sizes"), self.given("untrained.networks")
        yield from networks.needs(sizes, 1, *given)


def run(params: Params) -> dict:
    """Play all policies, and measure the swings of the angle rule."""
    seeds = range(params.first_seed, params.first_seed + params.episodes)
    limit, traced = params.maximum_steps, params.traced_seed
    seen: list[NDArray[np.float32]] = []  # T times [E, O]

    def watched_angle(observations: policies.Floats) -> policies.Actions:
        seen.append(observations[..., 0])
        return policies.angle(observations)

    def returns_of(act: Act) -> NDArray[np.float64]:
        return evaluate(act, CHAPTERS_OWN, seeds, 1, [limit])[0, :, 0]

    def chance(seeds: Sequence[int]) -> Act:
        return policies.chance(policies.uniform_draws(params.seed, "random", seeds, 1, limit))

    damping = playing(policies.angle_and_velocity)
    returns = {
        "angle": returns_of(playing(watched_angle)),
        "random": returns_of(chance(seeds)),
        "always_left": returns_of(playing(policies.always_left)),
        "angle_and_velocity": returns_of(damping),
    }
    shown = {"angle": playing(policies.angle), "random": chance([traced])}
    shown["angle_and_velocity"] = damping
    episodes = {name: record(act, CHAPTERS_OWN, traced, limit) for name, act in shown.items()}
    untrained = play_networks(params)
    swings = swing_table(np.stack(seen), returns["angle"].astype(int).tolist(), seeds)
    samples = {**returns, "untrained_network": untrained}
    return {
        "metrics.json": {
            **{name: summary(sample, limit) for name, sample in samples.items()},
            "swings": growth(swings, seed=params.seed),
        },
        "episodes.csv": pd.DataFrame({"seed": seeds, **returns}).melt(
            "seed", var_name="policy", value_name="return"
        ),
        "untrained.csv": pd.DataFrame({"network": range(len(untrained)), "return": untrained}),
        "trace.csv": trace(episodes["angle"]),
        "swings.csv": swings,
        **{
            f"{name}.gif": gif(episode.frames, episode.frames_per_second)
            for name, episode in episodes.items()
        },
    }


def play_networks(params: Params) -> NDArray[np.float64]:
    """Return the mean return of each untrained network [N]."""
    untrained, limit = params.untrained, params.maximum_steps
    seeds = range(params.first_seed, params.first_seed + untrained.episodes)
    draws = policies.uniform_draws(params.seed, "untrained", seeds, untrained.networks, limit)
    sizes = [len(FEATURES), *untrained.hidden_sizes, 1]
    act = policies.untrained_network(params.seed, sizes, untrained.activation, draws)
    return evaluate(act, CHAPTERS_OWN, seeds, untrained.networks, [limit])[0].mean(axis=0)


def summary(returns: NDArray[np.float64], limit: int) -> dict[str, float]:
    """Summarise a sample of returns; an episode at the limit is solved."""
    solved = intervals.wilson_interval(int((returns >= limit).sum()), len(returns))
    return {
        "n": len(returns),
        **intervals.mean_interval(returns).columns("mean"),
        "population_standard_deviation": returns.std(),
        "min": returns.min(),
        "median": float(np.median(returns)),
        "max": returns.max(),
        **solved.columns("solved"),
    }


def trace(episode: Episode) -> pd.DataFrame:
    """Return an episode as a table; no action follows the last observation."""
    table = pd.DataFrame(episode.observations, columns=pd.Index(FEATURES))
    table.insert(0, "step", range(len(table)))
    return table.assign(action=pd.array([*episode.actions.tolist(), None], "Int64"))


def headline(results: dict) -> str:
    """Return the mean returns in one line."""
    metrics = results["metrics.json"]
    return ", ".join(
        f"{name.replace('_', ' ')} {metrics[name]['mean']:.1f}"
        for name in ("angle", "random", "untrained_network", "angle_and_velocity")
    )


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
