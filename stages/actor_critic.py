"""Trains actor-critics with as many environment steps as REINFORCE.

Reads params.yaml. Writes to data/actor_critic/:
    metrics.json        how each variant trains, and its comparison with the baseline
    samples.csv         a row for each variant and seed, with the critic's foresight
    returns.csv         mean return by environment steps, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
"""

import math
import sys
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from reprise import hyperparameters as kinds
from reprise import seeds
from reprise.agents import actor_critic, evaluation
from reprise.environments import registry, rollout
from reprise.environments.rollout import Act
from reprise.environments.specification import Played
from reprise.hyperparameters import Ablation, ChangesOf, Frozen, Name, PositiveInt
from reprise.measures import training, variants
from reprise.measures.training_run import TrainingRun
from reprise.nn import networks
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "actor_critic"


class Foresight(Frozen):
    """Episodes that measure how well a critic foresees returns."""

    episodes: PositiveInt
    random_steps: PositiveInt  # at most, before the critic judges the state


class Params(actor_critic.Hyperparameters, Ablation, Played):
    """The section of params.yaml; a variant changes hyperparameters."""

    algorithm = actor_critic
    shared = ("total_steps",)

    variants: dict[Name, Annotated[dict[str, Any], ChangesOf(actor_critic.Hyperparameters)]]
    targets: Annotated[tuple[PositiveInt, ...], Field(strict=False)]  # mean returns to reach
    window_steps: PositiveInt  # environment steps over which a mean return is taken, at least
    record_every: PositiveInt  # environment steps between two rows of the curves
    foresight: Foresight


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Train and evaluate a pack, and measure its critics' foresight."""
    own = params.of(pack.variant)
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    run = actor_critic.train(own, registry.make(params.environment), keys)
    policy = actor_critic.policy(run.weights["final"], own)
    random = seeds.generator(params.seed, f"{NAME} foresight", pack.variant, pack.first)
    run = run._replace(extras={"foresight": foresight(run, policy, params, own, random)})
    return evaluation.evaluated(run, {"greedy": policy}, params.environment, params.evaluation)


def foresight(
    run: TrainingRun, policy: Act, params: Params, own: Any, random: np.random.Generator
) -> np.ndarray:
    """Measure how well each seed's critic foresees returns [N].

    Each episode starts with some random actions. The critic judges the state that they lead to,
    and the greedy policy plays on from there. Foresight is the rank correlation over episodes of
    the critic's value and the return that follows, NaN if either is constant.
    """
    settings, played = params.foresight, params.evaluation
    first = played.first_seed + played.episodes  # other episodes than the evaluation's
    starts = range(first, first + settings.episodes)
    before = np.arange(settings.episodes) % (settings.random_steps + 1)
    judged: dict[Any, np.ndarray] = {}  # the state after the random actions, by episode

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        now, greedy = before == step, policy(observations, step)
        judged.update(zip(np.flatnonzero(now), observations[now], strict=True))
        anything = random.integers(registry.make(params.environment).actions, size=greedy.shape)
        return np.where((step < before)[:, None], anything, greedy)

    limits, seeds = played.limits[:1], run.returns.shape[1]
    returns = rollout.evaluate(act, params.environment, starts, seeds, limits)[0]
    rest = returns - before[:, None]  # [E, N]; 0 if the random actions ended the episode
    rest = np.minimum(rest, limits[0] - settings.random_steps)  # equal for all that never fall
    states = np.stack([judged[episode] for episode in range(settings.episodes)])
    fixed = kinds.part(actor_critic.Fixed, own)
    values = networks.acting(actor_critic.values, run.weights["final"], fixed)(states, 0)
    pairs = [(v[r > 0], r[r > 0]) for v, r in zip(values.T, rest.T, strict=True)]
    return np.array([correlation(*pair) for pair in pairs])


def correlation(values: np.ndarray, rest: np.ndarray) -> float:
    """Compute the rank correlation, NaN if either is constant."""
    constant = len(np.unique(values)) < 2 or len(np.unique(rest)) < 2
    return np.nan if constant else intervals.rank_correlation(values, rest).estimate


def run(params: Params) -> dict:
    """Train and evaluate all variants, and compare them."""
    runs = evaluation.in_packs(train, params, NAME, params.variants)
    windows = {
        name: math.ceil(params.window_steps / params.of(name).batch_size)
        for name in params.variants
    }
    samples, metrics, played = {}, {}, params.evaluation
    for name, run in runs.items():
        times = training.times(run, params.targets, windows[name])
        own = training.by_episodes(run, played.limits).join(times)
        samples[name] = own = own.assign(foresight=run.extras["foresight"])
        described = ("last_return", "environment_steps", "foresight")
        metrics[name] = {
            **{column: intervals.summary(own[column]) for column in described},
            **{column: variants.reached(own[column].to_numpy()) for column in times},
            **training.evaluations(run, played, params.environment.solved_return),
        }
    every, base = variants.stacked(samples), params.baseline
    times = [f"steps_to_{target}" for target in params.targets]
    points = np.arange(params.record_every, params.total_steps + 1, params.record_every)
    return {
        "metrics.json": {
            "variants": metrics,
            f"against_{base}": variants.comparisons(every, f"greedy_{played.limits[0]}", base),
            f"sooner_than_{base}": {time: variants.sooner(every, time, base) for time in times},
        },
        "samples.csv": every,
        **variants.curves_by_steps(runs, points, windows),
    }


headline = variants.headline

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
