"""Stored networks at play: policies, and episodes to watch.

The arrays are those of `networks.to_arrays`, from a stage's weights.npz or from `Trained.weights`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from reprise.environments import animation, rollout
from reprise.environments.spaces import spaces
from reprise.environments.specification import Specification, made
from reprise.errors import UserError
from reprise.hyperparameters import Evaluation
from reprise.nn import heads, networks
from reprise.nn.determinism import tf
from reprise.pipeline import artifacts

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Animation:
    """A GIF: a picture in notebooks, elsewhere its path."""

    path: Path
    alt: str  # a description

    def __repr__(self) -> str:
        """Return the path."""
        return str(self.path)

    def __fspath__(self) -> str:
        """Return the path, for `open` and the like."""
        return str(self.path)

    def _repr_html_(self) -> str:
        content = base64.b64encode(self.path.read_bytes()).decode()
        return f'<img src="data:image/gif;base64,{content}" alt="{escape(self.alt)}">'


def policy(arrays: Arrays, seed: int) -> networks.Act:
    """Make a seed's greedy policy.

    Raises:
        UserError: the seed is unknown or diverged, or the arrays are not networks.
    """
    at, layers = networks.place(arrays, seed), range(len(arrays["activations"]))
    names = [f"{part}_{layer}" for layer in layers for part in ("kernel", "bias")]
    weights = [np.transpose(arrays[name][at : at + 1]) for name in names]
    if networks.diverged(weights)[0]:
        raise UserError(f"seed {seed} diverged: its network is not a policy")
    settings = (str(arrays["activations"][0]), "log_deviation" in arrays)
    return networks.acting(_actions, weights, settings)


def _actions(weights: networks.Weights, observation: tf.Tensor, s: tuple[str, bool]) -> tf.Tensor:
    hidden, continuous = s
    outputs = networks.forward(weights, observation, hidden)  # pyright: ignore[reportArgumentType]
    return outputs if continuous else heads.greedy_action(outputs)


def watch(
    arrays: Arrays, seed: int, environment: Specification, evaluation: Evaluation, path: Path
) -> Animation:
    """Write an episode of a greedy policy to a GIF.

    It is the first episode of the evaluation, under its first time limit.

    Raises:
        UserError: the seed is unknown or diverged, or the networks do not fit the environment.
        EpisodeError: the environment raises an error, or has no pictures.
    """
    act = policy(arrays, seed)
    with made(environment, 1) as (played,):
        known = spaces(played, environment.id)
    features = arrays["kernel_0"].shape[1]
    if features != known.features:
        raise UserError(
            f"the networks take {features} numbers, but {environment.id} observes {known.features}"
        )
    outputs = arrays[f"bias_{len(arrays['activations']) - 1}"].shape[1]
    actions = max(2, outputs)  # one output is the probability of the first of two actions
    if "log_deviation" not in arrays and actions != known.actions:
        raise UserError(
            f"the networks choose among {actions} actions, but {environment.id} has {known.actions}"
        )
    episode = rollout.record(act, environment, evaluation.first_seed, evaluation.limits[0])
    artifacts.write(path, animation.gif(episode.frames, episode.frames_per_second))
    return Animation(path, f"Seed {seed} plays {environment.id} for {len(episode.actions)} steps")
