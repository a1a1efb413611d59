"""Training in packs, and evaluation of the trained policies.

Policies play in Gymnasium. CartPole's policies are also asked for their actions on a plane: by the
angle and the angular velocity of the pole, while the cart stands still in the middle.

Shapes: N seeds, E episodes, P points of the plane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from reprise.environments.rollout import Act, Remembering, evaluate
from reprise.environments.specification import CHAPTERS_OWN, Specification
from reprise.hyperparameters import Ablation, Evaluation, Experiment
from reprise.measures import training
from reprise.measures.training_run import TrainingRun, join
from reprise.nn import networks
from reprise.pipeline import packs

ANGLES = np.linspace(-12, 12, 41)  # degrees; beyond, an episode has ended
ANGULAR_VELOCITIES = np.linspace(-2.6, 2.6, 41)  # rad/s


def in_packs(
    train: Callable, params: Experiment, label: str, variants: Iterable[str] = ("",)
) -> dict[str, TrainingRun]:
    """Train and evaluate all variants' seeds, pack by pack.

    `train` is a module's function of the parameters and a pack. `label` names the stage.
    """

    def so_far(runs: Sequence[TrainingRun]) -> str:
        way, limit = next(iter(runs[0].evaluations)), params.evaluation.limits[0]
        means = training.so_far([run.evaluations[way][0] for run in runs])
        return f"{way} return under {limit} steps {means}"

    seeds = params.seeds_of if isinstance(params, Ablation) else params.seeds
    cut = packs.cut(seeds, params.pack_size, variants)
    describe = None if cut[0].variant else so_far
    runs = packs.run(partial(train, params), cut, label=label, describe=describe)
    return {name: join(parts) for name, parts in packs.by_variant(cut, runs).items()}


def evaluated(
    run: TrainingRun,
    policies: Mapping[str, Act],
    environment: Specification | str,
    evaluation: Evaluation,
    through: Callable[[Act], Act] = lambda act: act,
) -> TrainingRun:
    """Evaluate a run's policies, by name, and add the returns.

    The returns of a missing policy are NaN: a diverged network is not a policy, and a seed without
    a finished episode has no best one. A name such as "greedy", which is not one of the run's
    weights, stands for the final weights. The run keeps the first policy's actions for an
    animation. `through` adapts a policy to Gymnasium's observations.
    """
    seeds, first = run.returns.shape[1], next(iter(policies))
    remembering, evaluations = Remembering(policies[first]), {}
    for name, act in {**policies, first: remembering}.items():
        missing = networks.diverged(run.weights.get(name, run.weights["final"]))
        if name == "best":
            missing = missing | np.isnan(run.returns).all(axis=0)
        returns = evaluate(through(act), environment, evaluation.seeds, seeds, evaluation.limits)
        evaluations[name] = np.where(missing, np.nan, returns)
    actions = remembering.actions(evaluation.limits[0])
    return run._replace(evaluations=evaluations, actions=actions)


def plane() -> pd.DataFrame:
    """List the plane's points, in degrees and rad/s [P]."""
    angle, velocity = (axis.ravel() for axis in np.meshgrid(ANGLES, ANGULAR_VELOCITIES))
    return pd.DataFrame({"angle": angle, "angular_velocity": velocity})


def actions(act: Act, environment: Specification, seeds: int) -> np.ndarray:
    """Compute actions on the plane [P, N], for CartPole only."""
    if environment.id != CHAPTERS_OWN or environment.wrappers:
        return np.empty((0, seeds), np.int64)
    angle, velocity = plane().to_numpy().T[..., None]
    observations = np.zeros((len(angle), 4, seeds), np.float32)
    observations[:, 2], observations[:, 3] = np.radians(angle), velocity
    return act(observations, 0)


def pushing_right(pushes: np.ndarray) -> pd.DataFrame:
    """Compute which share of seeds pushes right, by point.

    `pushes` are `actions` [P, N]; without seeds the table is empty.
    """
    chosen = pushes if pushes.shape[1] else np.empty((0, 1))
    return plane().iloc[: len(chosen)].assign(pushing_right=chosen.mean(axis=1))
