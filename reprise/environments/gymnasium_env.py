"""Any Gymnasium environment as an `Environment`, played in Python.

TensorFlow's graph calls Python at every step; each episode has its own environment. The key of a
training seed decides the seeds of its resets. They lie from 2^31 to 2^32: evaluations use lower
ones, and NumPy's older generators accept both. A state is the last observation and a flag for
truncation. Only the latest state can be stepped, as the environments themselves keep the rest.

Shapes: N training seeds, E episodes each, in the order [E, N] or [N]; O features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reprise.environments.base import Environment, Step
from reprise.environments.episodes import Episodes
from reprise.environments.spaces import spaces
from reprise.environments.specification import Specification, made
from reprise.errors import PlainError
from reprise.nn import programs, streams
from reprise.nn.determinism import tf

TRAINING = np.uint32(1 << 31)  # the bit that only the resets of a training have
EPSILON = 1e-8


class Normaliser:
    """Running statistics of each seed's observations.

        x' = (x - mean) / sqrt(variance + epsilon)

    After training, `folded` moves them into the network. Each seed has its own: shared ones would
    tie seeds together, and one for each episode would show a network the same state in many ways.
    Epsilon and first values are those of Gymnasium's NormalizeObservation. Source: Chan, Golub and
    LeVeque (1983), equation 2.1.
    """

    def __init__(self, features: int, seeds: int) -> None:
        self.mean = np.zeros((features, seeds))
        self.variance = np.ones((features, seeds))
        self.count = np.full(seeds, 1e-4)  # of observations so far

    def update(self, observations: NDArray, counts: NDArray[np.bool_]) -> None:
        """Add those observations [E, O, N] that count, [E, N]."""
        new, mask = counts.sum(axis=0), counts[:, None, :]
        mean = np.where(mask, observations, 0.0).sum(axis=0) / np.maximum(new, 1)  # [O, N]
        squares = np.where(mask, (observations - mean) ** 2, 0.0).sum(axis=0)
        total, shift = self.count + new, mean - self.mean
        summed = self.variance * self.count + squares + shift * shift * (self.count * new / total)
        self.mean = self.mean + shift * (new / total)
        self.variance, self.count = summed / total, total

    def apply(self, observations: NDArray) -> NDArray[np.float32]:
        """Normalise observations [..., O, N]."""
        return ((observations - self.mean) / self._deviation()).astype(np.float32)

    def folded(self, weights: Sequence[NDArray]) -> list[NDArray]:
        """Turn networks for normalised observations into ones for plain observations."""
        kernel, bias, *rest = weights
        scaled = kernel / self._deviation()  # [units, O, N]
        shifted = bias - (scaled * self.mean).sum(axis=1)
        return [scaled.astype(np.float32), shifted.astype(np.float32), *rest]

    def _deviation(self) -> NDArray:
        return np.sqrt(self.variance + EPSILON)


class GymnasiumEnvironment(Environment):
    """Any Gymnasium environment, for one training at a time.

    A program runs as a TensorFlow graph; the parts between the steps are compiled.
    """

    reward_dtype = "float64"
    block = None  # the pack's episodes are stepped together

    def __init__(self, specification: Specification) -> None:
        """Make one environment to read its spaces."""
        self.specification = specification
        with made(specification, 1) as (environment,):
            found = spaces(environment, specification.id)
        self.observation_size = found.features
        self.actions, self.continuous = found.actions, found.continuous
        self.failure: PlainError | None = None
        self._making = ExitStack()
        self._count = 0  # of open environments

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Begin all episodes; return states [*shape, O + 1, N]."""
        return self._renewed(keys, tf.ones((*shape, keys.shape[-1]), tf.bool))

    def renew(self, state: tf.Tensor, ended: tf.Tensor, keys: Callable[[], tf.Tensor]) -> tf.Tensor:
        """Restart ended episodes [..., N]."""
        some = tf.reduce_any(ended)  # passing the latest state keeps the steps in order
        return tf.cond(some, lambda: self._renewed(keys(), ended, state), lambda: state)

    def _renewed(self, keys: tf.Tensor, anew: tf.Tensor, *state: tf.Tensor) -> tf.Tensor:
        shape, seeds = tuple(anew.shape)[:-1], keys.shape[-1]
        following = self._python(self._begin, [episode_words(shape)(keys), anew, *state])
        following.set_shape((*shape, self.observation_size + 1, seeds))
        return following

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the observations [..., O, N] in states."""
        return state[..., :-1, :]

    def truncated(self, state: tf.Tensor) -> tf.Tensor:
        """Flag the environment's truncations, bool [..., N]."""
        return state[..., -1, :] > 0

    def step(self, state: tf.Tensor, action: tf.Tensor, random: tf.Tensor) -> Step:
        """Step in Python; see `Environment.step`."""
        types = (tf.float32, tf.float32, tf.bool)
        following, reward, terminated = self._python(self._step, [action, state], types)
        following.set_shape(state.shape)
        narrow = tf.TensorShape([*state.shape[:-2], state.shape[-1]])
        reward.set_shape(narrow)
        terminated.set_shape(narrow)
        return following, reward, terminated

    def on_observations(self, weights: Sequence[NDArray]) -> list[NDArray]:
        """Adapt trained networks to observations before normalisation."""
        normalised = self.specification.normalised
        return self._normaliser.folded(weights) if normalised else list(weights)

    def program(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Make a graph that calls Python at every step."""
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
        """Compile a part of a program."""
        return programs.compiled(function)

    def close(self) -> None:
        """Close all environments; a later reset makes new ones."""
        self._making.close()
        self._count = 0

    def _python(
        self, function: Callable[..., Any], inputs: list[Any], types: Any = "float32"
    ) -> Any:
        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except PlainError as error:
                self.failure = error  # TensorFlow raises its own error in its place
                raise

        return tf.numpy_function(call, inputs, types)

    def _name(self, i: int) -> str:
        episode = (self._begun[i] - 1) * (self._count // self._width) + i // self._width
        return f"seed {i % self._width}, episode {episode} (seed {self._seeds[i]})"

    def _begin(self, words: NDArray, anew: NDArray[np.bool_], *_: Any) -> NDArray[np.float32]:
        if self._count != anew.size:
            self.close()
            environments = self._making.enter_context(made(self.specification, anew.size))
            self._episodes = Episodes(environments, self.specification.id, self._name)
            self._count, self._width = anew.size, anew.shape[-1]
            self._seeds, self._begun = np.zeros((2, anew.size), int)
            self._normaliser = Normaliser(self.observation_size, self._width)
        which = np.flatnonzero(anew)
        self._seeds[which] = (words.ravel() | TRAINING)[which]
        self._begun[which] += 1
        self._episodes.begin(which.tolist(), self._seeds[which].tolist())
        return self._state(anew.shape, which)

    def _step(self, actions: NDArray, state: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        new, shape = self._episodes.running, (*state.shape[:-2], state.shape[-1])
        rewards = self._episodes.step(actions).astype(np.float32).reshape(shape)
        # TensorFlow does not copy the arrays that it receives: none may change later.
        terminated = self._episodes.terminated.reshape(shape).copy()
        return self._state(shape, new), rewards, terminated

    def _state(self, shape: tuple[int, ...], new: Any) -> NDArray[np.float32]:
        parts = self._episodes.observed, self._episodes.truncated[:, None]
        state = np.concatenate(parts, axis=1, dtype=np.float32).reshape(*shape, -1)
        state = np.ascontiguousarray(state.swapaxes(-1, -2))
        if self.specification.normalised:
            counts = np.zeros(self._count, bool)
            counts[new] = True
            observations = state.reshape(-1, *state.shape[-2:])[:, :-1]  # [E, O, N]
            self._normaliser.update(observations, counts.reshape(-1, self._width))
            observations[:] = self._normaliser.apply(observations)
        return state


@cache
def episode_words(shape: tuple[int, ...]) -> Callable[[tf.Tensor], tf.Tensor]:
    """Make a program from keys to words, uint32 [*shape, N]."""

    def words(keys: tf.Tensor) -> tf.Tensor:
        counter = tf.cast(tf.range(prod(shape)), tf.uint32)[:, None]
        word, _ = streams.threefry(keys, (counter, tf.constant(0, tf.uint32)))
        return tf.reshape(word, [*shape, keys.shape[-1]])

    return tf.function(words, jit_compile=True, autograph=False)
