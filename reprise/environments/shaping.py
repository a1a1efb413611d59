"""Rewards with prior knowledge in them: an environment that charges for what one does not want."""

from __future__ import annotations

from dataclasses import dataclass

from reprise.environments.wrapper import Wrapper
from reprise.nn.determinism import tf


@dataclass(frozen=True)
class Shaped(Wrapper):
    """An environment that takes from each reward a penalty proportional to a feature's size.

    The feature is that of the observation after the step. Nothing else changes: only training sees
    this reward, no evaluation does.

    Source: the chapter, section Policy Gradients; Randlov and Alstrom (1998), on shaping.
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
