"""Training of DQNs on Atari's Pong, by the console's memory.

The files are made as those of pendulum_swing_up. ALE decides the bits.

Reads: params.yaml.
Writes to data/atari_pong/:
    metrics.json        how the trainings end, and how good the policies are in Gymnasium
    samples.csv         one row for each seed, the sample of metrics.json
    returns.csv         mean return of the last episodes by steps, one column for each seed
    learning_curve.csv  mean, median and quantiles over seeds
    weights.npz         the networks; `reprise.load` makes Keras models of them
    median_seed.gif     an episode of the seed with the median evaluation
"""

import sys
from functools import partial
from typing import Self

import numpy as np
from pydantic import model_validator

from reprise import seeds
from reprise.agents import dqn, evaluation
from reprise.environments import registry
from reprise.environments.rollout import animated
from reprise.environments.specification import Played
from reprise.hyperparameters import Experiment, PositiveInt
from reprise.measures import training
from reprise.measures.training_run import TrainingRun
from reprise.pipeline import packs, stage
from stages.pendulum_swing_up import at_random, headline, results

NAME = "atari_pong"


class Params(dqn.Hyperparameters, Experiment, Played):
    """The section of params.yaml."""

    total_episodes: None
    total_steps: PositiveInt
    record_every: PositiveInt  # environment steps between two rows of the curves
    window: PositiveInt  # last episodes that a row is the mean of, at most

    @model_validator(mode="after")
    def _has_a_curve(self) -> Self:
        self.check_at_most("record_every", "total_steps")
        return self


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Return a pack's run, evaluated with greedy and random actions."""
    keys = seeds.training_keys(params.seed, NAME, pack.seeds)
    run = dqn.train(params, registry.make(params.environment), keys)
    random = seeds.generator(params.seed, f"{NAME} draws", pack.index)
    policies = {
        "greedy": dqn.policy(run.weights["final"], params),
        "random": at_random(params.environment, random),
    }
    return evaluation.evaluated(run, policies, params.environment, params.evaluation)


def run(params: Params) -> dict:
    """Train and evaluate all seeds."""
    (run,) = evaluation.in_packs(train, params, NAME).values()
    points = np.arange(params.record_every, params.total_steps + 1, params.record_every)
    returns = training.by_steps(run, points, params.window)
    film = partial(animated, params.environment, NAME)
    return results(run, params, film, returns, points, dqn.export)


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
