"""Networks at points of their training, recorded in its loop.

Of S points and K rounds, point p holds the weights after floor(p K / (S - 1)) rounds: the first is
untrained, the last is trained. Without points nothing is recorded, and a program stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reprise.nn import programs
from reprise.nn.determinism import tf
from reprise.nn.networks import Weights

NAME = "snapshots"  # of a run's weights [S, .., N]


def empty(points: int, weights: Weights) -> list[tf.TensorArray]:
    """Return arrays for weights at so many points."""
    return programs.recorder(points, [(tf.float32, w.shape) for w in weights] if points else [])


def take(
    taken: list[tf.TensorArray], points: int, k: tf.Tensor, rounds: int, weights: Weights
) -> list[tf.TensorArray]:
    """Write weights before round k over a point's earlier ones."""
    place = (k * (points - 1) + rounds - 1) // rounds
    return programs.record(taken, place, weights if points else [])


def of_run(env: Any, names: Sequence[str], found: Sequence[Any]) -> dict[str, list[np.ndarray]]:
    """Return networks for Gymnasium's own observations, by name.

    A program found the named ones, the trained ones first, and then the recorded ones.
    """
    numpy = [[tensor.numpy() for tensor in weights] for weights in found]
    weights = dict(zip(names, map(env.on_observations, numpy), strict=False))
    if numpy[-1]:
        before = list(zip(*numpy[-1], strict=True))[:-1]  # in the last point's place is an earlier
        points = [*map(env.on_observations, before), weights[names[0]]]
        weights[NAME] = [np.stack(parts) for parts in zip(*points, strict=True)]
    return weights
