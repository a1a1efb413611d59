"""Approximate Q-learning with linear functions of features, against the DQN at equal steps.

Reads: params.yaml, data/dqn_training/samples.csv and returns.csv.
Writes to data/approximate_q_learning/:
    metrics.json        how each learner trains and plays, and its comparison with the DQN
    samples.csv         a row for each learner and seed
    returns.csv         mean return of the last episodes by environment steps, a column a seed
    learning_curve.csv  mean, median and quantiles over seeds
    weights.csv         the final weights: one for each feature and action, the bias last
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from reprise import capacity, seeds
from reprise.agents import dqn
from reprise.agents.evaluation import evaluated
from reprise.capacity import Need
from reprise.environments.cartpole import CartPole
from reprise.environments.features import Feature, Featured, through_features
from reprise.errors import UserError
from reprise.hyperparameters import AtLeastTwo, Experiment, Name, PositiveInt
from reprise.measures import step_clock, training, variants
from reprise.measures.training_run import TrainingRun, finite, join
from reprise.pipeline import artifacts, packs, stage
from reprise.stats import intervals

NAME = "approximate_q_learning"
CARTPOLE = "CartPole-v1"
DQN = "dqn"  # the learner that the others are compared with
DQN_RESULTS = Path("data/dqn_training")
LAST = 50  # episodes at the end of a training

Features = Annotated[tuple[Feature, ...], Field(strict=False, min_length=1)]


class Params(dqn.Hyperparameters, Experiment):
    """The section of params.yaml."""

    total_episodes: None
    total_steps: PositiveInt
    dueling: Literal[False]
    seeds: AtLeastTwo
    clock: step_clock.Clock
    feature_sets: Annotated[dict[Name, Features], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if DQN in self.feature_sets:
            raise ValueError(f"feature_sets has {DQN!r}; allowed: any other name")
        if not self.maximum_steps <= self.clock.every <= self.total_steps:
            allowed = f"maximum_steps, {self.maximum_steps}, to total_steps, {self.total_steps}"
            raise ValueError(f"clock.every is {self.clock.every}; allowed: from {allowed}")
        return self

    def needs(self) -> Iterator[Need]:
        """Yield the needs of trainings, evaluation and curves."""
        yield from super().needs()
        points, given = self.total_steps // self.clock.every, {"clock.every": self.clock.every}
        given |= {"total_steps": self.total_steps, "seeds": self.seeds}
        yield capacity.memory("the curves by steps", 8 * points * self.seeds, given)


def train_and_evaluate(params: Params, pack: packs.Pack) -> TrainingRun:
    """Return the run of a pack's seeds."""
    chosen = params.feature_sets[pack.variant]
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    run = dqn.train(params, Featured(CartPole(), chosen), keys)
    policies = {"greedy": dqn.policy(run.weights["final"], params)}
    return evaluated(
        run, policies, CARTPOLE, params.evaluation, lambda act: through_features(act, chosen)
    )


def dqn_run(limits: tuple[int, ...]) -> TrainingRun:
    """Return the run of dqn_training, with each seed's mean evaluation as one episode.

    CartPole's reward is 1 for each step, so returns are steps.
    """
    samples = artifacts.read_csv(DQN_RESULTS / "samples.csv")
    returns = artifacts.read_csv(DQN_RESULTS / "returns.csv").filter(like="seed_").to_numpy(float)
    columns = [f"final_{limit}" for limit in limits]
    if missing := [column for column in columns if column not in samples]:
        raise UserError(
            f"{DQN_RESULTS}/samples.csv has no {missing[0]}; "
            f"allowed as evaluation.limits: those of dqn_training"
        )
    none = np.zeros((0, len(samples)))
    return TrainingRun(
        returns,
        np.nancumsum(returns, axis=0),
        losses=none,
        targets=none,
        weights={},
        evaluations={"greedy": samples[columns].to_numpy(float).T[:, None]},
    )


def weights(runs: dict[str, TrainingRun], params: Params) -> pd.DataFrame:
    """Return a row for each feature set, seed and feature: the weights of the two actions.

    A weight that is not finite is NaN. With hidden layers a feature has no single weight, and the
    table no rows.
    """
    rows = []
    for name, run in runs.items() if not params.hidden_sizes else ():
        kernel, bias = run.weights["final"]  # [A, F, N] and [A, N]
        actions = finite(np.concatenate([kernel.swapaxes(0, 1), bias[None]]))  # [F + 1, A, N]
        features = (*params.feature_sets[name], "bias")
        rows += [
            (name, seed, feature, *actions[place, :, seed])
            for seed in range(params.seeds)
            for place, feature in enumerate(features)
        ]
    return pd.DataFrame(rows, columns=pd.Index(["variant", "seed", "feature", "left", "right"]))


def run(params: Params) -> dict:
    """Train and evaluate with all feature sets, and compare with the DQN."""
    evaluation, clock = params.evaluation, params.clock
    deep = {DQN: dqn_run(evaluation.limits)}
    cut = packs.cut(params.seeds, params.pack_size, params.feature_sets)
    results = packs.by_variant(cut, packs.run(partial(train_and_evaluate, params), cut, label=NAME))
    linear = {name: join(parts) for name, parts in results.items()}
    times = [f"steps_to_{target}" for target in clock.targets]
    returns = [f"greedy_{limit}" for limit in evaluation.limits]
    points = np.arange(clock.every, params.total_steps + 1, clock.every)
    samples, curves, quantiles, learners = {}, {}, {}, {}
    for name, run in (deep | linear).items():
        greedy = run.evaluations["greedy"]
        diverged = np.isnan(greedy[0, 0])
        table = step_clock.samples(run, clock, params.total_steps, LAST).assign(diverged=diverged)
        table[returns] = greedy.mean(axis=1).T
        by_steps = step_clock.by_steps(step_clock.episodes(run), points, clock.window)
        samples[name] = table
        curves[name] = training.by_seed(by_steps, "steps").assign(steps=points)
        quantiles[name] = training.quantiles(by_steps, "steps").assign(steps=points)
        learners[name] = {
            **{c: intervals.summary(table[c]) for c in ("last_return", "environment_steps")},
            "diverged": int(np.count_nonzero(diverged)),
            **{column: variants.reached(table[column].to_numpy()) for column in times},
            "greedy": training.evaluation(greedy, evaluation.limits, evaluation.solved_share),
        }
    every = variants.stacked(samples)
    against = {
        column: variants.comparisons(every, column, DQN, seed=params.seed)
        for column in ("last_return", *returns)
    } | {column: variants.sooner(every, column, DQN, seed=params.seed) for column in times}
    return {
        "metrics.json": {"learners": learners, "against_dqn": against},
        "samples.csv": every,
        "returns.csv": variants.stacked(curves),
        "learning_curve.csv": variants.stacked(quantiles),
        "weights.csv": weights(linear, params),
    }


def headline(results: dict) -> str:
    """Return the greedy returns of all learners in one line."""
    return variants.headline(results["metrics.json"]["learners"])


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
