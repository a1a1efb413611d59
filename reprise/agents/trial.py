"""A trial: lanes train by REINFORCE, and what they learned is played in Gymnasium.

Shapes: K iterations, L lanes, E evaluation episodes, T steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from reprise.agents import reinforce
from reprise.environments.base import Environment
from reprise.environments.retrace import Remembering
from reprise.environments.rollout import Act, evaluate
from reprise.environments.specification import Specification
from reprise.hyperparameters import Evaluation
from reprise.nn import networks

ENVIRONMENT = "CartPole-v1"


class Trial(NamedTuple):
    """How lanes trained, and how good they are."""

    returns: np.ndarray  # mean return of an iteration's episodes [K, L]
    steps: np.ndarray  # environment steps of an iteration, all episodes [K, L]
    final: networks.Weights  # [.., L]
    greedy: np.ndarray  # returns of the likeliest actions [limits, E, L]
    sampled: np.ndarray  # returns of sampled actions [limits, E, L]; no limits if not asked for
    actions: np.ndarray  # greedy, of the first evaluation episode, int32 [T, L]


def reinforce_trial(
    hyperparameters: reinforce.Hyperparameters,
    environment: Environment,
    keys: np.ndarray,
    evaluation: Evaluation,
    *,
    judged: Specification | str = ENVIRONMENT,
    initial: networks.Weights | None = None,
    random: np.random.Generator | None = None,
    through: Callable[[Act], Act] = lambda act: act,
) -> Trial:
    """Train one lane for each key by REINFORCE, and play the policies in Gymnasium.

    Their returns are NaN in lanes whose network has diverged: it is no policy.

    Args:
        hyperparameters: of the algorithm.
        environment: what is trained on.
        keys: uint32 [L, 2], from `seeds.lane_keys`.
        evaluation: how the policies are played; rewards are always Gymnasium's own.
        judged: in what they are played.
        initial: weights to begin with, [.., L].
        random: samples actions in a second evaluation; without it there is none.
        through: makes a policy of Gymnasium's observations from one of those trained on.
    """
    trained = reinforce.train(hyperparameters, environment, keys, initial)

    def play(act: Act) -> np.ndarray:
        seeds, limits = evaluation.seeds, evaluation.limits
        returns = evaluate(through(act), judged, seeds, len(keys), limits)
        return np.where(networks.diverged(trained.final), np.nan, returns)

    remembering = Remembering(reinforce.policy(trained.final, hyperparameters))
    greedy = play(remembering)
    sampled = greedy[:0]
    if random is not None:
        sampled = play(reinforce.policy(trained.final, hyperparameters, random))
    actions = remembering.actions(evaluation.limits[0])
    returns = np.where(np.isfinite(trained.returns), trained.returns, np.nan)
    return Trial(returns, trained.steps, trained.final, greedy, sampled, actions)


def joined(trials: Sequence[Trial]) -> Trial:
    """Return the trials of several packs as that of one; they have as many iterations."""
    weights = networks.concatenate([trial.final for trial in trials])
    merged = {
        name: np.concatenate([getattr(trial, name) for trial in trials], axis=-1)
        for name in Trial._fields
        if name != "final"
    }
    return Trial(final=weights, **merged)
