"""Compiled CartPoles with other rewards, features or sensors.

`through_features` and `through_sensors` show the same to a policy that plays in Gymnasium.

The features of CartPole are its four observations x, v, theta, omega, and products of two of them.
They are scaled to about +-1, so that one learning rate suits every weight, and clipped there, as
squares of velocities could make gradient steps huge. In a mirror the four change their sign, like
the better *push*; the products keep theirs, like the *value* of a state.

Penalties and sensors are inputs of a program, so variants share the program.

Shapes: N seeds, O features of the environment, F chosen ones, H measurements.
Source: Randlov and Alstrom (1998), on shaping; Sutton and Barto (2018), section 9.5.1, on
polynomials as features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from reprise.environments.base import Step
from reprise.environments.cartpole import CartPole
from reprise.environments.rollout import Act, Actions, Observations
from reprise.nn import streams
from reprise.nn.determinism import tf
from reprise.nn.networks import materialize

Feature = Literal[
    "position", "velocity", "angle", "angular_velocity",
    "position_squared", "velocity_squared", "angle_squared", "angular_velocity_squared",
    "position_times_velocity", "angle_times_angular_velocity",
]  # fmt: skip
FEATURES: tuple[Feature, ...] = get_args(Feature)
SCALES = (  # m, m/s, rad, rad/s
    CartPole.position_limit, CartPole.position_limit,
    CartPole.angle_limit, 10 * CartPole.angle_limit,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shaped(CartPole):
    """A CartPole with a penalty for its angle.

    Only training sees this reward; evaluations do not.
    """

    penalty: float | tf.Tensor = field(compare=False, repr=False)  # 1/rad
    numbers = property(lambda self: self.penalty)  # pyright: ignore

    def having(self, numbers: tf.Tensor) -> Shaped:
        """Return the same environment with another penalty."""
        return replace(self, penalty=numbers)

    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor | None = None) -> Step:
        """Push the cart; each step pays 1 - penalty |theta|."""
        following, reward, terminated = super().step(state, action)
        return following, reward - self.penalty * tf.abs(following[..., 2, :]), terminated


def features(observation: tf.Tensor, chosen: tuple[Feature, ...]) -> tf.Tensor:
    """Compute chosen features [..., F, N] of observations."""
    scaled = zip(tf.unstack(observation, axis=-2), SCALES, strict=True)
    x, v, angle, spin = (tf.clip_by_value(value / scale, -1.0, 1.0) for value, scale in scaled)
    products = x * x, v * v, angle * angle, spin * spin, x * v, angle * spin
    named = dict(zip(FEATURES, (x, v, angle, spin, *products), strict=True))
    return tf.stack([named[name] for name in chosen], -2)


@dataclass(frozen=True, kw_only=True)
class Featured(CartPole):
    """A CartPole that is observed through features."""

    chosen: tuple[Feature, ...]
    observation_size = property(lambda self: len(self.chosen))

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Compute the features [..., F, N] of states."""
        return features(state, self.chosen)


def through_features(act: Act, chosen: tuple[Feature, ...]) -> Act:
    """Let a policy for features play in Gymnasium."""
    see: Callable[[tf.Tensor], tf.Tensor] = tf.function(
        lambda observations: features(observations, chosen), jit_compile=True, autograph=False
    )
    return lambda observations, step: act(see(tf.constant(observations)).numpy(), step)


class Sensors(NamedTuple):
    """Noisy measurements m_t of all features, some hidden.

        m = features + errors, within +- noise
        observation = scale_0 m_t, scale_1 (m_{t-1} - difference m_t), ...

    A scale of 0 hides a feature. Errors are uniform, so that no bit depends on a logarithm. At the
    start, the first measurement fills all places, as in Gymnasium's FrameStackObservation.
    """

    scales: tuple[NDArray, ...]  # of each measurement, the latest first, H arrays [O, 1]
    difference: NDArray  # 1 to see earlier measurements as differences, else 0, []
    noise: NDArray  # the largest error of each feature, in the feature's unit, [O, 1]

    @classmethod
    def of(
        cls, features: Sequence[int], noise: Sequence[float], history: int, frequency: float = 0.0
    ) -> Sensors:
        """Make sensors that see some features' last measurements.

        With a frequency f (steps a second), earlier measurements appear as rates of change,
        (m_t - m_{t-1}) f. An odd history keeps one more measurement, hidden, so that one program
        runs both with the previous measurement and without it.
        """
        latest = np.zeros((CartPole.observation_size, 1), np.float32)
        latest[list(features)] = 1
        earlier = latest * np.float32(-frequency if frequency else 1)
        scales = [latest, *[earlier] * (history - 1), *[0 * latest] * (history % 2)]
        errors = latest * np.array(noise, np.float32)[:, None]
        return cls(tuple(scales), np.array(frequency > 0, np.float32), errors)

    def seen(self, measurements: Sequence) -> list:
        """Turn H measurements, the latest first, into an observation."""
        earlier = [old - self.difference * new for new, old in pairwise(measurements)]
        return [s * m for s, m in zip(self.scales, [measurements[0], *earlier], strict=True)]


@dataclass(frozen=True, kw_only=True)
class Sensed(CartPole):
    """A CartPole behind sensors; its state includes the measurements."""

    sensors: Sensors = field(compare=False, repr=False)
    history: int  # H
    noisy: bool
    numbers = property(lambda self: self.sensors)  # pyright: ignore
    observation_size = property(lambda self: 4 * self.history)
    draws = property(lambda self: 4 if self.noisy else 0)  # pyright: ignore

    @classmethod
    def by(cls, sensors: Sensors) -> Sensed:
        """Put a CartPole behind sensors."""
        return cls(sensors=sensors, history=len(sensors.scales), noisy=bool(sensors.noise.any()))

    def having(self, numbers: Any) -> Sensed:
        """Return the same environment with other sensors."""
        return replace(self, sensors=numbers)

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states and the first measurement."""
        true = super().reset(keys, shape)
        random = streams.uniform(streams.fold_in(keys, 0), (*shape, self.draws))
        return tf.concat([true, *[self._measure(true, random)] * self.history], -2)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Compute observations [..., O H, N], the latest measurement first."""
        kept = tf.split(state[..., 4:, :], self.history, -2)
        return tf.concat(self.sensors.seen(kept), -2)

    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor) -> Step:
        """Push the cart and measure."""
        following, reward, terminated = super().step(state[..., :4, :], action)
        (following,) = materialize([following])  # otherwise XLA recomputes it for every error
        measured, kept = self._measure(following, random), state[..., 4:-4, :]
        return tf.concat([following, measured, kept], -2), reward, terminated

    def _measure(self, true: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
        return true + self.sensors.noise * (2 * random - 1) if self.noisy else true


def through_sensors(act: Act, sensors: Sensors, random: np.random.Generator) -> Act:
    """Let a policy for sensors play in Gymnasium."""
    kept: list[Observations] = []  # the latest measurement first

    def sensing(observations: Observations, step: int) -> Actions:
        measured = observations
        if sensors.noise.any():
            errors = 2 * random.random(observations.shape, np.float32) - 1
            measured = observations + sensors.noise * errors
        history = len(sensors.scales)
        before = kept if step else [measured] * history
        kept[:] = [measured, *before][:history]
        return act(np.concatenate(sensors.seen(kept), axis=1), step)

    return sensing
