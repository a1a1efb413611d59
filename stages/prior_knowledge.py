"""Measures the value of shaped rewards and of imitation.

Reads params.yaml. Writes to data/prior_knowledge/:
    metrics.json        environment steps to each target return, comparisons with the baseline
    samples.csv         a row for each variant and seed
    returns.csv         true mean return of each iteration, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
"""

import sys
from typing import Self

import numpy as np
from pydantic import model_validator

from reprise import seeds
from reprise.agents import evaluation, imitation, reinforce
from reprise.environments.cartpole import CartPole
from reprise.environments.specification import CHAPTERS_OWN
from reprise.environments.wrappers import Shaped
from reprise.hyperparameters import (
    Frozen,
    Name,
    NonNegativeFloat,
    PositiveInt,
    Some,
    VariantExperiment,
)
from reprise.measures import training, variants
from reprise.measures.training_run import TrainingRun
from reprise.pipeline import packs, stage

NAME = "prior_knowledge"


class Knowledge(Frozen):
    """The prior knowledge in a variant."""

    penalty: NonNegativeFloat  # subtracted from the reward for each rad
    imitates: bool


class Params(reinforce.Hyperparameters, VariantExperiment):
    """The section of params.yaml."""

    imitation: imitation.Hyperparameters
    variants: dict[Name, Knowledge]
    targets: Some[PositiveInt]
    window: PositiveInt

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.check_at_most("window", "iterations")
        return self


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Train on shaped rewards, and evaluate on true ones.

    After imitation, `shown` counts the environment steps that the rule has shown, and `agreement`
    is the share of these steps in which the network chooses the rule's action.
    """
    knowledge = params.variants[pack.variant]
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    initial, shown, agreement = None, np.zeros(pack.size), np.full(pack.size, np.nan)
    if knowledge.imitates:
        initial, shown, agreement = imitation.imitate(params, params.imitation, CartPole(), keys)
    run = reinforce.train(params, Shaped(penalty=knowledge.penalty), keys, initial)
    # CartPole's true reward is 1 for each step.
    steps = np.diff(run.steps, axis=0, prepend=0).astype(np.float32)
    returns = steps / params.episodes_per_iteration
    run = run._replace(returns=returns, extras={"shown": shown, "agreement": agreement})
    policies = {"greedy": reinforce.policy(run.weights["final"], params)}
    return evaluation.evaluated(run, policies, CHAPTERS_OWN, params.evaluation)


def run(params: Params) -> dict:
    """Train and evaluate all variants."""
    runs, baseline = evaluation.in_packs(train, params, NAME, params.variants), params.baseline
    found = variants.results(runs, params.evaluation, baseline)
    samples, metrics = found["samples.csv"], found["metrics.json"]
    for column in ("shown", "agreement"):
        samples[column] = np.concatenate([run.extras[column] for run in runs.values()])
    sooner = metrics[f"sooner_than_{baseline}"] = {}
    for target in params.targets:
        column, reach = f"steps_to_{target}", (target, params.window)
        times = [training.steps_to(run.returns, run.steps, *reach) for run in runs.values()]
        samples[column] = np.concatenate(times) + samples["shown"]
        for name, group in samples.groupby("variant", sort=False):
            metrics["variants"][name][column] = variants.reached(group[column])
        sooner[column] = variants.sooner(samples, column, baseline)
    return found


def headline(results: dict) -> str:
    """Report the share of seeds that reach the last target."""
    found = results["metrics.json"]["variants"]
    name = [key for key in next(iter(found.values())) if key.startswith("steps_to_")][-1]
    shares = ", ".join(
        f"{each[name]['share']['estimate']:.0%} ({variants.in_words(key)})"
        for key, each in found.items()
    )
    lost = variants.diverged(found)
    return f"seeds that reach {name.removeprefix('steps_to_')}: {shares}{lost}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
