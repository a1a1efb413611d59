"""Trains the chapter's DQN over many seeds, and plays what was learned last and what played best.

Reads: params.yaml.
Writes to data/dqn_training/:
    metrics.json        how trainings go, and how good the policies are in Gymnasium
    samples.csv         one row a lane: what metrics.json summarises
    returns.csv         the return of each training episode, one column a lane
    learning_curve.csv  mean, median and quantiles over lanes
    loss_curve.csv      the same of the loss of each round's gradient steps
    losses.npz          losses and mean targets of every round and lane
    weights.npz, best_weights.npz   the networks at the end, and those that played the best episode
    median_lane.gif     an episode of the lane whose evaluation is the median
"""

import sys
from functools import partial

import numpy as np
import pandas as pd

from reprise import networks, seeds
from reprise.algorithms import dqn
from reprise.environments.cartpole import CartPole
from reprise.environments.evaluation import evaluate
from reprise.environments.retrace import Remembering, animation
from reprise.evidence import statistics, training
from reprise.hyperparameters import Experiment
from reprise.pipeline import packs, stage

NAME = "dqn_training"
ENVIRONMENT = "CartPole-v1"
LAST = 50  # episodes that stand for the end of a training


class Params(dqn.Hyperparameters, Experiment):
    """The section of params.yaml."""


def train_and_evaluate(params: Params, pack: packs.Pack) -> dict:
    """Return a pack's training and its policies' greedy returns in Gymnasium [limits, E, L]."""
    trained = dqn.train(params, CartPole(), seeds.lane_keys(params.seed, "training", pack.lanes))
    play = partial(
        evaluate, environment_id=ENVIRONMENT, seeds=params.evaluation.seeds, lanes=pack.size,
        limits=params.evaluation.limits,
    )  # fmt: skip
    remembering = Remembering(dqn.policy(trained.final, params))
    return {
        "training": trained,
        "final": play(remembering),
        "actions": remembering.actions(params.evaluation.limits[0]),
        "best": play(dqn.policy(trained.best, params)),
    }


def table(returns: np.ndarray, steps: np.ndarray, played: dict, params: Params) -> pd.DataFrame:
    """Return one row a lane: the course of its training and its evaluations."""
    top = params.maximum_steps  # CartPole pays 1 a step
    samples = pd.DataFrame({"lane": range(returns.shape[1])})
    samples["last_return"] = training.tail_mean(returns, LAST)
    samples["first_at_cap"] = training.first_at(returns, top)
    samples["falls"] = training.falls(returns, top)
    samples["environment_steps"] = steps[-1]
    for which, values in played.items():
        for limit, episodes in zip(params.evaluation.limits, values, strict=True):
            samples[f"{which}_{limit}"] = episodes.mean(axis=0)
    return samples


def run(params: Params) -> dict:
    """Train and evaluate all lanes."""
    limits = params.evaluation.limits
    results = packs.run(
        partial(train_and_evaluate, params), packs.cut(params.packs, params.lanes_per_pack),
        label=NAME, describe=lambda so_far: f"final greedy return under {limits[0]} steps "
        f"{np.mean([result['final'][0].mean() for result in so_far]):.1f}",
    )  # fmt: skip
    trainings = [result["training"] for result in results]
    returns, steps, losses, targets = (
        training.side_by_side([getattr(trained, name) for trained in trainings])
        for name in ("returns", "steps", "losses", "targets")
    )
    final, best = (
        networks.concatenate([getattr(t, name) for t in trainings]) for name in ("final", "best")
    )
    played = {
        which: np.concatenate([r[which] for r in results], axis=2) for which in ("final", "best")
    }
    samples = table(returns, steps, played, params)
    reached = samples["first_at_cap"].dropna()
    lane = training.median_lane(played["final"][0].mean(axis=0))
    actions = np.concatenate([result["actions"] for result in results], axis=1)[:, lane]
    return {
        "metrics.json": {
            "last_return": statistics.summary(samples["last_return"]),
            "reached_cap": statistics.wilson_interval(len(reached), len(samples))._asdict(),
            "first_at_cap": statistics.summary(reached) if len(reached) > 1 else None,
            "falls": statistics.summary(samples["falls"]),
            "environment_steps": statistics.summary(samples["environment_steps"]),
            **{
                which: training.evaluation(values, limits, params.evaluation.solved_share)
                for which, values in played.items()
            },
            "median_lane": lane,
        },
        "samples.csv": samples,
        "returns.csv": training.by_lane(returns, "episode"),
        "learning_curve.csv": training.quantiles(returns, "episode"),
        "loss_curve.csv": training.quantiles(losses, "episode"),
        "losses.npz": {"losses": losses, "targets": targets},
        "weights.npz": dqn.export(final, params),
        "best_weights.npz": dqn.export(best, params),
        "median_lane.gif": animation(actions, ENVIRONMENT, params.evaluation.first_seed),
    }


def headline(results: dict) -> str:
    """Return the stage in one line."""
    final = next(iter(results["metrics.json"]["final"].values()))
    return (
        f"final greedy return {final['mean']:.1f} "
        f"[{final['mean_low']:.1f}, {final['mean_high']:.1f}], "
        f"solved by {final['solved']:.0%} of {final['n']:.0f} seeds"
    )


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
