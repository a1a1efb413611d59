"""Rewards with prior knowledge in them: an environment that charges for what one does not want."""

from __future__ import annotations

from typing import NamedTuple

from reprise.determinism import tf
from reprise.environments.protocol import Environment


class Shaped(NamedTuple):
    """An environment that takes from each reward a penalty proportional to a feature's size.

    The feature is that of the observation after the step. Nothing else changes: only training sees
    this reward, no evaluation does.

    Source: the chapter, section Policy Gradients; Randlov and Alstrom (1998), on shaping.
    """

    environment: Environment
    feature: int
    """The feature's place in an observation, such as 2, CartPole's angle."""
    penalty: float
    """Reward for each unit of the feature, such as 1/rad."""

    @property
    def observation_size(self) -> int:
        """Return O, the features of an observation."""
        return self.environment.observation_size

    @property
    def actions(self) -> int:
        """Return A, the number of actions."""
        return self.environment.actions

    @property
    def draws(self) -> int:
        """Return D, how many uniform random numbers a step takes."""
        return self.environment.draws

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, .., L] from the lanes' keys, uint32 [2, L]."""
        return self.environment.reset(keys, shape)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., O, L] of states."""
        return self.environment.observe(state)

    def step(
        self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the next states, the rewards less the penalty, and terminations, [..., L]."""
        following, reward, terminated = self.environment.step(state, action, random)
        charged = tf.abs(self.environment.observe(following)[..., self.feature, :])
        return following, reward - self.penalty * charged, terminated
