"""Plays CartPole by simple rules, by chance and with untrained networks, to see how far they get.

Reads: params.yaml.
Writes to data/hardcoded_baseline/:
    metrics.json            the return of each policy; whether swings grow under the angle rule
    episodes.csv            the return of every episode of the policies without a network
    untrained.csv               of every untrained network the mean return and the share solved
    trace.csv               one episode under the angle rule, step by step
    swings.csv              every swing of pole and cart under the angle rule
    angle.gif, random.gif, angle_and_velocity.gif    the same start under three policies
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from reprise import capacity, policies
from reprise.capacity import Need
from reprise.environments.animation import gif
from reprise.environments.rollout import Act, Episode, evaluate, record
from reprise.hyperparameters import Frozen, HiddenSizes, PositiveInt, Seed
from reprise.measures.swings import growth, swing_table
from reprise.nn import networks
from reprise.nn.networks import Activation
from reprise.pipeline import stage
from reprise.policies import playing
from reprise.stats import intervals

NAME = "hardcoded_baseline"
ENVIRONMENT = "CartPole-v1"
FEATURES = ["position", "velocity", "angle", "angular_velocity"]

AtLeastTwo = Annotated[int, Field(ge=2)]  # what an interval needs


class Untrained(Frozen):
    """Untrained networks; they play the first episodes."""

    networks: AtLeastTwo
    episodes: PositiveInt
    hidden_sizes: HiddenSizes
    activation: Activation


class Params(Frozen):
    """The section of params.yaml; episodes are played from reset(seed=first_seed) onwards."""

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
        """Yield what the episodes, their random numbers and the networks ask for."""
        untrained, episodes = self.untrained, {"episodes": self.episodes}
        given = {"untrained.networks": untrained.networks}
        played = {"untrained.episodes": untrained.episodes} | given
        for given in (episodes, played):
            number, steps = capacity.product(given), {"maximum_steps": self.maximum_steps}
            yield capacity.memory("all episodes at once", number * capacity.ENVIRONMENT, given)
            size = 4 * number * capacity.product(steps)
            yield capacity.memory("the random numbers of all steps", size, steps | given)
        sizes = (len(FEATURES), *untrained.hidden_sizes, 1)
        hidden = {"untrained.hidden_sizes": untrained.hidden_sizes}
        yield from networks.needs(sizes, 1, hidden, given)


def run(params: Params) -> dict:
    """Play all policies, and look closely at the angle rule."""
    seeds = range(params.first_seed, params.first_seed + params.episodes)
    limit, traced = params.maximum_steps, params.traced_seed
    seen: list[NDArray[np.float32]] = []  # T times [E, O]

    def watched_angle(observations: policies.Floats) -> policies.Actions:
        seen.append(observations[..., 0])
        return policies.angle(observations)

    def chance(seeds: Sequence[int]) -> Act:
        return policies.chance(policies.uniform_draws(params.seed, "random", seeds, 1, limit))

    returns = {
        name: evaluate(act, ENVIRONMENT, seeds, 1, [limit])[0, :, 0]
        for name, act in {
            "angle": playing(watched_angle),
            "random": chance(seeds),
            "always_left": playing(policies.always_left),
            "angle_and_velocity": playing(policies.angle_and_velocity),
        }.items()
    }
    untrained = play_networks(params)
    swings = swing_table(np.stack(seen), returns["angle"].astype(int).tolist(), seeds)
    episodes = {
        "angle": record(playing(policies.angle), ENVIRONMENT, traced, limit),
        "random": record(chance([traced]), ENVIRONMENT, traced, limit),
        "angle_and_velocity": record(
            playing(policies.angle_and_velocity), ENVIRONMENT, traced, limit
        ),
    }
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
    return evaluate(act, ENVIRONMENT, seeds, untrained.networks, [limit])[0].mean(axis=0)


def summary(returns: NDArray[np.float64], limit: int) -> dict[str, float]:
    """Return what a sample of returns says; solved are those at the limit."""
    mean = intervals.mean_interval(returns)
    solved = intervals.wilson_interval(int((returns >= limit).sum()), len(returns))
    return {
        "n": mean.n, "mean": mean.estimate, "mean_low": mean.low, "mean_high": mean.high,
        "population_standard_deviation": returns.std(),
        "min": returns.min(), "median": float(np.median(returns)), "max": returns.max(),
        "solved": solved.estimate, "solved_low": solved.low, "solved_high": solved.high,
    }  # fmt: skip


def trace(episode: Episode) -> pd.DataFrame:
    """Return an episode as a table; the last observation is followed by no action."""
    table = pd.DataFrame(episode.observations, columns=pd.Index(FEATURES))
    table.insert(0, "step", range(len(table)))
    return table.assign(action=pd.array([*episode.actions.tolist(), None], "Int64"))


def headline(results: dict) -> str:
    """Return the stage in one line."""
    metrics = results["metrics.json"]
    return ", ".join(
        f"{name.replace('_', ' ')} {metrics[name]['mean']:.1f}"
        for name in ("angle", "random", "untrained_network", "angle_and_velocity")
    )


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
