"""Pendulum-v1 in TensorFlow operations, for many pendulums at once.

A motor turns a rod about its end. It is too weak to lift the rod directly: the rod must swing up.
Equations, constants, bounds and the semi-implicit Euler step are those of Gymnasium's Pendulum-v1,
in float32. Gymnasium integrates in float64 and lets the angle grow; here it stays within half a
turn of upright, where float32 is precise. Each step agrees to float32 rounding. Only the time limit
ends an episode. Source: Gymnasium, classic control environments.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from reprise.environments.acrobot import nearest_multiple, sine_and_cosine_of_any
from reprise.environments.base import Environment, Step
from reprise.nn import streams
from reprise.nn.determinism import tf


@dataclass(frozen=True)
class Pendulum(Environment):
    """Compiled Pendulum, with its constants in SI units.

    A state [..., 2, N] holds the rod's angle from upright (rad) and its speed (rad/s). An
    observation [..., 3, N] holds cosine and sine of the angle, then the speed. An action
    [..., 1, N] is a torque (N m), clipped to its limits.
    """

    gravity: float = 10.0
    mass: float = 1.0
    length: float = 1.0
    time_step: float = 0.05
    speed_limit: float = 8.0
    torque_limit: float = 2.0
    initial_limits: tuple[float, float] = (pi, 1.0)
    observation_size = 3
    actions = 1
    continuous = True
    reward_dtype = "float64"

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, 2, N]: any angle, low speed."""
        limits = tf.constant(self.initial_limits)[:, None]
        return (2 * streams.uniform(keys, (*shape, 2)) - 1) * limits

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Compute the observations [..., 3, N] of states."""
        angle, speed = tf.unstack(state, axis=-2)
        sine, cosine = sine_and_cosine_of_any(angle)
        return tf.stack([cosine, sine, speed], -2)

    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor | None = None) -> Step:
        """Apply a torque; a step costs angle, speed and torque."""
        p = self
        angle, speed = tf.unstack(state, axis=-2)
        torque = tf.clip_by_value(action[..., 0, :], -p.torque_limit, p.torque_limit)
        cost = angle * angle + 0.1 * speed * speed + 0.001 * torque * torque
        sine, _ = sine_and_cosine_of_any(angle)
        fall, turn = 3 * p.gravity / (2 * p.length), 3 / (p.mass * p.length**2)
        speed = speed + (fall * sine + turn * torque) * p.time_step
        speed = tf.clip_by_value(speed, -p.speed_limit, p.speed_limit)
        _, angle = nearest_multiple(angle + speed * p.time_step, 4)
        return tf.stack([angle, speed], -2), -cost, tf.zeros_like(angle, tf.bool)
