"""Trains the chapter's policy network with REINFORCE over many seeds.

Reads params.yaml. Writes to data/reinforce_training/:
    metrics.json        how the trainings end, and how good the policies are in Gymnasium
    samples.csv         a row for each seed
    returns.csv         mean return of each iteration, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
    weights.npz         networks of the shown seeds; `reprise.load` makes Keras models of them
    snapshots.npz       networks of five seeds at points of their training
    median_seed.gif     an episode of the seed with the median evaluation
"""

import sys
from functools import partial
from typing import Annotated

from pydantic import Field

from reprise import seeds
from reprise.agents import evaluation, reinforce
from reprise.environments import registry
from reprise.environments.rollout import animated
from reprise.environments.specification import Played
from reprise.hyperparameters import AtLeastTwo, Experiment, PositiveInt
from reprise.measures import snapshots, training
from reprise.measures.training_run import TrainingRun
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "reinforce_training"


class Training(reinforce.Hyperparameters, Experiment, Played):
    """The section of a stage that trains with REINFORCE."""

    targets: Annotated[tuple[PositiveInt, ...], Field(strict=False)]  # mean returns to reach


class Params(Training):
    """The section of params.yaml."""

    snapshots: AtLeastTwo  # points of the training, at most one an iteration


def train(name: str, points: int, params: Training, pack: packs.Pack) -> TrainingRun:
    """Train a pack; play its policies greedily and sampled."""
    keys = seeds.training_keys(params.seed, name, pack.seeds)
    random = seeds.generator(params.seed, f"{name} evaluation", pack.index)
    run = reinforce.train(params, registry.make(params.environment), keys, points=points)
    run = snapshots.of_first(run, pack.index)
    final = run.weights["final"]
    policies = {
        "greedy": reinforce.policy(final, params),
        "sampled": reinforce.policy(final, params, random),
    }
    return evaluation.evaluated(run, policies, params.environment, params.evaluation)


def run(params: Params) -> dict:
    """Train and evaluate all seeds."""
    points = min(params.snapshots, params.iterations + 1)
    run, results = trained(params, NAME, points)
    export = partial(reinforce.export, h=params)
    return results | {"snapshots.npz": snapshots.table(run, "greedy", export)}


def trained(params: Training, name: str, points: int = 0) -> tuple[TrainingRun, dict]:
    """Train and evaluate all seeds of the named stage."""
    (run,) = evaluation.in_packs(partial(train, name, points), params, name).values()
    samples = training.by_iterations(run, params.evaluation.limits)
    samples = samples.join(training.times(run, params.targets, window=1))
    seed = training.median_seed(run.evaluations["greedy"][0].mean(axis=0))
    return run, {
        "metrics.json": {
            "cap": params.environment.top(params.maximum_steps),
            "last_return": intervals.summary(samples["last_return"]),
            "environment_steps": intervals.summary(samples["environment_steps"]),
            **training.evaluations(run, params.evaluation, params.environment.solved_return),
            "median_seed": seed,
        },
        "samples.csv": samples,
        **training.curves(run.returns, "iteration", first=1),
        "weights.npz": reinforce.export(training.shown(run.weights["final"]), params),
        "median_seed.gif": animated(
            params.environment, name, run.actions, seed, params.evaluation.first_seed
        ),
    }


def headline(results: dict) -> str:
    """Report the mean return of the greedy policies."""
    return f"mean greedy return {training.headline(results['metrics.json']['greedy'])}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
