"""The interface of an environment for the algorithms.

Seeds are the last axis of every tensor, features the one before; before them any axes, such as
episodes.
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
    """An environment of many seeds at once, compiled by default.

    It has no memory, and time limits are the algorithm's.
    """

    observation_size: int  # O, the number of features of an observation
    actions: int  # A, the number of actions, or of the components of a continuous one
    continuous: bool = False  # whether an action is real numbers
    draws: int = 0  # D, the number of uniform random numbers that a step takes
    reward_dtype: str = "float32"  # of sums; rewards of compiled environments are exact in float32
    block: int | None = 96  # seeds of a larger pack that a program trains at a time, if any
    numbers: Any = ()  # arrays that a program takes: environments with others share it

    @property
    def action_shape(self) -> tuple[int, ...]:
        """Return an action's axes before N, if any."""
        return (self.actions,) if self.continuous else ()

    def check_discrete(self, algorithm: str) -> None:
        """Refuse continuous actions; a UserError."""
        if self.continuous:
            raise UserError(
                f"{algorithm} learns a value for each of a few actions, but those of this "
                "environment are real numbers; allowed: Discrete actions. reinforce and "
                "actor_critic take both"
            )

    def having(self, numbers: Any) -> Environment:
        """Return the environment with other `numbers`, as in a program."""
        return self

    @abstractmethod
    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Draw initial states [*shape, .., N] from keys [2, N]."""

    @abstractmethod
    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., O, N] of states."""

    @abstractmethod
    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor) -> Step:
        """Return next states, rewards [..., N] and terminations [..., N].

        Actions are int32 [..., N], or float32 [..., A, N] and clipped to the space; random numbers
        are uniform in [0, 1), [..., D, N].
        """

    def truncated(self, state: tf.Tensor) -> tf.Tensor:
        """Return the environment's own truncations, bool [..., N] or []."""
        return tf.constant(False)

    def renew(self, state: tf.Tensor, ended: tf.Tensor, keys: Callable[[], tf.Tensor]) -> tf.Tensor:
        """Begin ended episodes [..., N] anew, with keys() [2, N]."""
        return tf.where(ended[..., None, :], self.reset(keys(), tuple(ended.shape[:-1])), state)

    def on_observations(self, weights: Sequence[NDArray]) -> list[NDArray]:
        """Return trained networks that take Gymnasium's own observations."""
        return list(weights)

    def program(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that trains, as one compiled program."""
        return programs.compiled(function)

    def part(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a part of a program, compiled with it."""
        return function
