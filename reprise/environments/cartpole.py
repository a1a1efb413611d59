"""CartPole-v1 in TensorFlow operations, for many carts at once.

Equations, constants and explicit Euler steps are those of Gymnasium's CartPole-v1, in float32.
Gymnasium integrates in float64 and returns float32: each step agrees to float32 rounding.
Source: Barto, Sutton and Anderson (1983), appendix; Florian (2005), equations 23 and 24.
"""

from __future__ import annotations

from dataclasses import dataclass

from reprise.environments.base import Environment, Step
from reprise.nn import streams
from reprise.nn.determinism import tf
from reprise.nn.networks import materialize


def sine_and_cosine(angle: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute both to float32 precision, up to half a radian.

    By Taylor's series to the ninth degree: the C library's bits differ between systems.
    """
    square = angle * angle
    sine = angle * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72))))
    cosine = 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56)))
    return sine, cosine


@dataclass(frozen=True)
class CartPole(Environment):
    """Compiled CartPole, with its constants in SI units.

    State and observation [..., 4, N] hold position (m), velocity (m/s), angle (rad) and angular
    velocity (rad/s).
    """

    gravity: float = 9.8
    cart_mass: float = 1.0
    pole_mass: float = 0.1
    pole_half_length: float = 0.5
    force: float = 10.0
    time_step: float = 0.02
    position_limit: float = 2.4
    angle_limit: float = 0.20943951023931953  # 12 degrees
    initial_limit: float = 0.05
    observation_size = 4
    actions = 2

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, 4, N], uniform in +-0.05."""
        return (2 * streams.uniform(keys, (*shape, 4)) - 1) * self.initial_limit

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the states, which are the observations."""
        return state

    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor | None = None) -> Step:
        """Push left (0) or right (1); each step pays 1."""
        p = self
        position, velocity, angle, spin = tf.unstack(state, axis=-2)
        total_mass, moment = p.cart_mass + p.pole_mass, p.pole_mass * p.pole_half_length
        force = tf.where(action == 1, p.force, -p.force)
        sin, cos = sine_and_cosine(angle)
        # Otherwise XLA recomputes it in every sum that uses it, and rounds it differently.
        (total_force,) = materialize([force + moment * spin * spin * sin])
        push = total_force / total_mass
        spin_rate = (p.gravity * sin - cos * push) / (
            p.pole_half_length * (4 / 3 - p.pole_mass * cos * cos / total_mass)
        )
        acceleration = push - moment * spin_rate * cos / total_mass
        rates = (velocity, acceleration, spin, spin_rate)
        now = (position, velocity, angle, spin)
        following = tf.stack([x + p.time_step * r for x, r in zip(now, rates, strict=True)], -2)
        out_of_bounds = tf.abs(following[..., 0, :]) > p.position_limit
        terminated = out_of_bounds | (tf.abs(following[..., 2, :]) > p.angle_limit)
        return following, tf.ones_like(position), terminated
