"""Plays CartPole by rules, at random and with untrained networks.

Reads params.yaml. Writes to data/hardcoded_baseline/:
    metrics.json    the returns of each policy, and the growth of swings under the angle rule
    episodes.csv    the return of each episode of the rules and of random play
    further.csv     the return of further episodes under the angle rule, from random starts
    untrained.csv   the mean return of each untrained network
    trace.csv       one episode under the angle rule, step by step
    swings.csv      every swing of pole and cart under the angle rule
    angle.gif, random.gif, angle_and_velocity.gif   three policies from the same start
"""

import contextlib
import sys
from typing import Any

import gymnasium
import numpy as np
import pandas as pd
from pydantic import ValidationInfo, field_validator

from reprise import policies, seeds
from reprise.environments import animation, rollout
from reprise.environments.specification import CHAPTERS_OWN
from reprise.hyperparameters import AtLeastTwo, Frozen, HiddenSizes, PositiveInt, Seed
from reprise.measures import swings
from reprise.nn import networks as nets
from reprise.pipeline import stage
from reprise.stats import intervals

NAME = "hardcoded_baseline"
FEATURES = ["position", "velocity", "angle", "angular_velocity"]


class Untrained(Frozen):
    """Untrained networks and the number of episodes they play."""

    networks: AtLeastTwo
    episodes: PositiveInt
    hidden_sizes: HiddenSizes
    activation: nets.Activation


class Params(Frozen):
    """The section of params.yaml; episodes start at reset(seed=first_seed)."""

    seed: Seed
    episodes: AtLeastTwo
    first_seed: Seed
    maximum_steps: PositiveInt
    traced_seed: Seed
    further_episodes: PositiveInt
    untrained: Untrained

    @field_validator("traced_seed")
    @classmethod
    def _is_played(cls, value: int, info: ValidationInfo) -> int:
        first, episodes = info.data.get("first_seed"), info.data.get("episodes")
        if first is not None and episodes and not first <= value < first + episodes:
            raise ValueError(f"{value} is not played; allowed: {first} to {first + episodes - 1}")
        return value


def run(params: Params) -> dict:
    """Play all policies, and measure the angle rule's swings."""
    limit, traced = params.maximum_steps, params.traced_seed
    starts = range(params.first_seed, params.first_seed + params.episodes)
    returns, swung = play(params, starts)
    means = untrained_means(params)
    samples = {**returns, "untrained_network": means}
    shown = {
        name: rollout.record(act, CHAPTERS_OWN, traced, limit)
        for name, act in rules(params, range(traced, traced + 1)).items()
        if name != "always_left"
    }
    trace = pd.DataFrame(shown["angle"].observations, columns=pd.Index(FEATURES))
    trace["action"] = pd.array([*shown["angle"].actions, None], "Int64")  # none follows the last
    return {
        "metrics.json": {name: summary(sample, limit) for name, sample in samples.items()}
        | {"swings": swings.growth(swung, seed=params.seed)},
        "episodes.csv": pd.DataFrame({"seed": starts, **returns}).melt(
            "seed", var_name="policy", value_name="return"
        ),
        "further.csv": pd.DataFrame({"return": further_returns(params)}),
        "untrained.csv": pd.DataFrame({"network": range(len(means)), "return": means}),
        "trace.csv": trace.rename_axis("step").reset_index(),
        "swings.csv": swung,
        **{f"{n}.gif": animation.gif(e.frames, e.frames_per_second) for n, e in shown.items()},
    }


def rules(params: Params, starts: range) -> dict[str, rollout.Act]:
    """Return the policies without a network."""
    draws = policies.uniform_draws(params.seed, "random", starts, 1, params.maximum_steps)
    return {
        "angle": policies.playing(policies.angle),
        "random": policies.chance(draws),
        "always_left": policies.playing(policies.always_left),
        "angle_and_velocity": policies.playing(policies.angle_and_velocity),
    }


def play(params: Params, starts: range) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Return each rule's returns [E], and the swings of `angle`."""
    seen: list[np.ndarray] = []  # T times [E, O]

    def watched_angle(observations: np.ndarray, step: int) -> np.ndarray:
        seen.append(observations[..., 0])
        return policies.angle(observations)

    returns = {
        name: rollout.evaluate(act, CHAPTERS_OWN, starts, 1, [params.maximum_steps])[0, :, 0]
        for name, act in {**rules(params, starts), "angle": watched_angle}.items()
    }
    lengths = returns["angle"].astype(int).tolist()
    return returns, swings.swing_table(np.stack(seen), lengths, starts)


def untrained_means(params: Params) -> np.ndarray:
    """Average each untrained network's returns [N]."""
    untrained, limit = params.untrained, params.maximum_steps
    starts = range(params.first_seed, params.first_seed + untrained.episodes)
    draws = policies.uniform_draws(params.seed, "untrained", starts, untrained.networks, limit)
    sizes = [len(FEATURES), *untrained.hidden_sizes, 1]
    act = policies.untrained_network(params.seed, sizes, untrained.activation, draws)
    returns = rollout.evaluate(act, CHAPTERS_OWN, starts, untrained.networks, [limit])[0]
    return returns.mean(axis=0)


def further_returns(params: Params) -> np.ndarray:
    """Play the angle rule from random starts; returns [E]."""
    first, number = seeds.generator(params.seed, NAME, "further"), params.further_episodes
    episodes = gymnasium.make_vec(CHAPTERS_OWN, number, vectorization_mode="vector_entry_point")
    returns, running = np.zeros(number, np.int64), np.ones(number, bool)
    with contextlib.closing(episodes):
        observations, _ = episodes.reset(seed=int(first.integers(2**31)))
        for _ in range(params.maximum_steps):
            returns += running  # every step earns 1, also the last
            actions = policies.angle(observations[..., np.newaxis])[:, 0]
            observations, _, terminated, *_ = episodes.step(actions)
            running &= ~terminated
            if not running.any():
                break
    return returns


def summary(returns: np.ndarray, limit: int) -> dict[str, Any]:
    """Summarize returns; an episode at the limit is solved."""
    solved = intervals.share_interval(int((returns >= limit).sum()), len(returns))
    return {
        "mean": intervals.mean_interval(returns).entry(),
        "population_standard_deviation": returns.std(),
        "min": returns.min(),
        "median": float(np.median(returns)),
        "max": returns.max(),
        "solved": solved.entry(),
    }


def headline(results: dict) -> str:
    """Report the mean return of each policy."""
    names = ("angle", "random", "untrained_network", "angle_and_velocity")
    means = {name: results["metrics.json"][name]["mean"]["estimate"] for name in names}
    said = ", ".join(f"{mean:.1f} ({name.replace('_', ' ')})" for name, mean in means.items())
    return f"mean return {said}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
