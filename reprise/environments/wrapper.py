"""Base of the compiled environments that change another one in one respect."""

from __future__ import annotations

from dataclasses import dataclass

from reprise.environments.base import Environment
from reprise.nn.determinism import tf


@dataclass(frozen=True)
class Wrapper(Environment):
    """An environment that acts as another one; a subclass overrides what differs."""

    environment: Environment

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
