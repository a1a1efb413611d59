"""Approximate Q-learning with linear functions, against the DQN.

Each learner first tries all learning rates on seeds of their own. The best has the highest lower
bound of the mean return: a few lucky seeds do not make it so. Then the learner trains at the rate
of its section, and as `<learner>_tuned` at the best. All play equally many environment steps.

Reads params.yaml, with the section dqn_training. Writes to data/approximate_q_learning/:
metrics.json (how each learner trains and plays, and its comparison with the DQN), tuning.csv (a row
for each learner and learning rate), samples.csv (a row for each learner and seed), returns.csv
(mean return of the last episodes by environment steps, of shown seeds), learning_curve.csv (mean,
median and quantiles over seeds), weights.csv (final weights of tuned learners by feature and
action, the bias last).
"""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from reprise import hyperparameters as kinds
from reprise import seeds
from reprise.agents import dqn, evaluation
from reprise.environments.cartpole import CartPole
from reprise.environments.specification import CHAPTERS_OWN
from reprise.environments.wrappers import Feature, Featured, through_features
from reprise.measures import training, variants
from reprise.measures.training_run import TrainingRun, finite
from reprise.pipeline import packs, stage
from reprise.stats import intervals
from stages import dqn_training

NAME = "approximate_q_learning"
DQN = "dqn"  # the learner that the others are compared with
TUNED = "_tuned"


class Clock(kinds.Frozen):
    """The points of curves, and the returns to reach."""

    every: kinds.PositiveInt  # environment steps between two points of a curve
    window: kinds.PositiveInt  # episodes in a mean return
    targets: kinds.HiddenSizes  # mean returns to reach


class Tuning(kinds.Frozen):
    """The learning rates that each learner tries, on pilot seeds."""

    seed: kinds.Seed
    seeds: kinds.AtLeastTwo  # of each learner and rate
    learning_rates: kinds.Some[kinds.PositiveFloat]


class Params(dqn.Hyperparameters, kinds.Experiment):
    """The section of params.yaml, and that of dqn_training."""

    total_episodes: None
    total_steps: kinds.PositiveInt
    dueling: Literal[False]
    seeds: kinds.AtLeastTwo
    clock: Clock
    tuning: Tuning
    feature_sets: Annotated[dict[kinds.Name, kinds.Some[Feature]], Field(min_length=1)]
    deep: Any = None  # the section dqn_training, of its own model

    @staticmethod
    def borrowed(section: Mapping[str, Any]) -> dict[str, tuple[str, type[kinds.Frozen]]]:
        """Return the DQN's section and model, by field."""
        return {"deep": (dqn_training.NAME, dqn_training.Params)}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in self.feature_sets:
            if name == DQN or name.endswith(TUNED):
                raise ValueError(f"feature_sets has {name!r}; allowed: any other name")
        if not self.maximum_steps <= self.clock.every <= self.total_steps:
            allowed = f"maximum_steps, {self.maximum_steps}, to total_steps, {self.total_steps}"
            raise ValueError(f"clock.every is {self.clock.every}; allowed: from {allowed}")
        return self

    @property
    def learners(self) -> list[str]:
        """The names of all learners, the DQN first."""
        return [DQN, *self.feature_sets]

    def of(self, learner: str) -> dqn.Hyperparameters:
        """Return a learner's hyperparameters."""
        return kinds.part(dqn.Hyperparameters, self.deep if learner == DQN else self)


def train(
    params: Params, pack: packs.Pack, *, purpose: str, rates: Mapping[str, Sequence[float]]
) -> TrainingRun:
    """Return the evaluated run of a pack's seeds.

    The rates are the learning rates of each variant's seeds.
    """
    learner = pack.variant.removesuffix(TUNED)
    base, chosen = params.of(learner), params.feature_sets.get(learner)
    tried = [rates[pack.variant][seed] for seed in pack.seeds]
    each = [base.model_copy(update={"learning_rate": rate}) for rate in tried]
    keys = seeds.training_keys(params.seed, f"{NAME} {purpose} {pack.variant}", pack.seeds)
    run = dqn.train(each, Featured(chosen=chosen) if chosen else CartPole(), keys)
    policies = {"greedy": dqn.policy(run.weights["final"], each)}
    through = [partial(through_features, chosen=chosen)] if chosen else []
    run = evaluation.evaluated(run, policies, CHAPTERS_OWN, params.evaluation, *through)
    return run._replace(losses=run.losses[:0], targets=run.targets[:0])  # large, and not read


def tune(params: Params) -> pd.DataFrame:
    """Return each learner's mean return by learning rate.

    A diverged seed counts as 0, less than any other.
    """
    tuning, played = params.tuning, params.evaluation
    rates = [rate for rate in tuning.learning_rates for _ in range(tuning.seeds)]
    apart = {"limits": played.limits[:1], "first_seed": played.first_seed + played.episodes}
    others = {"seed": tuning.seed, "evaluation": played.model_copy(update=apart)}
    pilot = params.model_copy(update=others | {"seeds": len(rates)})
    task = partial(train, purpose="tuning", rates=dict.fromkeys(params.learners, rates))
    rows = []
    for learner, run in evaluation.in_packs(task, pilot, NAME, params.learners).items():
        returns = np.nan_to_num(run.evaluations["greedy"][0].mean(axis=0))  # [N], by rate
        by_rate = returns.reshape(len(tuning.learning_rates), tuning.seeds)
        for rate, sample in zip(tuning.learning_rates, by_rate, strict=True):
            found = intervals.mean_interval(sample)
            rows.append((learner, rate, *found.columns("mean").values(), found.n))
    columns = ["learner", "learning_rate", "mean", "mean_low", "mean_high", "n"]
    return pd.DataFrame(rows, columns=pd.Index(columns))


def table(run: TrainingRun, params: Params) -> pd.DataFrame:
    """Return each seed's training within the budget, and its returns."""
    window, budget, lost = params.clock.window, params.total_steps, run.evaluations["greedy"][0, 0]
    last = training.by_steps(run, np.array([budget]), training.LAST_EPISODES)
    found = pd.DataFrame({"seed": range(len(lost)), "last_return": last[0]})
    found["environment_steps"] = run.steps[-1]
    found["episodes"] = np.count_nonzero(~np.isnan(run.returns), axis=0)
    for goal in params.clock.targets:
        reach = (run.returns, run.steps, goal, window, budget)
        found[f"steps_to_{goal}"] = training.steps_to(*reach)
    found["diverged"] = np.isnan(lost)
    return found.join(training.evaluated(run.evaluations, params.evaluation.limits))


def weights(runs: dict[str, TrainingRun], params: Params) -> pd.DataFrame:
    """Return all weights by feature; none with hidden layers."""
    rows = []
    for learner in params.feature_sets if not params.hidden_sizes else ():
        name = learner + TUNED
        kernel, bias = runs[name].weights["final"]  # [A, F, N] and [A, N]
        actions = finite(np.concatenate([kernel.swapaxes(0, 1), bias[None]]))  # [F + 1, A, N]
        rows += [
            (name, seed, feature, *actions[place, :, seed])
            for seed in range(params.seeds)
            for place, feature in enumerate((*params.feature_sets[learner], "bias"))
        ]
    return pd.DataFrame(rows, columns=pd.Index(["variant", "seed", "feature", "left", "right"]))


def run(params: Params) -> dict:
    """Tune, train and evaluate all learners, and compare."""
    limits, clock, tuning = params.evaluation.limits, params.clock, tune(params)
    best = tuning.loc[tuning.groupby("learner")["mean_low"].idxmax()].set_index("learner")
    rates = {name: params.of(name).learning_rate for name in params.learners}
    rates |= {name + TUNED: float(best["learning_rate"][name]) for name in params.learners}
    every_rate = {name: (rate,) * params.seeds for name, rate in rates.items()}
    task = partial(train, purpose="training", rates=every_rate)
    runs = evaluation.in_packs(task, params, NAME, rates)
    points = np.arange(clock.every, params.total_steps + 1, clock.every)
    samples, learners = {name: table(run, params) for name, run in runs.items()}, {}
    times = [f"steps_to_{target}" for target in clock.targets]
    for name, own in samples.items():
        played = training.evaluations(runs[name], params.evaluation)
        learners[name] = {
            "learning_rate": rates[name],
            **{c: intervals.summary(own[c]) for c in ("last_return", "environment_steps")},
            "diverged": played.pop("diverged"),
            **{column: variants.reached(own[column].to_numpy()) for column in times},
            **played,
        }
    every = variants.stacked(samples)
    tuned = every.loc[every["variant"].str.endswith(TUNED)]
    return {
        "metrics.json": {
            "learners": learners,
            "against_dqn": against(every, DQN, limits, times),
            "against_dqn_tuned": against(tuned, DQN + TUNED, limits, times),
        },
        "tuning.csv": tuning,
        "samples.csv": every,
        **variants.curves_by_steps(runs, points, dict.fromkeys(runs, clock.window)),
        "weights.csv": weights(runs, params),
    }


def against(
    samples: pd.DataFrame, baseline: str, limits: Sequence[int], times: Sequence[str]
) -> dict:
    """Return comparisons of returns and times with a learner's."""
    columns = ("last_return", *(f"greedy_{limit}" for limit in limits))
    found = {column: variants.comparisons(samples, column, baseline) for column in columns}
    return found | {column: variants.sooner(samples, column, baseline) for column in times}


headline = variants.headline

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
