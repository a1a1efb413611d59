"""Q-learning with a linear function of CartPole's features, and what its policies are worth.

The equations and the training are those of `dqn` without hidden layers; with a replay buffer of one
transition, a batch of one and plain gradient descent after every step, that is semi-gradient
Q-learning.

Shapes: K rounds, L lanes, F features, A actions.

Source: Sutton and Barto (2018), section 9.3 and equation 16.3, on semi-gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reprise.agents import dqn
from reprise.environments.cartpole import CartPole
from reprise.environments.features import Feature, Featured, through_features
from reprise.environments.rollout import evaluate
from reprise.hyperparameters import Evaluation
from reprise.nn import networks

ENVIRONMENT = "CartPole-v1"


class Trial(NamedTuple):
    """How lanes trained, and how good they are."""

    returns: np.ndarray  # of the last episode each round finished, NaN without one [K, L]
    steps: np.ndarray  # environment steps each lane has played by the end of each round [K, L]
    greedy: np.ndarray  # each lane's mean evaluation return, NaN if diverged [limits, L]
    diverged: np.ndarray  # as `networks.diverged` says [L]
    weights: np.ndarray
    """Of each feature and of the bias [F + 1, A, L], NaN if not finite; none behind hidden layers.
    """


def trial(
    h: dqn.Hyperparameters, chosen: tuple[Feature, ...], keys: np.ndarray, evaluation: Evaluation
) -> Trial:
    """Train one lane for each key, and play the greedy policies in Gymnasium.

    A lane that has diverged has no greater of two Q-values: it is no policy.

    Args:
        h: hyperparameters of the training.
        chosen: the features.
        keys: uint32 [L, 2], from `seeds.lane_keys`.
        evaluation: how the policies are played.
    """
    trained = dqn.train(h, Featured(CartPole(), chosen), keys)
    act = through_features(dqn.policy(trained.final, h), chosen)
    played = evaluate(act, ENVIRONMENT, evaluation.seeds, len(keys), evaluation.limits)
    diverged = networks.diverged(trained.final)
    kernel, bias = trained.final[-2:]
    weights = np.concatenate([kernel.swapaxes(0, 1), bias[None]])
    weights = np.where(np.isfinite(weights), weights, np.nan)
    return Trial(
        trained.returns, trained.steps, np.where(diverged, np.nan, played.mean(axis=1)), diverged,
        weights[:0] if h.hidden_sizes else weights,
    )  # fmt: skip


def joined(trials: Sequence[Trial]) -> Trial:
    """Return the trials of several packs as that of one; they have as many rounds."""
    return Trial(*(np.concatenate(field, axis=-1) for field in zip(*trials, strict=True)))
