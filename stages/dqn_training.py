"""Trains the chapter's DQN over many seeds, and plays the final and the best policies.

Reads: params.yaml.
Writes to data/dqn_training/:
    metrics.json        how trainings go, and how good the policies are in Gymnasium
    samples.csv         one row for each seed, the sample of metrics.json
    returns.csv         the return of each training episode, one column for each seed
    learning_curve.csv  mean, median and quantiles over seeds
    loss_curve.csv      the same of the loss of each round's gradient steps
    weights.npz         the networks at the end; `reprise.load` makes Keras models of them
    policy_map.csv      the share of seeds that push right, by the pole's angle and angular velocity
    median_seed.gif     an episode of the seed with the median evaluation
"""

import sys
from functools import partial
from typing import NamedTuple

import numpy as np

from reprise import seeds
from reprise.agents import dqn, policy_map
from reprise.agents.evaluation import evaluated
from reprise.environments import registry
from reprise.environments.retrace import Camera
from reprise.environments.specification import Played
from reprise.hyperparameters import Experiment
from reprise.measures import training
from reprise.measures.training_run import TrainingRun, join
from reprise.nn import networks
from reprise.pipeline import packs, stage

NAME = "dqn_training"


class Params(dqn.Hyperparameters, Experiment, Played):
    """The section of params.yaml."""


class Work(NamedTuple):
    """The results of a pack."""

    run: TrainingRun
    pushes: np.ndarray  # actions of the final policies over `policy_map.plane` [P, N]


def work(params: Params, pack: packs.Pack) -> Work:
    """Train and evaluate a pack's seeds, and map the actions of their final policies."""
    keys = seeds.training_keys(params.seed, NAME, pack.seeds)
    run = dqn.train(params, registry.make(params.environment), keys)
    policies = {name: dqn.policy(weights, params) for name, weights in run.weights.items()}
    pushes = policy_map.actions(policies["final"], params.environment, pack.size)
    pushes = pushes[:, ~networks.diverged(run.weights["final"])]
    return Work(evaluated(run, policies, params.environment, params.evaluation), pushes)


def run(params: Params) -> dict:
    """Train and evaluate all seeds."""
    limits, solved = params.evaluation.limits, params.environment.solved_return
    camera = Camera(params.environment, NAME)
    works = packs.run(
        partial(work, params),
        packs.cut(params.seeds, params.pack_size),
        label=NAME,
        describe=lambda so_far: (
            f"final greedy return under {limits[0]} steps "
            + training.so_far([done.run.evaluations["final"][0] for done in so_far])
        ),
    )
    run = join([done.run for done in works])
    top = params.environment.top(params.maximum_steps)
    samples = training.course(run, limits, top)
    seed = training.median_seed(run.evaluations["final"][0].mean(axis=0))
    return {
        "metrics.json": {
            **training.trained(samples, top),
            "diverged": int(np.isnan(run.evaluations["final"][0, 0]).sum()),
            **{
                which: training.evaluation(values, limits, params.evaluation.solved_share, solved)
                for which, values in run.evaluations.items()
            },
            "median_seed": seed,
        },
        "samples.csv": samples,
        "returns.csv": training.by_seed(run.returns, "episode"),
        "learning_curve.csv": training.quantiles(run.returns, "episode"),
        "loss_curve.csv": training.quantiles(run.losses, "episode"),
        "weights.npz": dqn.export(run.weights["final"], params),
        "policy_map.csv": policy_map.pushing_right([done.pushes for done in works]),
        "median_seed.gif": camera.animation(run.actions, seed, params.evaluation.first_seed),
    }


def headline(results: dict) -> str:
    """Return the stage in one line."""
    final = next(iter(results["metrics.json"]["final"].values()))
    return f"final greedy return {training.headline(final)}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
