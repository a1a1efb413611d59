"""Acrobot-v1 in TensorFlow operations, for many acrobots at once.

Two links hang from a bar, and a motor turns the joint between them. The goal is to swing the free
end higher than one link's length above the bar. The equations are the book's. Constants, bounds and
the integration (one Runge-Kutta step of fourth order) are Gymnasium's. Gymnasium integrates in
float64: one step agrees to float32 rounding, but whole episodes differ, as the motion is chaotic.
Source: Sutton (1996); Sutton and Barto (1998), section 11.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from reprise.environments.base import Environment, Step
from reprise.environments.cartpole import sine_and_cosine
from reprise.nn import streams
from reprise.nn.determinism import tf

Four = list["tf.Tensor"]  # both angles, both speeds

# A right angle in two parts: small multiples of the first are exact in float32.
RIGHT_ANGLE = (1.5703125, pi / 2 - 1.5703125)


def nearest_multiple(angle: tf.Tensor, right_angles: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Divide an angle by right angles: nearest count and rest.

    Up to a hundred radians, the error of the rest is 3e-9 plus its own rounding.
    """
    high, low = (right_angles * part for part in RIGHT_ANGLE)
    number = tf.round(angle / (high + low))
    return number, (angle - number * high) - number * low


def sine_and_cosine_of_any(angle: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute both to float32 precision, up to a hundred radians.

    CartPole's series covers an eighth of a turn on either side of each right angle.
    """
    number, rest = nearest_multiple(angle, 1)
    quarter = tf.cast(number, tf.int32)
    sine, cosine = sine_and_cosine(rest)
    swapped = tf.bitwise.bitwise_and(quarter, 1) == 1
    sine, cosine = tf.where(swapped, cosine, sine), tf.where(swapped, sine, cosine)
    lower_half = tf.bitwise.bitwise_and(quarter, 2) == 2
    left_half = tf.bitwise.bitwise_and(quarter + 1, 2) == 2
    return tf.where(lower_half, -sine, sine), tf.where(left_half, -cosine, cosine)


def derivative(state: Four, torque: tf.Tensor, p: Acrobot) -> Four:
    """Compute rates of change; d and phi are the book's."""
    angle_1, angle_2, speed_1, speed_2 = state
    (sin_1, cos_1), (sin_2, cos_2) = (sine_and_cosine_of_any(x) for x in (angle_1, angle_2))
    lever, inertia = p.mass * p.length * p.to_centre_of_mass, p.moment_of_inertia
    own = p.mass * p.to_centre_of_mass**2
    d_1 = own + (p.mass * p.length**2 + own + 2 * lever * cos_2) + 2 * inertia
    d_2 = own + lever * cos_2 + inertia
    # The book writes these sines as cosines of the angle minus a right angle.
    phi_2 = p.mass * p.to_centre_of_mass * p.gravity * (sin_1 * cos_2 + cos_1 * sin_2)
    turning = -lever * speed_2 * speed_2 * sin_2 - 2 * lever * speed_2 * speed_1 * sin_2
    phi_1 = turning + p.mass * (p.to_centre_of_mass + p.length) * p.gravity * sin_1 + phi_2
    rate_2 = (torque + d_2 / d_1 * phi_1 - lever * speed_1 * speed_1 * sin_2 - phi_2) / (
        own + inertia - d_2 * d_2 / d_1
    )
    return [speed_1, speed_2, -(d_2 * rate_2 + phi_1) / d_1, rate_2]


def runge_kutta(state: Four, torque: tf.Tensor, p: Acrobot) -> Four:
    """Integrate over one time step."""

    def after(time: float, slopes: Four) -> Four:
        return [x + time * k for x, k in zip(state, slopes, strict=True)]

    k_1 = derivative(state, torque, p)
    k_2 = derivative(after(p.time_step / 2, k_1), torque, p)
    k_3 = derivative(after(p.time_step / 2, k_2), torque, p)
    k_4 = derivative(after(p.time_step, k_3), torque, p)
    slopes = zip(k_1, k_2, k_3, k_4, strict=True)
    return after(p.time_step / 6, [a + 2 * b + 2 * c + d for a, b, c, d in slopes])


@dataclass(frozen=True)
class Acrobot(Environment):
    """Compiled Acrobot, with its constants in SI units.

    A state [..., 4, N] holds two angles (rad), the first link's from hanging down and the second's
    from the first, then their speeds (rad/s). An observation [..., 6, N] holds cosine and sine of
    each angle, then both speeds.
    """

    gravity: float = 9.8
    mass: float = 1.0
    length: float = 1.0
    to_centre_of_mass: float = 0.5
    moment_of_inertia: float = 1.0
    torque: float = 1.0
    time_step: float = 0.2
    speed_limits: tuple[float, float] = (4 * pi, 9 * pi)
    height: float = 1.0
    initial_limit: float = 0.1
    observation_size = 6
    actions = 3

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, 4, N], uniform in +-0.1."""
        return (2 * streams.uniform(keys, (*shape, 4)) - 1) * self.initial_limit

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Compute the observations [..., 6, N] of states."""
        angle_1, angle_2, *speeds = tf.unstack(state, axis=-2)
        (sin_1, cos_1), (sin_2, cos_2) = (sine_and_cosine_of_any(x) for x in (angle_1, angle_2))
        return tf.stack([cos_1, sin_1, cos_2, sin_2, *speeds], -2)

    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor | None = None) -> Step:
        """Turn the joint backwards (0), not (1), or forwards (2).

        A step pays -1, or 0 if it lifts the free end more than one link above the bar.
        """
        p = self
        torque = p.torque * tf.cast(action - 1, tf.float32)
        angle_1, angle_2, *speeds = runge_kutta(tf.unstack(state, axis=-2), torque, p)
        angle_1, angle_2 = (nearest_multiple(x, 4)[1] for x in (angle_1, angle_2))
        limited = zip(speeds, p.speed_limits, strict=True)
        speeds = [tf.clip_by_value(x, -limit, limit) for x, limit in limited]
        _, cosine = sine_and_cosine_of_any(angle_1)
        _, cosine_of_both = sine_and_cosine_of_any(angle_1 + angle_2)
        terminated = -cosine - cosine_of_both > p.height
        following = tf.stack([angle_1, angle_2, *speeds], -2)
        return following, tf.where(terminated, 0.0, -1.0), terminated
