"""Training of DQNs on Atari's Pong, from the console's memory.

Reads params.yaml, and writes the files of pendulum_swing_up to data/atari_pong/: returns.csv has
the mean return of the last episodes by environment steps. The results' bits depend on ALE.
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
    window: PositiveInt  # last episodes that a row averages, at most

    @model_validator(mode="after")
    def _has_a_curve(self) -> Self:
        self.check_at_most("record_every", "total_steps")
        return self


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Train a pack; play its policies greedily, and at random."""
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
