"""Compiled CartPoles with other rewards, features or sensors.

`through_features` and `through_sensors` show the same to a policy that plays in Gymnasium.

The features of CartPole are its four observations x, v, theta, omega, and products of two of them,
scaled to about +-1, so that one learning rate suits every weight, and clipped there, as squares of
velocities would make gradient steps of any size. In a mirror the four change their sign, as the
better *push* does; the products stay the same, as the *value* of a state does.

Shapes: N seeds, O features of the environment, F of a measurement or chosen, H measurements.
Source: Randlov and Alstrom (1998), on shaping; Sutton and Barto (2018), section 9.5.1, on
polynomials as features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import numpy as np

from reprise.environments.base import Step
from reprise.environments.cartpole import CartPole
from reprise.environments.rollout import Act, Actions, Observations
from reprise.nn import streams
from reprise.nn.determinism import tf

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

    Only training sees this reward, no evaluation does.
    """

    penalty: float  # 1/rad

    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor | None = None) -> Step:
        """Push the cart; each step pays 1 - penalty |theta|."""
        following, reward, terminated = super().step(state, action)
        return following, reward - self.penalty * tf.abs(following[..., 2, :]), terminated


def features(observation: tf.Tensor, chosen: tuple[Feature, ...]) -> tf.Tensor:
    """Return chosen features [..., F, N] of observations."""
    scaled = zip(tf.unstack(observation, axis=-2), SCALES, strict=True)
    x, v, angle, spin = (tf.clip_by_value(value / scale, -1.0, 1.0) for value, scale in scaled)
    products = x * x, v * v, angle * angle, spin * spin, x * v, angle * spin
    named = dict(zip(FEATURES, (x, v, angle, spin, *products), strict=True))
    return tf.stack([named[name] for name in chosen], -2)


@dataclass(frozen=True, kw_only=True)
class Featured(CartPole):
    """A CartPole that shows features."""

    chosen: tuple[Feature, ...]
    observation_size = property(lambda self: len(self.chosen))

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the features [..., F, N] of states."""
        return features(state, self.chosen)


def through_features(act: Act, chosen: tuple[Feature, ...]) -> Act:
    """Return a policy for Gymnasium's observations of one for features."""
    see: Callable[[tf.Tensor], tf.Tensor] = tf.function(
        lambda observations: features(observations, chosen), jit_compile=True, autograph=False
    )
    return lambda observations, step: act(see(tf.constant(observations)).numpy(), step)


class Sensors(NamedTuple):
    """The measurements m: features + errors, within +- noise.

        observation = m_t, m_{t-1}, ..., m_{t-H+1}
                   or m_t, (m_t - m_{t-1}) f, ..., (m_{t-H+2} - m_{t-H+1}) f

    The second shows the past as rates of change. Errors are uniform: bits depend on no logarithm.
    The first measurement fills all places, as in Gymnasium's FrameStackObservation.
    """

    features: tuple[int, ...]  # places in the environment's observation, [F]
    noise: tuple[float, ...]  # the largest error of each, in the feature's unit, [F]
    history: int  # H, the latest included
    frequency: float = 0.0  # f, steps a second, if earlier ones are seen as rates of change

    @property
    def draws(self) -> int:
        """Return the number of random numbers of a measurement."""
        return len(self.features) if any(self.noise) else 0

    def shown(self, measurements: Sequence) -> list:
        """Return the observation of H measurements, the latest first."""
        if not self.frequency:
            return list(measurements)
        rates = [(new - old) * self.frequency for new, old in pairwise(measurements)]
        return [measurements[0], *rates]


@dataclass(frozen=True, kw_only=True)
class Sensed(CartPole):
    """A CartPole through sensors; its state includes the measurements."""

    sensors: Sensors
    observation_size = property(lambda self: len(self.sensors.features) * self.sensors.history)
    draws = property(lambda self: self.sensors.draws)  # pyright: ignore

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states and the first measurement."""
        true = super().reset(keys, shape)
        random = streams.uniform(streams.fold_in(keys, 0), (*shape, self.draws))
        return tf.concat([true, *[self._measure(true, random)] * self.sensors.history], -2)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., F H, N], the latest first."""
        kept = tf.split(state[..., 4:, :], self.sensors.history, -2)
        return tf.concat(self.sensors.shown(kept), -2)

    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor) -> Step:
        """Push the cart and measure."""
        following, reward, terminated = super().step(state[..., :4, :], action)
        seen = self._measure(following, random)
        kept = state[..., 4 : 4 + self.observation_size - len(self.sensors.features), :]
        return tf.concat([following, seen, kept], -2), reward, terminated

    def _measure(self, true: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
        features = tf.unstack(true, axis=-2)
        measured = [features[place] for place in self.sensors.features]
        if self.draws:
            errors = zip(self.sensors.noise, tf.unstack(2 * random - 1, axis=-2), strict=True)
            measured = [m + n * e for m, (n, e) in zip(measured, errors, strict=True)]
        return tf.stack(measured, -2)


def through_sensors(act: Act, sensors: Sensors, random: np.random.Generator) -> Act:
    """Return a policy for Gymnasium of one for sensors."""
    seen: list[Observations] = []

    def sensing(observations: Observations, step: int) -> Actions:
        measured = observations[:, list(sensors.features)]
        if sensors.draws:
            errors = 2 * random.random(measured.shape, np.float32) - 1
            measured += np.array(sensors.noise, np.float32)[:, None] * errors
        before = seen if step else [measured] * sensors.history
        seen[:] = [measured, *before][: sensors.history]
        return act(np.concatenate(sensors.shown(seen), axis=1), step)

    return sensing
