"""Approximate Q-learning with linear functions of features, against the DQN at equal steps.

Reads: params.yaml, data/dqn_training/samples.csv and returns.csv.
Writes to data/approximate_q_learning/:
    metrics.json        how each learner's trainings go and end, and each against the DQN
    samples.csv         a row for each learner and lane
    returns.csv         mean return of the last episodes by environment steps, one column a lane
    learning_curve.csv  mean, median and quantiles over lanes
    weights.csv         what was learned: a weight for each feature and action, the bias last
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
from reprise.agents import dqn, linear_q_learning
from reprise.capacity import Need
from reprise.environments.features import Feature
from reprise.errors import UserError
from reprise.hyperparameters import Evaluation, Frozen, Name, PositiveInt, Seed
from reprise.measures import step_clock, training, variants
from reprise.pipeline import artifacts, packs, stage
from reprise.stats import intervals

NAME = "approximate_q_learning"
DQN = "dqn"  # the learner that the others are compared with
DQN_RESULTS = Path("data/dqn_training")
LAST = 50  # episodes, the last within `length` steps, that stand for the end of a training

Features = Annotated[tuple[Feature, ...], Field(strict=False, min_length=1)]


class Clock(Frozen):
    """How trainings are read by environment steps."""

    every: PositiveInt  # steps between two points of a curve
    window: PositiveInt  # episodes that a return is averaged over
    targets: Annotated[tuple[PositiveInt, ...], Field(strict=False)]  # returns to come to


class Params(dqn.Hyperparameters):
    """The section of params.yaml; with hidden layers, features are weighed by no one number."""

    length_unit: Literal["steps"]
    dueling: Literal[False]
    seed: Seed
    packs: PositiveInt
    lanes_per_pack: Annotated[int, Field(ge=2)]  # what an interval needs
    evaluation: Evaluation
    clock: Clock
    feature_sets: Annotated[dict[Name, Features], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if DQN in self.feature_sets:
            raise ValueError(f"feature_sets has {DQN!r}; allowed: any other name")
        if not self.maximum_steps <= self.clock.every <= self.length:
            raise ValueError(
                f"clock.every is {self.clock.every}; "
                f"allowed: from maximum_steps, {self.maximum_steps}, to length, {self.length}"
            )
        return self

    def needs(self) -> Iterator[Need]:
        """Yield what packs, trainings, evaluation and curves ask for."""
        packs, lanes = {"packs": self.packs}, {"lanes_per_pack": self.lanes_per_pack}
        yield capacity.memory("the list of packs", self.packs * capacity.PACK, packs)
        yield from self.evaluation.needs_for(lanes)
        yield from self.needs_for(lanes, packs)
        points, given = self.length // self.clock.every, {"clock.every": self.clock.every}
        size = 8 * points * capacity.product(packs, lanes)
        given |= {"length": self.length} | packs | lanes
        yield capacity.memory("the curves by steps", size, given)


def train_and_evaluate(params: Params, pack: packs.Pack) -> linear_q_learning.Trial:
    """Return the trial of a pack's lanes."""
    chosen = params.feature_sets[pack.variant]
    keys = seeds.lane_keys(params.seed, f"{NAME} {pack.variant}", pack.lanes)
    return linear_q_learning.trial(params, chosen, keys, params.evaluation)


def dqn_trial(limits: tuple[int, ...]) -> linear_q_learning.Trial:
    """Return what the lanes of dqn_training did; CartPole pays 1 a step, so returns are steps."""
    samples = artifacts.read_csv(DQN_RESULTS / "samples.csv")
    returns = artifacts.read_csv(DQN_RESULTS / "returns.csv").filter(like="lane_").to_numpy(float)
    columns = [f"final_{limit}" for limit in limits]
    if missing := [column for column in columns if column not in samples]:
        raise UserError(
            f"{DQN_RESULTS}/samples.csv has no {missing[0]}; "
            f"allowed as evaluation.limits: those of dqn_training"
        )
    played = samples[columns].to_numpy(float).T
    return linear_q_learning.Trial(
        returns, np.nancumsum(returns, axis=0), played, np.isnan(played[0]),
        np.zeros((0, 2, len(samples))),
    )  # fmt: skip


def weights(trials: dict[str, linear_q_learning.Trial], params: Params) -> pd.DataFrame:
    """Return a row for each feature set, lane and feature: the weights of the two actions."""
    rows = [
        (name, lane, feature, *actions[:, lane])
        for name, trial in trials.items()
        for lane in range(params.packs * params.lanes_per_pack)
        for feature, actions in zip(
            (*params.feature_sets[name], "bias"), trial.weights, strict=False
        )
    ]
    return pd.DataFrame(rows, columns=pd.Index(["variant", "lane", "feature", "left", "right"]))


def run(params: Params) -> dict:
    """Train and evaluate with all feature sets, and compare with the DQN."""
    evaluation, clock = params.evaluation, params.clock
    deep = {DQN: dqn_trial(evaluation.limits)}
    cut = packs.cut(params.packs, params.lanes_per_pack, params.feature_sets)
    results = packs.by_variant(cut, packs.run(partial(train_and_evaluate, params), cut, label=NAME))
    linear = {name: linear_q_learning.joined(parts) for name, parts in results.items()}
    times = [f"steps_to_{target}" for target in clock.targets]
    returns = [f"greedy_{limit}" for limit in evaluation.limits]
    grid = np.arange(clock.every, params.length + 1, clock.every)
    samples, curves, quantiles, learners = {}, {}, {}, {}
    for name, trial in (deep | linear).items():
        lanes = step_clock.episodes(trial.returns, trial.steps)
        table = step_clock.samples(
            lanes, trial.steps[-1], budget=params.length, last=LAST, window=clock.window,
            targets=clock.targets,
        ).assign(diverged=trial.diverged)  # fmt: skip
        table[returns] = trial.greedy.T
        by_lane = step_clock.by_steps(lanes, grid, clock.window)
        samples[name] = table
        curves[name] = training.by_lane(by_lane, "steps").assign(steps=grid)
        quantiles[name] = training.quantiles(by_lane, "steps").assign(steps=grid)
        learners[name] = {
            **{c: intervals.summary(table[c]) for c in ("last_return", "environment_steps")},
            "diverged": int(np.count_nonzero(trial.diverged)),
            **{column: variants.reached(table[column].to_numpy()) for column in times},
            "greedy": training.evaluation(
                trial.greedy[:, None], evaluation.limits, evaluation.solved_share
            ),
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
