"""Sensors: an environment seen by some features only, with errors and a short memory.

    observation = m_t, m_{t-1}, ..., m_{t-H+1}
               or m_t, (m_t - m_{t-1}) f, ..., (m_{t-H+2} - m_{t-H+1}) f
    m = some features + errors, uniform within +- noise

The second shows the past as rates of change: the same numbers, in the units that velocities have.

Errors are uniform and not Gaussian, so that their bits do not hang on anybody's logarithm. An
episode begins with the first measurement in all places, as Gymnasium's FrameStackObservation pads
with the observation of `reset`. `Sensed` is for compiled training, `Sensing` shows the same to a
policy that plays in Gymnasium.

Shapes: E episodes, N seeds, O features of the environment, F of a measurement, H measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from reprise.environments.rollout import Act, Actions, Observations
from reprise.environments.wrapper import Wrapper
from reprise.nn import streams
from reprise.nn.determinism import tf


class Sensors(NamedTuple):
    """The measurements of an agent."""

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
        """Return how many random numbers a measurement takes: one a feature, if any errs."""
        return len(self.features) if any(self.noise) else 0

    def shown(self, measurements: Sequence) -> list:
        """Return what is seen of H measurements, the latest first; arrays of either kind."""
        if not self.frequency:
            return list(measurements)
        rates = [(new - old) * self.frequency for new, old in pairwise(measurements)]
        return [measurements[0], *rates]


@dataclass(frozen=True)
class Sensed(Wrapper):
    """An environment through sensors; its state is the environment's and the H measurements."""

    sensors: Sensors

    @property
    def observation_size(self) -> int:
        """Return the features of an observation, F H."""
        return len(self.sensors.features) * self.sensors.history

    @property
    def draws(self) -> int:
        """Return D, how many uniform random numbers a step takes."""
        return self.environment.draws + self.sensors.draws

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, .., N] from the seeds' keys, uint32 [2, N]."""
        inner = self.environment.reset(keys, shape)
        random = streams.uniform(streams.fold_in(keys, 0), (*shape, self.sensors.draws))
        return tf.concat([inner, *[self._measure(inner, random)] * self.sensors.history], -2)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., F H, N] of states, the latest measurement first."""
        measurements = tf.split(self._kept(state), self.sensors.history, -2)
        return tf.concat(self.sensors.shown(measurements), -2)

    def step(
        self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the next states, the rewards and whether each episode terminated, [..., N]."""
        split = self.environment.draws
        following, reward, terminated = self.environment.step(
            state[..., : -self.observation_size, :], action, random[..., :split, :]
        )
        seen = self._measure(following, random[..., split:, :])
        kept = self._kept(state)[..., : self.observation_size - seen.shape[-2], :]
        return tf.concat([following, seen, kept], -2), reward, terminated

    def _kept(self, state: tf.Tensor) -> tf.Tensor:
        return state[..., -self.observation_size :, :]

    def _measure(self, state: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
        features = tf.unstack(self.environment.observe(state), axis=-2)
        measured = [features[place] for place in self.sensors.features]
        if self.sensors.draws:
            errors = zip(self.sensors.noise, tf.unstack(2 * random - 1, axis=-2), strict=True)
            measured = [m + n * e for m, (n, e) in zip(measured, errors, strict=True)]
        return tf.stack(measured, -2)


class Sensing:
    """A policy for Gymnasium's observations [E, O, N], of one that acts on what sensors show."""

    def __init__(self, act: Act, sensors: Sensors, random: np.random.Generator) -> None:
        """Act as `act`, through sensors.

        Args:
            act: the policy; it is called with [E, F H, N].
            sensors: what it sees.
            random: makes the sensors' errors.
        """
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
