"""Any Gymnasium environment as an `Environment`: its episodes are played in Python.

A program calls them from TensorFlow's graph, step by step. There is one environment for each
episode that is played at once. The key of a training seed gives the seeds of its resets, from 2^31
to 2^32: evaluations use those below, and NumPy's older generators take both.

A state here is the last observation and whether that was a truncation: the environments themselves
remember the rest. A state cannot be gone back to, and only the latest can be stepped.

Shapes: N training seeds, E episodes each; O features of an observation. Environments are in the
order of [E, N] or [N].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reprise.environments.answers import spaces
from reprise.environments.base import Environment
from reprise.environments.episodes import Episodes
from reprise.environments.normalisation import Normaliser
from reprise.environments.specification import Specification, made
from reprise.errors import PlainError
from reprise.nn import programs, streams
from reprise.nn.determinism import tf

APART = np.uint32(1 << 31)  # the highest bit of a seed of 32


class GymnasiumEnvironment(Environment):
    """Any Gymnasium environment, stepped in Python, for one training at a time.

    A program runs as a graph around its steps; the parts between them are compiled.
    """

    reward_dtype = "float64"

    def __init__(self, specification: Specification) -> None:
        """Make one environment, to see its spaces.

        Raises:
            UserError: it cannot be made, or does not fit.
        """
        self.specification = specification
        with made(specification, 1) as (environment,):
            found = spaces(environment, specification.id)
        self.observation_size, self.actions = found.features, found.actions
        self.failure: PlainError | None = None
        self._making = ExitStack()
        self._count = 0

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Begin all episodes, with seeds from the keys [2, N]; states [*shape, O + 1, N]."""
        narrow = (*shape, keys.shape[-1])
        words, all_of_them = _compiled_words(shape)(keys), np.ones(narrow, bool)
        state = self._python(lambda words: self._begin(words, all_of_them), [words], tf.float32)
        state.set_shape((*shape, self.observation_size + 1, keys.shape[-1]))
        return state

    def renew(self, state: tf.Tensor, ended: tf.Tensor, keys: Callable[[], tf.Tensor]) -> tf.Tensor:
        """Return the states [..., O + 1, N] where those that have ended [..., N] begin anew."""

        def begin() -> tf.Tensor:
            words = _compiled_words(tuple(ended.shape)[:-1])(keys())
            following = self._python(
                lambda words, ended, _: self._begin(words, ended), [words, ended, state], tf.float32
            )
            following.set_shape(state.shape)
            return following

        return tf.cond(tf.reduce_any(ended), begin, lambda: state)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., O, N] of states."""
        return state[..., :-1, :]

    def truncated(self, state: tf.Tensor) -> tf.Tensor:
        """Return whether the environment itself has cut the episodes short, bool [..., N]."""
        return state[..., -1, :] > 0

    def step(
        self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the next states, the rewards and whether each episode terminated, [..., N].

        The latest state is an input to keep steps in their order.
        """
        following, reward, terminated = self._python(
            lambda _, action: self._step(action), [state, action], (tf.float32, tf.float32, tf.bool)
        )
        following.set_shape(state.shape)
        reward.set_shape(action.shape)
        terminated.set_shape(action.shape)
        return following, reward, terminated

    def on_observations(self, weights: Sequence[NDArray]) -> list[NDArray]:
        """Return trained networks as they take the environment's own observations."""
        normalised = self.specification.normalised
        return self._normaliser.folded(weights) if normalised else list(weights)

    def program(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that trains, as a graph that calls Python at each step.

        Raises, when called:
            EpisodeError: the environment raised, or gave what does not fit or is not finite.
        """
        graph = tf.function(function, autograph=False)

        def run(*arguments: Any) -> Any:
            self.failure = None
            try:
                return graph(*arguments)
            except tf.errors.OpError:
                if self.failure:
                    raise self.failure from self.failure.__cause__
                raise
            finally:
                self.close()

        return run

    def part(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function for a program to call between steps, compiled."""
        return programs.compiled(function)

    def close(self) -> None:
        """Close all environments; a later reset makes new ones."""
        self._making.close()
        self._count = 0

    def _python(self, function: Callable[..., Any], inputs: list[Any], types: Any) -> Any:
        """Call Python from a graph; TensorFlow would replace an error by one of its own."""

        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except PlainError as error:
                self.failure = error
                raise

        return tf.numpy_function(call, inputs, types)

    def _make(self, shape: tuple[int, ...]) -> None:
        self.close()
        environments = self._making.enter_context(made(self.specification, prod(shape)))
        self._episodes = Episodes(environments, self.specification.id, self._name)
        self._count, self._width = prod(shape), shape[-1]
        self._seeds, self._begun = np.zeros((2, self._count), int)
        self._normaliser = Normaliser(self.observation_size, self._width)

    def _name(self, i: int) -> str:
        episode = (self._begun[i] - 1) * (self._count // self._width) + i // self._width
        return f"seed {i % self._width}, episode {episode} (seed {self._seeds[i]})"

    def _begin(self, words: NDArray[np.uint32], anew: NDArray[np.bool_]) -> NDArray[np.float32]:
        if self._count != anew.size:
            self._make(anew.shape)
        which = np.flatnonzero(anew)
        self._seeds[which] = (words.ravel() | APART)[which]
        self._begun[which] += 1
        self._episodes.begin(which.tolist(), self._seeds[which].tolist())
        return self._state(anew.shape, which)

    def _step(
        self, actions: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        new = self._episodes.running
        rewards = self._episodes.step(actions).astype(np.float32).reshape(actions.shape)
        # TensorFlow keeps the arrays it is given and does not copy them: none may change later.
        terminated = self._episodes.terminated.reshape(actions.shape).copy()
        return self._state(actions.shape, new), rewards, terminated

    def _state(self, shape: tuple[int, ...], new: Any) -> NDArray[np.float32]:
        """Return the states [*shape[:-1], O + 1, N], having learned from new observations."""
        state = np.empty((*shape, self.observation_size + 1), np.float32)
        state[..., :-1] = self._episodes.observed.reshape(*shape, -1)
        state[..., -1] = self._episodes.truncated.reshape(shape)
        state = np.ascontiguousarray(state.swapaxes(-1, -2))
        if self.specification.normalised:
            counts = np.zeros(self._count, bool)
            counts[new] = True
            observations = state.reshape(-1, *state.shape[-2:])[:, :-1]  # [E, O, N]
            self._normaliser.update(observations, counts.reshape(-1, self._width))
            observations[:] = self._normaliser.apply(observations)
        return state


def episode_words(keys: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """Return a word for each episode's seed, uint32 [*shape, N], from keys [2, N]."""
    counter = tf.cast(tf.range(prod(shape)), tf.uint32)[:, None]
    word, _ = streams.threefry(keys, (counter, tf.constant(0, tf.uint32)))
    return tf.reshape(word, [*shape, keys.shape[-1]])


@cache
def _compiled_words(shape: tuple[int, ...]) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return `episode_words` as one operation in place of some hundred."""
    return tf.function(lambda keys: episode_words(keys, shape), jit_compile=True, autograph=False)
