"""A trial of the DQN: lanes train, and their final and their best networks are played in Gymnasium.

Shapes: K rounds, L lanes, E evaluation episodes, T steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from reprise.agents import dqn
from reprise.environments import programs
from reprise.environments.retrace import Remembering
from reprise.environments.rollout import Act, evaluate
from reprise.environments.specification import Specification
from reprise.hyperparameters import Evaluation
from reprise.nn import networks

CURVES = ("returns", "steps", "losses", "targets")


class Trial(NamedTuple):
    """How lanes trained, and how good what they learned is."""

    returns: np.ndarray  # of training episodes [K, L]
    steps: np.ndarray  # environment steps so far [K, L]
    losses: np.ndarray  # NaN in rounds without learning, or without a finite loss [K, L]
    targets: np.ndarray  # the same of mean targets [K, L]
    weights: networks.Weights  # final [.., L]
    played: dict[str, np.ndarray]  # returns of final and best networks [limits, E, L]
    actions: np.ndarray  # of the final ones, of the first evaluation episode, int32 [T, L]


def trial(
    h: dqn.Hyperparameters, environment: Specification, keys: np.ndarray, evaluation: Evaluation
) -> Trial:
    """Train one lane for each key, and play its final and its best network.

    The returns are NaN of a network that has diverged, and of the best of a lane that finished no
    episode: there is none.

    Args:
        h: hyperparameters of the algorithm.
        environment: what is trained on, and played then.
        keys: uint32 [L, 2], from `seeds.lane_keys`.
        evaluation: how the policies are played.
    """
    trained = dqn.train(h, programs.environment(environment), keys)

    def play(act: Act, weights: networks.Weights) -> np.ndarray:
        returns = evaluate(act, environment, evaluation.seeds, len(keys), evaluation.limits)
        return np.where(networks.diverged(weights), np.nan, returns)

    remembering = Remembering(dqn.policy(trained.final, h))
    best = play(dqn.policy(trained.best, h), trained.best)
    unfinished = np.isnan(trained.returns).all(axis=0)
    played = {
        "final": play(remembering, trained.final), "best": np.where(unfinished, np.nan, best)
    }  # fmt: skip
    returns, losses, targets = (
        np.where(np.isfinite(curve), curve, np.nan)
        for curve in (trained.returns, trained.losses, trained.targets)
    )
    return Trial(
        returns, trained.steps, losses, targets, weights=trained.final, played=played,
        actions=remembering.actions(evaluation.limits[0]),
    )  # fmt: skip


def joined(
    trials: Sequence[Trial], side_by_side: Callable[[list[np.ndarray]], np.ndarray]
) -> Trial:
    """Return the trials of several packs as that of one.

    Args:
        trials: of the packs.
        side_by_side: makes one of their curves [K, L], which may be of several lengths.
    """
    ways = trials[0].played
    return Trial(
        *(side_by_side([getattr(trial, name) for trial in trials]) for name in CURVES),
        weights=networks.concatenate([trial.weights for trial in trials]),
        played={way: np.concatenate([t.played[way] for t in trials], axis=2) for way in ways},
        actions=np.concatenate([trial.actions for trial in trials], axis=1),
    )
