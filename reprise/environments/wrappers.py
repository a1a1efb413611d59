"""Compiled environments that change another one in one respect: rewards, features or sensors.

`Shaped` charges for a feature, `Featured` shows handcrafted features of CartPole, `Sensed` shows
some features with errors and a short memory. They are for compiled training; `through_features` and
`Sensing` show the same to a policy that plays in Gymnasium.

The features of CartPole are its four observations x, v, theta, omega, and products of two of them,
so that a linear function of them can be a policy and a value.

All four are scaled to about +-1, so that one learning rate suits every weight: position and angle
by where an episode ends, velocity by half the track a second, angular velocity by the failing angle
in a tenth of a second, which is five steps. Velocities are clipped there: their squares would make
gradient steps as large as they please. The constant feature is the bias of the linear layer.

A push to the right moves the pole to the left whatever the state, so the four decide which *push*
is better: each changes its sign in a mirror. The *value* of a state must be the same in a mirror,
and no linear function of the four is. The products are: a square says how far something is from the
middle, position x velocity and angle x angular velocity whether it is on its way out or back.

Shapes: E episodes, N seeds, O features of the environment, F of a measurement or of those chosen, H
measurements.

Source: Randlov and Alstrom (1998), on shaping; Sutton and Barto (2018), section 9.5.1, on
    polynomials as features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import numpy as np

from reprise.environments.base import Environment
from reprise.environments.cartpole import Physics
from reprise.environments.rollout import Act, Actions, Observations
from reprise.nn import streams
from reprise.nn.determinism import tf

Observed = Literal["position", "velocity", "angle", "angular_velocity"]
Squared = Literal[
    "position_squared", "velocity_squared", "angle_squared", "angular_velocity_squared"
]
Feature = Literal[Observed, Squared, "position_times_velocity", "angle_times_angular_velocity"]
FEATURES: tuple[Feature, ...] = get_args(Feature)

LIMITS = Physics().position_limit, Physics().angle_limit  # m, rad
SCALES = (LIMITS[0], LIMITS[0], LIMITS[1], 10 * LIMITS[1])  # m, m/s, rad, rad/s


@dataclass(frozen=True)
class Wrapper(Environment):
    """An environment that acts as another one; a subclass overrides what differs."""

    environment: Environment

    observation_size = property(lambda self: self.environment.observation_size)  # pyright: ignore
    actions = property(lambda self: self.environment.actions)  # pyright: ignore
    draws = property(lambda self: self.environment.draws)  # pyright: ignore

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, .., N] from the seeds' keys, uint32 [2, N]."""
        return self.environment.reset(keys, shape)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., O, N] of states."""
        return self.environment.observe(state)

    def step(
        self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the next states, the rewards and whether each episode terminated, [..., N]."""
        return self.environment.step(state, action, random)


@dataclass(frozen=True)
class Shaped(Wrapper):
    """An environment that takes from each reward a penalty proportional to a feature's size.

    The feature is that of the observation after the step. Only training sees this reward, no
    evaluation does.
    """

    feature: int
    """The feature's place in an observation, such as 2, CartPole's angle."""
    penalty: float
    """Reward for each unit of the feature, such as 1/rad."""

    def step(
        self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the next states, the rewards less the penalty, and terminations, [..., N]."""
        following, reward, terminated = self.environment.step(state, action, random)
        charged = tf.abs(self.environment.observe(following)[..., self.feature, :])
        return following, reward - self.penalty * charged, terminated


def features(observation: tf.Tensor, chosen: tuple[Feature, ...]) -> tf.Tensor:
    """Return the chosen features [..., F, N] of CartPole's observations [..., O, N]."""
    scaled = zip(tf.unstack(observation, axis=-2), SCALES, strict=True)
    x, v, angle, spin = (tf.clip_by_value(value / scale, -1.0, 1.0) for value, scale in scaled)
    products = x * x, v * v, angle * angle, spin * spin, x * v, angle * spin
    named = dict(zip(FEATURES, (x, v, angle, spin, *products), strict=True))
    return tf.stack([named[name] for name in chosen], -2)


@dataclass(frozen=True)
class Featured(Wrapper):
    """A CartPole that shows features."""

    chosen: tuple[Feature, ...]

    observation_size = property(lambda self: len(self.chosen))

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the features [..., F, N] of states."""
        return features(self.environment.observe(state), self.chosen)


def through_features(act: Act, chosen: tuple[Feature, ...]) -> Act:
    """Return a policy for Gymnasium's observations [E, O, N], of one that acts on features."""
    see: Callable[[tf.Tensor], tf.Tensor] = tf.function(
        lambda observations: features(observations, chosen), jit_compile=True, autograph=False
    )
    return lambda observations, step: act(see(tf.constant(observations)).numpy(), step)


class Sensors(NamedTuple):
    """The measurements m of an agent: some features + errors, uniform within +- noise.

        observation = m_t, m_{t-1}, ..., m_{t-H+1}
                   or m_t, (m_t - m_{t-1}) f, ..., (m_{t-H+2} - m_{t-H+1}) f

    The second shows the past as rates of change: the same numbers, in the units of velocities.
    Errors are not Gaussian, so that their bits depend on no logarithm. An episode begins with the
    first measurement in all places, as Gymnasium's FrameStackObservation pads with the observation
    of `reset`.
    """

    features: tuple[int, ...]
    """Places in the environment's observation, [F]."""
    noise: tuple[float, ...]
    """The largest error of each, in the feature's unit, [F]."""
    history: int
    """H, how many measurements are seen at once, the latest included."""
    frequency: float = 0.0
    """f, steps a second, if earlier measurements are seen as rates of change; else 0."""

    @property
    def draws(self) -> int:
        """Return the number of random numbers of a measurement: one a feature, if any errs."""
        return len(self.features) if any(self.noise) else 0

    def shown(self, measurements: Sequence) -> list:
        """Return the observation of H measurements, the latest first; arrays of either kind."""
        if not self.frequency:
            return list(measurements)
        rates = [(new - old) * self.frequency for new, old in pairwise(measurements)]
        return [measurements[0], *rates]


@dataclass(frozen=True)
class Sensed(Wrapper):
    """An environment through sensors; its state is the environment's and the H measurements."""

    sensors: Sensors

    observation_size = property(lambda self: len(self.sensors.features) * self.sensors.history)
    draws = property(lambda self: self.environment.draws + self.sensors.draws)

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, .., N] from the seeds' keys, uint32 [2, N]."""
        inner = self.environment.reset(keys, shape)
        random = streams.uniform(streams.fold_in(keys, 0), (*shape, self.sensors.draws))
        return tf.concat([inner, *[self._measure(inner, random)] * self.sensors.history], -2)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., F H, N] of states, the latest measurement first."""
        kept = state[..., -self.observation_size :, :]
        return tf.concat(self.sensors.shown(tf.split(kept, self.sensors.history, -2)), -2)

    def step(
        self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the next states, the rewards and whether each episode terminated, [..., N]."""
        split, size = self.environment.draws, self.observation_size
        following, reward, terminated = self.environment.step(
            state[..., :-size, :], action, random[..., :split, :]
        )
        seen = self._measure(following, random[..., split:, :])
        kept = state[..., -size:, :][..., : size - seen.shape[-2], :]
        return tf.concat([following, seen, kept], -2), reward, terminated

    def _measure(self, state: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
        features = tf.unstack(self.environment.observe(state), axis=-2)
        measured = [features[place] for place in self.sensors.features]
        if self.sensors.draws:
            errors = zip(self.sensors.noise, tf.unstack(2 * random - 1, axis=-2), strict=True)
            measured = [m + n * e for m, (n, e) in zip(measured, errors, strict=True)]
        return tf.stack(measured, -2)


class Sensing:
    """A policy for Gymnasium's observations [E, O, N], of one that acts through sensors."""

    def __init__(self, act: Act, sensors: Sensors, random: np.random.Generator) -> None:
        """Act as `act`, called with [E, F H, N]; `random` makes the sensors' errors."""
        self._act, self._sensors, self._random = act, sensors, random
        self._seen: list[Observations] = []

    def __call__(self, observations: Observations, step: int) -> Actions:
        """Return the actions [E, N]; an episode begins at step 0."""
        sensors = self._sensors
        measured = observations[:, list(sensors.features)]
        if sensors.draws:
            errors = 2 * self._random.random(measured.shape, np.float32) - 1
            measured += np.array(sensors.noise, np.float32)[:, None] * errors
        before = self._seen if step else [measured] * sensors.history
        self._seen = [measured, *before][: sensors.history]
        return self._act(np.concatenate(sensors.shown(self._seen), axis=1), step)
