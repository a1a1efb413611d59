"""Snapshots of networks during their training.

With S points and K rounds, point p holds the weights after floor(p K / (S - 1)) rounds: the first
point is untrained, the last one trained. Without points nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reprise.nn import programs
from reprise.nn.determinism import tf
from reprise.nn.networks import Weights

NAME = "snapshots"  # their name among a run's weights [S, .., N]


def empty(points: int, weights: Weights) -> list[tf.TensorArray]:
    """Return arrays for the weights at all points."""
    return programs.recorder(points, [(tf.float32, w.shape) for w in weights] if points else [])


def take(
    taken: list[tf.TensorArray], points: int, k: tf.Tensor, rounds: int, weights: Weights
) -> list[tf.TensorArray]:
    """Write the weights before round k to the next point."""
    # Rounds between two points write to the later one, each over the one before.
    place = (k * (points - 1) + rounds - 1) // rounds
    return programs.record(taken, place, weights if points else [])


def of_run(env: Any, names: Sequence[str], found: Sequence[Any]) -> dict[str, list[np.ndarray]]:
    """Return networks that take Gymnasium's observations, by name.

    `found` are a program's weights: one list for each name, the final weights first, and then the
    snapshots.
    """
    numpy = [[tensor.numpy() for tensor in weights] for weights in found]
    weights = dict(zip(names, map(env.on_observations, numpy), strict=False))
    if numpy[-1]:
        before = list(zip(*numpy[-1], strict=True))[:-1]  # the last point is the final weights
        points = [*map(env.on_observations, before), weights[names[0]]]
        weights[NAME] = [np.stack(parts) for parts in zip(*points, strict=True)]
    return weights
