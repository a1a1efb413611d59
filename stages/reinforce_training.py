"""Trains the chapter's policy network with REINFORCE over many seeds, and plays what was learned.

Reads: params.yaml.
Writes to data/reinforce_training/:
    metrics.json        how the trainings end, and how good the policies are in Gymnasium
    samples.csv         one row a lane: what metrics.json summarises
    returns.csv         mean return of each iteration's episodes, one column a lane
    learning_curve.csv  mean, median and quantiles over lanes
    weights.npz         the trained networks; `reprise.load_lane` makes Keras models of them
    median_lane.gif     an episode of the lane whose evaluation is the median
"""

import sys
from functools import partial

import numpy as np

from reprise import seeds
from reprise.agents import reinforce
from reprise.agents.trial import Trial, joined, reinforce_trial
from reprise.environments import programs
from reprise.environments.retrace import Camera
from reprise.environments.specification import Played
from reprise.hyperparameters import Experiment
from reprise.measures import training
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "reinforce_training"


class Params(reinforce.Hyperparameters, Experiment, Played):
    """The section of params.yaml."""


def train_and_evaluate(params: Params, name: str, pack: packs.Pack) -> Trial:
    """Return the trial of a pack's lanes, played greedily and by chance."""
    keys = seeds.lane_keys(params.seed, name, pack.lanes)
    random = seeds.generator(params.seed, f"{name} evaluation", pack.index)
    return reinforce_trial(
        params, programs.environment(params.environment), keys, params.evaluation,
        judged=params.environment, random=random,
    )  # fmt: skip


def run(params: Params, name: str = NAME) -> dict:
    """Train and evaluate all lanes; all they draw and tell is under a stage's name."""
    limits, solved = params.evaluation.limits, params.environment.solved_return
    camera = Camera(params.environment, name)
    results = packs.run(
        partial(train_and_evaluate, params, name),
        packs.cut(params.packs, params.lanes_per_pack),
        label=name, describe=lambda so_far: f"greedy return under {limits[0]} steps "
        + training.mean_so_far([result.greedy[0] for result in so_far]),
    )  # fmt: skip
    trial = joined(results)
    played = {"greedy": trial.greedy, "sampled": trial.sampled}
    samples = training.evaluated(played, limits)
    samples.insert(0, "lane", range(len(samples)))
    samples.insert(1, "last_return", trial.returns[-training.LAST_ITERATIONS :].mean(axis=0))
    samples.insert(2, "environment_steps", trial.steps.sum(axis=0))
    lane = training.median_lane(trial.greedy[0].mean(axis=0))
    return {
        "metrics.json": {
            "cap": params.environment.top(params.maximum_steps),
            "last_return": intervals.summary(samples["last_return"]),
            "environment_steps": intervals.summary(samples["environment_steps"]),
            "diverged": int(np.isnan(trial.greedy[0, 0]).sum()),
            **{
                how: training.evaluation(values, limits, params.evaluation.solved_share, solved)
                for how, values in played.items()
            },
            "median_lane": lane,
        },
        "samples.csv": samples,
        "returns.csv": training.by_lane(trial.returns, "iteration", first=1),
        "learning_curve.csv": training.quantiles(trial.returns, "iteration", first=1),
        "weights.npz": reinforce.export(trial.final, params),
        "median_lane.gif": camera.animation(trial.actions, lane, params.evaluation.first_seed),
    }


def headline(results: dict) -> str:
    """Return the stage in one line."""
    greedy = next(iter(results["metrics.json"]["greedy"].values()))
    return f"greedy return {training.headline(greedy)}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
