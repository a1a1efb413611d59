"""What a compiled environment that changes another in one respect takes over from it."""

from __future__ import annotations

from dataclasses import dataclass

from reprise.environments.base import Environment
from reprise.nn.determinism import tf


@dataclass(frozen=True)
class Wrapper:
    """An environment that is another one; a subclass says where it differs."""

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
        """Draw initial states [*shape, .., L] from the lanes' keys, uint32 [2, L]."""
        return self.environment.reset(keys, shape)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., O, L] of states."""
        return self.environment.observe(state)

    def step(
        self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the next states, the rewards and whether each episode terminated, [..., L]."""
        return self.environment.step(state, action, random)
