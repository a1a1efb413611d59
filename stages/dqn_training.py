"""Trains the chapter's DQN over many seeds, and plays it.

Reads params.yaml. Writes to data/dqn_training/:
    metrics.json        how the trainings go, and how good the policies are in Gymnasium
    samples.csv         a row for each seed
    returns.csv         the return of each training episode, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
    loss_curve.csv      the same of the loss of each round's gradient steps
    weights.npz         networks of the shown seeds; `reprise.load` makes Keras models of them
    snapshots.npz       networks of five seeds at points of their training
    policy_map.csv      the share of seeds that push right, by the pole's angle and its velocity
    median_seed.gif     an episode of the seed with the median evaluation
"""

import sys
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from reprise import seeds
from reprise.agents import dqn, evaluation
from reprise.environments import registry
from reprise.environments.rollout import animated
from reprise.environments.specification import Played
from reprise.hyperparameters import AtLeastTwo, Experiment, PositiveInt
from reprise.measures import snapshots, training
from reprise.measures.training_run import TrainingRun
from reprise.nn import networks
from reprise.pipeline import packs, stage

NAME = "dqn_training"
WINDOW = 10  # episodes over which a mean return must reach its target
LEARNING = 50  # from this mean return a seed has begun to learn: twice that of random play
AT_ONCE = 5  # episodes that follow the first one of the highest return


class Params(dqn.Hyperparameters, Experiment, Played):
    """The section of params.yaml."""

    targets: Annotated[tuple[PositiveInt, ...], Field(strict=False)]  # mean returns to reach
    snapshots: AtLeastTwo  # points of the training, at most one a round


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Train and evaluate a pack, and map its actions."""
    keys = seeds.training_keys(params.seed, NAME, pack.seeds)
    points = min(params.snapshots, params.rounds + 1)
    run = dqn.train(params, registry.make(params.environment), keys, points=points)
    run = snapshots.of_first(run, pack.index)
    policies = {name: dqn.policy(run.weights[name], params) for name in ("final", "best")}
    pushes = evaluation.actions(policies["final"], params.environment, pack.size)
    run = run._replace(extras={"pushes": pushes})
    return evaluation.evaluated(run, policies, params.environment, params.evaluation)


def run(params: Params) -> dict:
    """Train and evaluate all seeds."""
    (run,) = evaluation.in_packs(train, params, NAME).values()
    top = params.environment.top(params.maximum_steps)
    samples = training.course(run, params.evaluation.limits, top)
    samples["last_loss"] = training.tail_mean(run.losses, training.LAST_EPISODES)
    samples = samples.join(training.times(run, params.targets, WINDOW))
    episode = np.broadcast_to(np.arange(len(run.returns))[:, None], run.returns.shape)
    samples["learning_at"] = training.steps_to(run.returns, episode, LEARNING, WINDOW)
    samples["lowest_at_once"] = training.lowest_after(run.returns, top, AT_ONCE)
    seed = training.median_seed(run.evaluations["final"][0].mean(axis=0))
    pushes = run.extras["pushes"][:, ~networks.diverged(run.weights["final"])]
    return {
        "metrics.json": {
            **training.trained(samples, top),
            **training.evaluations(run, params.evaluation, params.environment.solved_return),
            "median_seed": seed,
        },
        "samples.csv": samples,
        **training.curves(run.returns, "episode"),
        "loss_curve.csv": training.quantiles(run.losses, "episode"),
        "weights.npz": dqn.export(training.shown(run.weights["final"]), params),
        "snapshots.npz": snapshots.table(run, "final", partial(dqn.export, h=params)),
        "policy_map.csv": evaluation.pushing_right(pushes),
        "median_seed.gif": animated(
            params.environment, NAME, run.actions, seed, params.evaluation.first_seed
        ),
    }


def headline(results: dict) -> str:
    """Report the mean return of the final policies."""
    return f"mean greedy return {training.headline(results['metrics.json']['final'])}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
