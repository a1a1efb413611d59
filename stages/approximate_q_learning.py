"""Approximate Q-learning with linear functions, against the DQN.

Reads: params.yaml, data/dqn_training/samples.csv and returns.npz.
Writes to data/approximate_q_learning/:
    metrics.json        how each learner trains and plays, and its comparison with the DQN
    samples.csv         a row for each learner and seed
    returns.csv         mean return of the last episodes by environment steps, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
    weights.csv         the final weights: one for each feature and action, the bias last
"""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from reprise import capacity, seeds
from reprise import hyperparameters as kinds
from reprise.agents import dqn, evaluation
from reprise.environments.specification import CHAPTERS_OWN
from reprise.environments.wrappers import Feature, Featured, through_features
from reprise.errors import UserError
from reprise.measures import training, variants
from reprise.measures.training_run import TrainingRun, finite
from reprise.pipeline import artifacts, packs, stage
from reprise.stats import intervals

NAME = "approximate_q_learning"
DQN = "dqn"  # the learner that the others are compared with
DQN_RESULTS = Path("data/dqn_training")


class Clock(kinds.Frozen):
    """The points of curves, and the returns to reach."""

    every: kinds.PositiveInt  # environment steps between two points of a curve
    window: kinds.PositiveInt  # episodes in a mean return
    targets: kinds.HiddenSizes  # mean returns to reach


class Params(dqn.Hyperparameters, kinds.Experiment):
    """The section of params.yaml."""

    total_episodes: None
    total_steps: kinds.PositiveInt
    dueling: Literal[False]
    seeds: kinds.AtLeastTwo
    clock: Clock
    feature_sets: Annotated[dict[kinds.Name, kinds.Some[Feature]], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if DQN in self.feature_sets:
            raise ValueError(f"feature_sets has {DQN!r}; allowed: any other name")
        if not self.maximum_steps <= self.clock.every <= self.total_steps:
            allowed = f"maximum_steps, {self.maximum_steps}, to total_steps, {self.total_steps}"
            raise ValueError(f"clock.every is {self.clock.every}; allowed: from {allowed}")
        return self

    def needs(self) -> capacity.Needs:
        """Yield the needs of trainings, evaluation and curves."""
        yield from super().needs()
        size = 8 * (self.total_steps // self.clock.every) * self.seeds
        given = self.given("clock.every", "total_steps", "seeds")
        yield capacity.memory("the curves by steps", size, given)


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Return the evaluated run of a pack's seeds."""
    chosen = params.feature_sets[pack.variant]
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    run = dqn.train(params, Featured(chosen=chosen), keys)
    policies = {"greedy": dqn.policy(run.weights["final"], params)}
    through = partial(through_features, chosen=chosen)
    return evaluation.evaluated(run, policies, CHAPTERS_OWN, params.evaluation, through)


def dqn_run(limits: tuple[int, ...]) -> TrainingRun:
    """Return dqn_training's run, a seed's mean evaluation its episode."""
    samples = artifacts.read_csv(DQN_RESULTS / "samples.csv")
    returns = artifacts.read_npz(DQN_RESULTS / "returns.npz")["returns"].astype(float)
    columns = [f"final_{limit}" for limit in limits]
    if missing := [column for column in columns if column not in samples]:
        known = "allowed as evaluation.limits: those of dqn_training"
        raise UserError(f"{DQN_RESULTS}/samples.csv has no {missing[0]}; {known}")
    steps = np.nancumsum(returns, axis=0)  # CartPole's reward is 1 for each step
    none, played = np.zeros((0, len(samples))), samples[columns].to_numpy(float).T[:, None]
    return TrainingRun(returns, steps, none, none, {}, {"greedy": played})


def table(run: TrainingRun, params: Params) -> pd.DataFrame:
    """Return each seed's training within the budget, and its returns."""
    window, budget, lost = params.clock.window, params.total_steps, run.evaluations["greedy"][0, 0]
    last = training.by_steps(run, np.array([budget]), training.LAST_EPISODES)
    found = pd.DataFrame({"seed": range(len(lost)), "last_return": last[0]})
    found["environment_steps"] = run.steps[-1]
    found["episodes"] = np.count_nonzero(~np.isnan(run.returns), axis=0)
    for goal in params.clock.targets:
        steps = training.steps_to(run.returns, run.steps, goal, window, budget)
        found[f"steps_to_{goal}"] = steps
    found["diverged"] = np.isnan(lost)
    return found.join(training.evaluated(run.evaluations, params.evaluation.limits))


def weights(runs: dict[str, TrainingRun], params: Params) -> pd.DataFrame:
    """Return all weights by feature; none with hidden layers."""
    rows = []
    for name, run in runs.items() if not params.hidden_sizes else ():
        kernel, bias = run.weights["final"]  # [A, F, N] and [A, N]
        actions = finite(np.concatenate([kernel.swapaxes(0, 1), bias[None]]))  # [F + 1, A, N]
        rows += [
            (name, seed, feature, *actions[place, :, seed])
            for seed in range(params.seeds)
            for place, feature in enumerate((*params.feature_sets[name], "bias"))
        ]
    return pd.DataFrame(rows, columns=pd.Index(["variant", "seed", "feature", "left", "right"]))


def run(params: Params) -> dict:
    """Train and evaluate with all feature sets, and compare."""
    limits, clock = params.evaluation.limits, params.clock
    deep = {DQN: dqn_run(limits)}
    linear = evaluation.in_packs(train, params, NAME, params.feature_sets)
    points = np.arange(clock.every, params.total_steps + 1, clock.every)
    times = [f"steps_to_{target}" for target in clock.targets]
    samples, curves, returns, quantiles, learners = {}, {}, {}, {}, {}
    for name, run in (deep | linear).items():
        samples[name] = own = table(run, params)
        by_steps = training.by_steps(run, points, clock.window)
        returns[name] = by_steps.astype(np.float32)
        shown = training.by_seed(by_steps[:, : variants.SHOWN], "steps")
        curves[name] = shown.assign(steps=points)
        quantiles[name] = training.quantiles(by_steps, "steps").assign(steps=points)
        played = training.evaluations(run, params.evaluation)
        learners[name] = {
            **{c: intervals.summary(own[c]) for c in ("last_return", "environment_steps")},
            "diverged": played.pop("diverged"),
            **{column: variants.reached(own[column].to_numpy()) for column in times},
            **played,
        }
    every = variants.stacked(samples)
    compared = ("last_return", *(f"greedy_{limit}" for limit in limits))
    against = {column: variants.comparisons(every, column, DQN) for column in compared}
    against |= {column: variants.sooner(every, column, DQN) for column in times}
    return {
        "metrics.json": {"learners": learners, "against_dqn": against},
        "samples.csv": every,
        "returns.csv": variants.stacked(curves),
        "returns.npz": returns,
        "learning_curve.csv": variants.stacked(quantiles),
        "weights.csv": weights(linear, params),
    }


headline = variants.headline

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
