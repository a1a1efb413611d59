"""Tests the value of prior knowledge: rewards shaped by the pole's angle, and imitation.

Reads: params.yaml.
Writes to data/prior_knowledge/:
    metrics.json        environment steps to each target return, and comparisons with the baseline
    samples.csv         a row for each variant and seed
    returns.csv         mean true return of each iteration's episodes, one column for each seed
    learning_curve.csv  mean, median and quantiles over seeds
"""

import sys
from collections.abc import Iterator
from functools import partial
from typing import Annotated, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from reprise import seeds
from reprise.agents import imitation, reinforce
from reprise.agents.evaluation import evaluated
from reprise.capacity import Need
from reprise.environments.cartpole import CartPole
from reprise.environments.shaping import Shaped
from reprise.hyperparameters import Comparison, Frozen, Name, NonNegativeFloat, PositiveInt
from reprise.measures import training, variants
from reprise.measures.training_run import TrainingRun, join
from reprise.pipeline import packs, stage

NAME = "prior_knowledge"
CARTPOLE = "CartPole-v1"
ANGLE = 2  # the feature with a penalty


class Knowledge(Frozen):
    """The prior knowledge of a variant."""

    penalty: NonNegativeFloat  # less reward for each rad
    imitates: bool


class Params(reinforce.Hyperparameters, Comparison):
    """The section of params.yaml."""

    imitation: imitation.Hyperparameters
    variants: dict[Name, Knowledge]
    targets: Annotated[tuple[PositiveInt, ...], Field(strict=False, min_length=1)]
    window: PositiveInt

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.window > self.iterations:
            allowed = f"at most iterations, {self.iterations}"
            raise ValueError(f"window is {self.window}; allowed: {allowed}")
        return self

    def needs(self) -> Iterator[Need]:
        """Yield the needs of trainings and imitation."""
        yield from super().needs()
        yield from self.imitation.needs_for(self.maximum_steps or 1, self.trained_at_once)


class Learned(NamedTuple):
    """A training run, and the imitation before it."""

    run: TrainingRun
    shown: np.ndarray  # environment steps recorded for imitation [N]
    agreement: np.ndarray  # share of these steps with equal actions of network and rule [N]


def train_and_evaluate(params: Params, pack: packs.Pack) -> Learned:
    """Return a pack's training with shaped rewards and its evaluation with true ones."""
    knowledge = params.variants[pack.variant]
    environment = CartPole()
    if knowledge.penalty:
        environment = Shaped(environment, ANGLE, knowledge.penalty)
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    before, initial = np.zeros(pack.size), None
    agreement = np.full(pack.size, np.nan)
    if knowledge.imitates:
        initial, before, agreement = imitation.imitate(params, params.imitation, CartPole(), keys)
    run = reinforce.train(params, environment, keys, initial)
    # CartPole's true reward is 1 for each step.
    steps = np.diff(run.steps, axis=0, prepend=0).astype(np.float32)
    run = run._replace(returns=steps / params.episodes_per_iteration)
    policies = {"greedy": reinforce.policy(run.weights["final"], params)}
    return Learned(evaluated(run, policies, CARTPOLE, params.evaluation), before, agreement)


def run(params: Params) -> dict:
    """Train and evaluate all variants."""
    cut = packs.cut(
        params.seeds, params.pack_size, {n: k.penalty for n, k in params.variants.items()}
    )
    grouped = packs.by_variant(cut, packs.run(partial(train_and_evaluate, params), cut, label=NAME))
    runs = {name: join([each.run for each in found]) for name, found in grouped.items()}
    found = variants.results(runs, params.evaluation, params.baseline, params.seed)
    samples, metrics = found["samples.csv"], found["metrics.json"]
    for column in ("shown", "agreement"):
        samples[column] = np.concatenate([getattr(e, column) for f in grouped.values() for e in f])
    for target in params.targets:
        samples[f"steps_to_{target}"] = (
            np.concatenate(
                [
                    training.steps_to(run.returns, run.steps, target, params.window)
                    for run in runs.values()
                ]
            )
            + samples["shown"]
        )
    columns = [f"steps_to_{target}" for target in params.targets]
    for name, group in samples.groupby("variant", sort=False):
        metrics["variants"][name] |= {column: variants.reached(group[column]) for column in columns}
    metrics[f"sooner_than_{params.baseline}"] = {
        column: variants.sooner(samples, column, params.baseline, seed=params.seed)
        for column in columns
    }
    return found


def headline(results: dict) -> str:
    """Return how many environment steps the variants need for the last target."""
    found = results["metrics.json"]["variants"]
    name = [key for key in next(iter(found.values())) if key.startswith("steps_to_")][-1]
    shares = ", ".join(f"{v.replace('_', ' ')} {e[name]['share']:.0%}" for v, e in found.items())
    lost = variants.diverged(found)
    return f"seeds that come to {name.removeprefix('steps_to_')}: {shares}{lost}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
