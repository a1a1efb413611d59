"""Keras' optimizers as pure functions that compile.

All updates are elementwise, so seeds do not mix. The constants are Keras' defaults.

Source: Kingma and Ba (2015), algorithm 1; Dozat (2016), algorithm 2; Keras 3, optimizers/nadam.py.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from reprise.nn.determinism import tf
from reprise.nn.networks import Weights

Optimizer = Literal["nadam", "adam", "sgd"]
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
DECAY = 0.96  # of Nadam's momentum schedule


class State(NamedTuple):
    """The state of an optimizer between steps.

    Powers are running products, because the bits of a power depend on the C library.
    """

    step: tf.Tensor  # steps so far, int32 []
    momentum: Weights
    velocity: Weights
    powers: tf.Tensor  # BETA_1, BETA_2 and DECAY, each to the power of `step`, float32 [3]
    schedule: tf.Tensor  # Nadam's product of momentum coefficients, float32 []


def init(weights: Weights) -> State:
    """Return the state before the first step."""
    zeros = [tf.zeros_like(weight) for weight in weights]
    return State(tf.constant(0), zeros, zeros, tf.ones([3]), tf.constant(1.0))


def apply(
    optimizer: Optimizer, state: State, weights: Weights, gradients: Weights, rate: tf.Tensor
) -> tuple[State, Weights]:
    """Take one descent step, at learning rates [N] or []."""
    step, schedule = state.step + 1, state.schedule
    if optimizer == "sgd":
        moved = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
        return state._replace(step=step), moved
    momentum = [m + (g - m) * (1 - BETA_1) for m, g in zip(state.momentum, gradients, strict=True)]
    squares = zip(state.velocity, gradients, strict=True)
    velocity = [v + (g * g - v) * (1 - BETA_2) for v, g in squares]
    powers = state.powers * tf.constant([BETA_1, BETA_2, DECAY])
    if optimizer == "nadam":
        now, then = BETA_1 * (1 - 0.5 * powers[2]), BETA_1 * (1 - 0.5 * DECAY * powers[2])
        schedule = schedule * now
        ahead = [
            m * (then / (1 - schedule * then)) + g * ((1 - now) / (1 - schedule))
            for m, g in zip(momentum, gradients, strict=True)
        ]
    else:
        ahead = [m / (1 - powers[0]) for m in momentum]
    weights = [
        w - rate * a / (tf.sqrt(v / (1 - powers[1])) + EPSILON)
        for w, a, v in zip(weights, ahead, velocity, strict=True)
    ]
    return State(step, momentum, velocity, powers, schedule), weights
