"""The interface between environments and algorithms.

Every tensor ends with the axis of seeds. The axis of features, if any, comes just before it; other
axes, such as episodes, come first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from reprise.errors import UserError
from reprise.nn import programs
from reprise.nn.determinism import tf

Step = tuple["tf.Tensor", "tf.Tensor", "tf.Tensor"]  # next state, reward, termination


class Environment(ABC):
    """An environment for many seeds at once, compiled by default.

    It keeps no state of its own. The algorithm applies the time limit.
    """

    observation_size: int  # O, the number of features of an observation
    actions: int  # A, the number of actions, or of components of a continuous action
    continuous: bool = False  # whether an action is a vector of real numbers
    draws: int = 0  # D, the number of uniform random numbers that a step needs
    reward_dtype: str = "float32"  # in which returns are summed
    block: int | None = 96  # the most seeds that a program trains at once; None for the whole pack
    numbers: Any = ()  # inputs of a program, which environments with other numbers share

    @property
    def action_shape(self) -> tuple[int, ...]:
        """The axes of an action before N."""
        return (self.actions,) if self.continuous else ()

    def check_discrete(self, algorithm: str) -> None:
        """Refuse continuous actions with a UserError."""
        if self.continuous:
            raise UserError(
                f"{algorithm} needs a few numbered actions, but this environment has continuous "
                "ones; allowed: Discrete actions (reinforce and actor_critic take both kinds)"
            )

    def having(self, numbers: Any) -> Environment:
        """Return the same environment with other `numbers`."""
        return self

    @abstractmethod
    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, ..., N] from keys [2, N]."""

    @abstractmethod
    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Compute the observations [..., O, N] of states."""

    @abstractmethod
    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor) -> Step:
        """Compute next states, rewards [..., N] and terminations [..., N].

        Actions are int32 [..., N], or float32 [..., A, N], which are clipped to their space. The
        random numbers [..., D, N] are uniform in [0, 1).
        """

    def truncated(self, state: tf.Tensor) -> tf.Tensor:
        """Flag the environment's truncations, bool [..., N] or []."""
        return tf.constant(False)

    def renew(self, state: tf.Tensor, ended: tf.Tensor, keys: Callable[[], tf.Tensor]) -> tf.Tensor:
        """Restart ended episodes [..., N] with keys() [2, N]."""
        return tf.where(ended[..., None, :], self.reset(keys(), tuple(ended.shape[:-1])), state)

    def on_observations(self, weights: Sequence[NDArray]) -> list[NDArray]:
        """Adapt trained networks to the observations of plain Gymnasium."""
        return list(weights)

    def program(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Compile a function that trains into one program."""
        return programs.compiled(function)

    def part(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a part of a program, which is compiled whole."""
        return function
