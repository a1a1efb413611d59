"""What an algorithm asks of an environment.

Lanes are the last axis of every tensor and features the one before; before them any axes, such as
episodes.
"""

from __future__ import annotations

from typing import Protocol

from reprise.nn.determinism import tf


class Environment(Protocol):
    """An environment of many lanes at once, without memory; time limits are the algorithm's."""

    @property
    def observation_size(self) -> int:
        """Return O, the features of an observation."""
        ...

    @property
    def actions(self) -> int:
        """Return A, the number of actions."""
        ...

    @property
    def draws(self) -> int:
        """Return D, how many uniform random numbers a step takes."""
        ...

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, .., L] from the lanes' keys, uint32 [2, L]."""
        ...

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., O, L] of states."""
        ...

    def step(
        self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the next states, the rewards and whether each episode terminated, [..., L].

        Args:
            state: [..., L].
            action: int32 [..., L].
            random: uniform numbers in [0, 1), [..., D, L].
        """
        ...
