"""Training of actor-critics on Pendulum-v1, with continuous actions.

The policies are compared with random play. inverted_pendulum and lunar_lander_actor_critic run the
same code, atari_pong makes the same files.

Reads params.yaml. Writes to data/pendulum_swing_up/:
    metrics.json        how the trainings end, and how good the policies are in Gymnasium
    samples.csv         a row for each seed
    returns.csv         mean return of each rollout's ended episodes, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
    weights.npz         the actors; `reprise.load` makes Keras models of them
    median_seed.gif     an episode of the seed with the median evaluation
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise import seeds
from reprise.agents import actor_critic, evaluation
from reprise.environments import registry
from reprise.environments.rollout import Act, animated
from reprise.environments.specification import Played, Specification, made
from reprise.hyperparameters import Experiment
from reprise.measures import training
from reprise.measures.training_run import TrainingRun
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "pendulum_swing_up"


class Params(actor_critic.Hyperparameters, Experiment, Played):
    """The section of params.yaml."""


def train(name: str, params: Params, pack: packs.Pack) -> TrainingRun:
    """Train a pack; play it greedily, sampled and at random."""
    keys = seeds.training_keys(params.seed, name, pack.seeds)
    run = actor_critic.train(params, registry.make(params.environment), keys)
    final, random = run.weights["final"], seeds.generator(params.seed, f"{name} draws", pack.index)
    policies = {
        "greedy": actor_critic.policy(final, params),
        "sampled": actor_critic.policy(final, params, random),
        "random": at_random(params.environment, random),
    }
    return evaluation.evaluated(run, policies, params.environment, params.evaluation)


def at_random(environment: Specification, random: np.random.Generator) -> Act:
    """Return a policy that draws actions uniformly."""
    with made(environment, 1) as (played,):
        space: Any = played.action_space

    def act(observations: np.ndarray, step: int) -> NDArray:
        shape = observations.shape[0], observations.shape[-1]  # [E, N]
        if hasattr(space, "n"):
            return random.integers(space.n, size=shape)
        low, high = (bound.reshape(-1, 1) for bound in (space.low, space.high))
        return random.uniform(low, high, (shape[0], len(low), shape[1]))

    return act


def run(params: Params, name: str = NAME, film: Callable[..., bytes] = animated) -> dict:
    """Train and evaluate all seeds of the named stage."""
    (run,) = evaluation.in_packs(partial(train, name), params, name).values()
    film = partial(film, params.environment, name)
    return results(run, params, film, run.returns, run.steps[:, 0], actor_critic.export)


def results(
    run: TrainingRun,
    params: Any,
    film: Callable[..., bytes],
    returns: NDArray,
    steps: NDArray,
    export: Callable,
) -> dict:
    """Collect the files of a stage.

    The curves show the returns [K, N] at environment steps [K].
    """
    samples = pd.DataFrame(
        {
            "seed": range(returns.shape[1]),
            "last_return": training.tail_mean(returns, training.LAST_ITERATIONS),
            "environment_steps": run.steps[-1],
        }
    ).join(training.evaluated(run.evaluations, params.evaluation.limits))
    seed = training.median_seed(run.evaluations["greedy"][0].mean(axis=0))
    curves = training.curves(returns, "steps")
    return {
        "metrics.json": {
            "cap": params.environment.top(params.maximum_steps),
            "last_return": intervals.summary(samples["last_return"]),
            "environment_steps": intervals.summary(samples["environment_steps"]),
            **training.evaluations(run, params.evaluation, params.environment.solved_return),
            "median_seed": seed,
        },
        "samples.csv": samples,
        **{file: curve.assign(steps=steps[curve["steps"]]) for file, curve in curves.items()},
        "weights.npz": export(training.shown(run.weights["final"]), params),
        "median_seed.gif": film(run.actions, seed, params.evaluation.first_seed),
    }


def headline(results: dict) -> str:
    """Report the returns of greedy and of random play."""
    metrics = results["metrics.json"]
    chance = training.mean_in_words(next(iter(metrics["random"].values())))
    return f"mean greedy return {training.headline(metrics['greedy'])}; random play {chance}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
