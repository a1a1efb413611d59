"""Evaluation of training runs in Gymnasium."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from reprise.environments.retrace import Remembering
from reprise.environments.rollout import Act, evaluate
from reprise.environments.specification import Specification
from reprise.hyperparameters import Evaluation
from reprise.measures.training_run import TrainingRun
from reprise.nn import networks


def evaluated(
    run: TrainingRun,
    policies: Mapping[str, Act],
    environment: Specification | str,
    evaluation: Evaluation,
    through: Callable[[Act], Act] = lambda act: act,
) -> TrainingRun:
    """Return a run with its evaluations, NaN for seeds without a policy.

    A diverged network is not a policy, and a seed without a finished episode has no best one.

    Args:
        run: of N seeds.
        policies: by the way of playing; the run keeps the first one's actions for an animation. A
            name not among the run's weights plays the final ones.
        environment: the environment.
        evaluation: its episodes and limits.
        through: turns a policy of training observations into one of Gymnasium's observations.
    """
    seeds = run.returns.shape[1]
    first, *_ = policies
    remembering = Remembering(policies[first])
    found = {}
    for name, act in {**policies, first: remembering}.items():
        missing = networks.diverged(run.weights.get(name, run.weights["final"]))
        if name == "best":
            missing = missing | np.isnan(run.returns).all(axis=0)
        returns = evaluate(through(act), environment, evaluation.seeds, seeds, evaluation.limits)
        found[name] = np.where(missing, np.nan, returns)
    return run._replace(evaluations=found, actions=remembering.actions(evaluation.limits[0]))
