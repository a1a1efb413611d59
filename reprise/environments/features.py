"""Handcrafted features of CartPole: what a linear function sees of it in place of an observation.

    phi(s) = x, v, theta, omega, and products of two of them

All four are scaled to about +-1, so that one learning rate suits every weight: position and angle
by where an episode ends, velocity by half the track a second, angular velocity by the failing angle
in a tenth of a second, which is five steps. Velocities are clipped there: their squares would make
gradient steps as large as they please. The constant feature is the bias of the linear layer.

A push to the right moves the pole to the left whatever the state, so the four themselves are what
the better *push* hangs on: each changes its sign in a mirror. How *good* a state is must be the
same in a mirror, and no linear function of the four is. The products are: a square says how far
something is from the middle, position x velocity and angle x angular velocity whether it is on its
way out or back.

`Featured` is for compiled training, `through_features` shows the same to a policy in Gymnasium.

Shapes: E episodes, N seeds, O = 4 numbers of an observation, F features.

Source: Sutton and Barto (2018), section 9.5.1, on polynomials as features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from reprise.environments.cartpole import Physics
from reprise.environments.rollout import Act
from reprise.environments.wrapper import Wrapper
from reprise.nn.determinism import tf

Feature = Literal[
    "position", "velocity", "angle", "angular_velocity",
    "position_squared", "velocity_squared", "angle_squared", "angular_velocity_squared",
    "position_times_velocity", "angle_times_angular_velocity",
]  # fmt: skip
FEATURES: tuple[Feature, ...] = get_args(Feature)

PHYSICS = Physics()
SCALES = (
    PHYSICS.position_limit,  # m
    PHYSICS.position_limit,  # m/s
    PHYSICS.angle_limit,  # rad
    10 * PHYSICS.angle_limit,  # rad/s
)


def features(observation: tf.Tensor, chosen: tuple[Feature, ...]) -> tf.Tensor:
    """Return the chosen features [..., F, N] of observations [..., O, N]."""
    scaled = zip(tf.unstack(observation, axis=-2), SCALES, strict=True)
    x, v, angle, spin = (tf.clip_by_value(value / scale, -1.0, 1.0) for value, scale in scaled)
    every = (
        x, v, angle, spin,
        x * x, v * v, angle * angle, spin * spin,
        x * v, angle * spin,
    )  # fmt: skip
    named = dict(zip(FEATURES, every, strict=True))
    return tf.stack([named[name] for name in chosen], -2)


@dataclass(frozen=True)
class Featured(Wrapper):
    """A CartPole of which features are observed."""

    chosen: tuple[Feature, ...]

    @property
    def observation_size(self) -> int:
        """Return F, the number of features."""
        return len(self.chosen)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the features [..., F, N] of states."""
        return features(self.environment.observe(state), self.chosen)


def through_features(act: Act, chosen: tuple[Feature, ...]) -> Act:
    """Return a policy for Gymnasium's observations [E, O, N], of one that acts on features."""
    see: Callable[[tf.Tensor], tf.Tensor] = tf.function(
        lambda observations: features(observations, chosen), jit_compile=True, autograph=False
    )
    return lambda observations, step: act(see(tf.constant(observations)).numpy(), step)
