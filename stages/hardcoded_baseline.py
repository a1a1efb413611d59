"""Plays CartPole by rules, by chance and with untrained networks.

Reads params.yaml. Writes to data/hardcoded_baseline/: metrics.json (the returns of each policy; the
growth of swings under the angle rule), episodes.csv (the return of every episode of the policies
without a network), further.csv (of further episodes under the angle rule, from random starts),
untrained.csv (the mean return of every untrained network), trace.csv (one episode under the angle
rule, step by step), swings.csv (every swing of pole and cart under the angle rule), and angle.gif,
random.gif, angle_and_velocity.gif (the same start under three policies).
"""

import contextlib
import sys

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
    """Untrained networks, which play the first episodes."""

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
    first, limit, untrained = params.first_seed, params.maximum_steps, params.untrained
    played, few = (range(first, first + p.episodes) for p in (params, untrained))
    seen: list[np.ndarray] = []  # T times [E, O]

    def watched_angle(observations: np.ndarray, step: int) -> np.ndarray:
        seen.append(observations[..., 0])
        return policies.angle(observations)

    def chance(starts: range) -> rollout.Act:
        return policies.chance(policies.uniform_draws(params.seed, "random", starts, 1, limit))

    damping = policies.playing(policies.angle_and_velocity)
    left = policies.playing(policies.always_left)
    acts = {"angle": watched_angle, "random": chance(played), "always_left": left}
    returns = {
        name: rollout.evaluate(act, CHAPTERS_OWN, played, 1, [limit])[0, :, 0]
        for name, act in {**acts, "angle_and_velocity": damping}.items()
    }
    swung = swings.swing_table(np.stack(seen), returns["angle"].astype(int).tolist(), played)
    traced = params.traced_seed
    shown = {"angle": policies.playing(policies.angle), "random": chance(range(traced, traced + 1))}
    episodes = {
        name: rollout.record(act, CHAPTERS_OWN, traced, limit)
        for name, act in {**shown, "angle_and_velocity": damping}.items()
    }
    draws = policies.uniform_draws(params.seed, "untrained", few, untrained.networks, limit)
    sizes = [len(FEATURES), *untrained.hidden_sizes, 1]
    act = policies.untrained_network(params.seed, sizes, untrained.activation, draws)
    means = rollout.evaluate(act, CHAPTERS_OWN, few, untrained.networks, [limit])[0].mean(axis=0)
    samples = {**returns, "untrained_network": means}
    trace = pd.DataFrame(episodes["angle"].observations, columns=pd.Index(FEATURES))
    trace["action"] = pd.array([*episodes["angle"].actions, None], "Int64")  # none follows the last
    results = {
        "metrics.json": {name: summary(sample, limit) for name, sample in samples.items()}
        | {"swings": swings.growth(swung, seed=params.seed)},
        "episodes.csv": pd.DataFrame({"seed": played, **returns}).melt(
            "seed", var_name="policy", value_name="return"
        ),
        "further.csv": pd.DataFrame({"return": further_returns(params)}),
        "untrained.csv": pd.DataFrame({"network": range(len(means)), "return": means}),
        "trace.csv": trace.rename_axis("step").reset_index(),
        "swings.csv": swung,
    }
    gifs = {f"{n}.gif": animation.gif(e.frames, e.frames_per_second) for n, e in episodes.items()}
    return results | gifs


def further_returns(params: Params) -> np.ndarray:
    """Return the angle rule's returns from random starts, [E]."""
    first, number = seeds.generator(params.seed, NAME, "further"), params.further_episodes
    episodes = gymnasium.make_vec(CHAPTERS_OWN, number, vectorization_mode="vector_entry_point")
    returns, running = np.zeros(number, np.int64), np.ones(number, bool)
    with contextlib.closing(episodes):
        observations, _ = episodes.reset(seed=int(first.integers(2**31)))
        for _ in range(params.maximum_steps):
            returns += running  # a step pays 1, also the last
            actions = policies.angle(observations[..., np.newaxis])[:, 0]
            observations, _, terminated, *_ = episodes.step(actions)
            running &= ~terminated
            if not running.any():
                break
    return returns


def summary(returns: np.ndarray, limit: int) -> dict[str, float]:
    """Summarise returns; an episode at the limit is solved."""
    solved = intervals.share_interval(int((returns >= limit).sum()), len(returns))
    return {
        "n": len(returns),
        **intervals.mean_interval(returns).columns("mean"),
        "population_standard_deviation": returns.std(),
        "min": returns.min(),
        "median": float(np.median(returns)),
        "max": returns.max(),
        **solved.columns("solved"),
    }


def headline(results: dict) -> str:
    """Return the mean returns in one line."""
    names = ("angle", "random", "untrained_network", "angle_and_velocity")
    means = {name: results["metrics.json"][name]["mean"] for name in names}
    return ", ".join(f"{name.replace('_', ' ')} {mean:.1f}" for name, mean in means.items())


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
