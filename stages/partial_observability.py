"""Trains REINFORCE on observations without velocities, or with noise.

Reads params.yaml. Writes to data/partial_observability/:
    metrics.json        how each variant trains, and its comparison with the baseline
    samples.csv         a row for each variant and seed, with its early return
    returns.csv         mean return of some iterations, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
"""

import math
import sys
from functools import partial
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from reprise import seeds
from reprise.agents import evaluation, reinforce
from reprise.environments.specification import CHAPTERS_OWN
from reprise.environments.wrappers import Sensed, Sensors, through_sensors
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

NAME = "partial_observability"
STEPS_A_SECOND = 50.0  # of CartPole


class Noise(Frozen):
    """The largest error of each feature."""

    position: NonNegativeFloat  # m
    velocity: NonNegativeFloat  # m/s
    angle: NonNegativeFloat  # rad
    angular_velocity: NonNegativeFloat  # rad/s


class Seen(Frozen):
    """The observations of a variant."""

    features: Some[Literal["position", "velocity", "angle", "angular_velocity"]]
    noisy: bool
    history: PositiveInt
    rates: bool  # rates of change instead of earlier measurements


class Params(reinforce.Hyperparameters, VariantExperiment):
    """The section of params.yaml."""

    early: PositiveInt  # iterations until the early return
    record_every: PositiveInt  # iterations between two rows of the curves
    noise: Noise
    variants: dict[Name, Seen]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.check_at_most("early", "iterations")
        self.check_at_most("record_every", "iterations")
        return self

    def sensors(self, variant: str) -> Sensors:
        """Return the sensors of a variant."""
        seen, places = self.variants[variant], list(Noise.model_fields)
        return Sensors.of(
            [places.index(feature) for feature in seen.features],
            [getattr(self.noise, feature) if seen.noisy else 0.0 for feature in places],
            seen.history,
            STEPS_A_SECOND if seen.rates else 0.0,
        )


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Train a pack, and evaluate it with the same observations."""
    environment = Sensed.by(params.sensors(pack.variant))
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    errors = seeds.generator(params.seed, f"{NAME} evaluation errors", pack.variant, pack.first)
    # Hidden inputs are 0, so their weights have no effect. The other weights are scaled as in a
    # network without these inputs.
    kernel, *others = reinforce.initial_weights(keys.T, environment, params)
    shown, outputs = np.count_nonzero(environment.sensors.scales), len(kernel)
    scale = math.sqrt((environment.observation_size + outputs) / (shown + outputs))
    run = reinforce.train(params, environment, keys, [scale * kernel, *others])
    policies = {"greedy": reinforce.policy(run.weights["final"], params)}
    through = partial(through_sensors, sensors=environment.sensors, random=errors)
    return evaluation.evaluated(run, policies, CHAPTERS_OWN, params.evaluation, through)


def run(params: Params) -> dict:
    """Train and evaluate all variants."""
    runs = evaluation.in_packs(train, params, NAME, params.variants)
    found = variants.results(runs, params.evaluation, params.baseline)
    early = [run.returns[: params.early][-training.LAST_ITERATIONS :] for run in runs.values()]
    found["samples.csv"]["early_return"] = np.concatenate([each.mean(axis=0) for each in early])
    for name in ("returns.csv", "learning_curve.csv"):  # small, although trainings are long
        found[name] = found[name][found[name]["iteration"] % params.record_every == 0]
    return found


headline = variants.headline

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
