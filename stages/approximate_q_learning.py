"""Approximate Q-learning with linear functions, against the DQN.

Each learner first tries all learning rates on pilot seeds. The best rate has the highest lower
bound of the mean return, so that a few lucky seeds do not decide. Then each learner trains twice
on fresh seeds: at the rate of its section and, as `<learner>_tuned`, at its best rate. All linear
learners play equally many environment steps.

Reads params.yaml, also the section dqn_training. Writes to data/approximate_q_learning/:
    metrics.json        each learner's training and evaluation, and its comparison with the DQN
    tuning.csv          a row for each learner and learning rate
    samples.csv         a row for each learner and seed
    returns.csv         mean return of the last episodes by environment steps, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
    weights.csv         final weights of tuned linear learners, by feature and action
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
    """Points of the curves, and returns to reach."""

    every: kinds.PositiveInt  # environment steps between two points of a curve
    window: kinds.PositiveInt  # episodes in a mean return
    targets: kinds.HiddenSizes  # mean returns to reach


class Tuning(kinds.Frozen):
    """The learning rates that each learner tries, on pilot seeds."""

    seed: kinds.Seed
    seeds: kinds.AtLeastTwo  # for each learner and rate
    learning_rates: kinds.Some[kinds.PositiveFloat]


class Params(dqn.Hyperparameters, kinds.Experiment):
    """The section of params.yaml, with the section dqn_training."""

    total_episodes: None
    total_steps: kinds.PositiveInt
    dueling: Literal[False]
    seeds: kinds.AtLeastTwo
    clock: Clock
    tuning: Tuning
    feature_sets: Annotated[dict[kinds.Name, kinds.Some[Feature]], Field(min_length=1)]
    deep: Any = None  # the section dqn_training as its own model

    @staticmethod
    def borrowed(section: Mapping[str, Any]) -> dict[str, tuple[str, type[kinds.Frozen]]]:
        """Return the section and the model of the field `deep`."""
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
        """Names of the learners, the DQN first."""
        return [DQN, *self.feature_sets]

    def of(self, learner: str) -> dqn.Hyperparameters:
        """Return a learner's hyperparameters."""
        return kinds.part(dqn.Hyperparameters, self.deep if learner == DQN else self)

    @property
    def times(self) -> list[str]:
        """Columns with the environment steps to each target."""
        return [f"steps_to_{target}" for target in self.clock.targets]


def train(
    params: Params, pack: packs.Pack, *, purpose: str, rates: Mapping[str, Sequence[float]]
) -> TrainingRun:
    """Train and evaluate a pack at its learning rates."""
    learner = pack.variant.removesuffix(TUNED)
    base, chosen = params.of(learner), params.feature_sets.get(learner)
    own = [rates[pack.variant][seed] for seed in pack.seeds]
    each = [base.model_copy(update={"learning_rate": rate}) for rate in own]
    keys = seeds.training_keys(params.seed, f"{NAME} {purpose} {pack.variant}", pack.seeds)
    run = dqn.train(each, Featured(chosen=chosen) if chosen else CartPole(), keys)
    policies = {"greedy": dqn.policy(run.weights["final"], each)}
    through = [partial(through_features, chosen=chosen)] if chosen else []
    run = evaluation.evaluated(run, policies, CHAPTERS_OWN, params.evaluation, *through)
    return run._replace(losses=run.losses[:0], targets=run.targets[:0])  # large and unused


def tune(params: Params) -> pd.DataFrame:
    """Average each learner's returns by learning rate, on pilot seeds.

    A diverged seed counts as 0, the lowest return.
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
            row = {"learner": learner, "learning_rate": rate, **found.columns("mean")}
            rows.append(row | {"n": found.n})
    return pd.DataFrame(rows)


def run(params: Params) -> dict:
    """Tune, train and evaluate all learners, and compare them."""
    tuning = tune(params)
    best = tuning.loc[tuning.groupby("learner")["mean_low"].idxmax()].set_index("learner")
    rates = {name: params.of(name).learning_rate for name in params.learners}
    rates |= {name + TUNED: float(best["learning_rate"][name]) for name in params.learners}
    by_seed = {name: (rate,) * params.seeds for name, rate in rates.items()}
    task = partial(train, purpose="training", rates=by_seed)
    runs = evaluation.in_packs(task, params, NAME, rates)
    samples = {name: table(run, params) for name, run in runs.items()}
    every = variants.stacked(samples)
    tuned = every.loc[every["variant"].str.endswith(TUNED)]
    points = np.arange(params.clock.every, params.total_steps + 1, params.clock.every)
    return {
        "metrics.json": {
            "learners": {
                name: {"learning_rate": rates[name]} | summary(run, samples[name], params)
                for name, run in runs.items()
            },
            "against_dqn": against(every, DQN, params),
            "against_dqn_tuned": against(tuned, DQN + TUNED, params),
        },
        "tuning.csv": tuning,
        "samples.csv": every,
        **variants.curves_by_steps(runs, points, dict.fromkeys(runs, params.clock.window)),
        "weights.csv": weights(runs, params),
    }


def table(run: TrainingRun, params: Params) -> pd.DataFrame:
    """List each seed's training within the budget, and its evaluation."""
    window, budget, lost = params.clock.window, params.total_steps, run.evaluations["greedy"][0, 0]
    last = training.by_steps(run, np.array([budget]), training.LAST_EPISODES)
    found = pd.DataFrame({"seed": range(len(lost)), "last_return": last[0]})
    found["environment_steps"] = run.steps[-1]
    found["episodes"] = np.count_nonzero(~np.isnan(run.returns), axis=0)
    for column, target in zip(params.times, params.clock.targets, strict=True):
        found[column] = training.steps_to(run.returns, run.steps, target, window, budget)
    found["diverged"] = np.isnan(lost)
    return found.join(training.evaluated(run.evaluations, params.evaluation.limits))


def summary(run: TrainingRun, samples: pd.DataFrame, params: Params) -> dict:
    """Summarize the training and the evaluation of a learner."""
    played = training.evaluations(run, params.evaluation)
    return {
        "last_return": intervals.summary(samples["last_return"]),
        "environment_steps": intervals.summary(samples["environment_steps"]),
        "diverged": played.pop("diverged"),
        **{time: variants.reached(samples[time].to_numpy()) for time in params.times},
        **played,
    }


def against(samples: pd.DataFrame, baseline: str, params: Params) -> dict:
    """Compare returns and times with those of one learner."""
    returns = ("last_return", *(f"greedy_{limit}" for limit in params.evaluation.limits))
    found = {column: variants.comparisons(samples, column, baseline) for column in returns}
    return found | {time: variants.sooner(samples, time, baseline) for time in params.times}


def weights(runs: dict[str, TrainingRun], params: Params) -> pd.DataFrame:
    """List the tuned learners' weights by seed and feature.

    The bias comes last. With hidden layers the table is empty: a feature has no weight of its own.
    """
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


headline = partial(variants.headline, of="learners")

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
