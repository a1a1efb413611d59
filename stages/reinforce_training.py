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
import pandas as pd

from reprise import networks, seeds
from reprise.algorithms import reinforce
from reprise.environments.cartpole import CartPole
from reprise.environments.evaluation import evaluate
from reprise.environments.retrace import Remembering, animation
from reprise.evidence import statistics, training
from reprise.hyperparameters import Evaluation, PositiveInt, Seed
from reprise.pipeline import packs, stage

NAME = "reinforce_training"
ENVIRONMENT = "CartPole-v1"
LAST = 10  # iterations that stand for the end of a training


class Params(reinforce.Hyperparameters):
    """The section of params.yaml."""

    seed: Seed
    packs: PositiveInt
    lanes_per_pack: PositiveInt
    evaluation: Evaluation


def train_and_evaluate(params: Params, pack: packs.Pack) -> dict:
    """Return a pack's training and its returns in Gymnasium, greedy and sampled [limits, E, L]."""
    keys = seeds.lane_keys(params.seed, "training", pack.lanes)
    trained = reinforce.train(params, CartPole(), keys)
    random = seeds.generator(params.seed, "evaluation", pack.index)
    play = partial(
        evaluate, environment_id=ENVIRONMENT, seeds=params.evaluation.seeds, lanes=pack.size,
        limits=params.evaluation.limits,
    )  # fmt: skip
    remembering = Remembering(reinforce.policy(trained.final, params))
    return {
        "training": trained,
        "greedy": play(remembering),
        "actions": remembering.actions(params.evaluation.limits[0]),
        "sampled": play(reinforce.policy(trained.final, params, random)),
    }


def run(params: Params) -> dict:
    """Train and evaluate all lanes."""
    limits = params.evaluation.limits
    results = packs.run(
        partial(train_and_evaluate, params), packs.cut(params.packs, params.lanes_per_pack),
        label=NAME, describe=lambda so_far: f"greedy return under {limits[0]} steps "
        f"{np.mean([result['greedy'][0].mean() for result in so_far]):.1f}",
    )  # fmt: skip
    returns, steps = (
        np.concatenate([getattr(result["training"], name) for result in results], axis=1)
        for name in ("returns", "steps")
    )
    played = {
        how: np.concatenate([r[how] for r in results], axis=2) for how in ("greedy", "sampled")
    }
    weights = networks.concatenate([result["training"].final for result in results])
    samples = pd.DataFrame(
        {"lane": range(returns.shape[1]), "last_return": returns[-LAST:].mean(axis=0)}
    )
    samples["environment_steps"] = steps.sum(axis=0)
    for how, values in played.items():
        for limit, episodes in zip(limits, values, strict=True):
            samples[f"{how}_{limit}"] = episodes.mean(axis=0)
    lane = training.median_lane(played["greedy"][0].mean(axis=0))
    actions = np.concatenate([result["actions"] for result in results], axis=1)[:, lane]
    return {
        "metrics.json": {
            "last_return": statistics.summary(samples["last_return"]),
            "environment_steps": statistics.summary(samples["environment_steps"]),
            **{
                how: training.evaluation(values, limits, params.evaluation.solved_share)
                for how, values in played.items()
            },
            "median_lane": lane,
        },
        "samples.csv": samples,
        "returns.csv": training.by_lane(returns, "iteration", first=1),
        "learning_curve.csv": training.quantiles(returns, "iteration", first=1),
        "weights.npz": reinforce.export(weights, params),
        "median_lane.gif": animation(actions, ENVIRONMENT, params.evaluation.first_seed),
    }


def headline(results: dict) -> str:
    """Return the stage in one line."""
    greedy = next(iter(results["metrics.json"]["greedy"].values()))
    return (
        f"greedy return {greedy['mean']:.1f} "
        f"[{greedy['mean_low']:.1f}, {greedy['mean_high']:.1f}], "
        f"solved by {greedy['solved']:.0%} of {greedy['n']:.0f} seeds"
    )


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
