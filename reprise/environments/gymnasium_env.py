"""Any Gymnasium environment behind the protocol: its episodes are played in Python.

A program calls them from TensorFlow's graph, step by step. There is one environment for each
episode that is played at once. The key of a training seed gives the seeds of its resets, from 2^31
to 2^32: evaluations use those below, and NumPy's older generators take both.
An episode is the same whichever others are played with it.

Nothing begins anew by itself. An episode that has ended is not stepped: it keeps its last
observation, the final one, until the algorithm begins it anew. Gymnasium's vector environments step
all or none, and would have to reset what has ended; theirs is no other loop over environments.

A state here is what was last observed and whether that was a truncation: the environments
themselves remember the rest. A state cannot be gone back to, and only the latest can be stepped.

Shapes: N training seeds, E episodes each; O features of an observation. Environments are in the
order of [E, N] or [N].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from math import prod
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from reprise.environments.answers import Misfit, begun, stepped, wrong
from reprise.environments.base import Environment
from reprise.environments.normalisation import Normaliser
from reprise.environments.specification import EpisodeError, Specification, made, spaces
from reprise.nn import programs, streams
from reprise.nn.determinism import tf

APART = np.uint32(1 << 31)  # the highest bit of a seed of 32


class GymnasiumEnvironment(Environment):
    """Any Gymnasium environment, stepped in Python, for one training at a time.

    A program runs as a graph around its steps; the parts between them are compiled.
    """

    draws = 0
    reward_dtype = "float64"

    def __init__(self, specification: Specification) -> None:
        """Make one environment, to see its spaces.

        Raises:
            UserError: it cannot be made, or does not fit.
        """
        self.specification = specification
        with made(specification, 1) as (environment,):
            self._spaces = spaces(environment, specification.id)
        self.failure: EpisodeError | None = None
        self._making = ExitStack()
        self._count = 0

    @property
    def observation_size(self) -> int:
        """Return O, the features of an observation."""
        return self._spaces.features

    @property
    def actions(self) -> int:
        """Return A, the number of actions."""
        return self._spaces.actions

    def reset(self, keys: tf.Tensor, shape: tuple[int, ...] = ()) -> tf.Tensor:
        """Begin all episodes, with seeds from the keys [2, N]; states [*shape, O + 1, N]."""
        narrow = (*shape, keys.shape[-1])
        state = tf.numpy_function(
            lambda words: self._begin(narrow, words, np.ones(narrow, bool)),
            [_compiled_words(shape)(keys)], tf.float32,
        )  # fmt: skip
        state.set_shape((*shape, self.observation_size + 1, keys.shape[-1]))
        return state

    def renew(self, state: tf.Tensor, ended: tf.Tensor, keys: Callable[[], tf.Tensor]) -> tf.Tensor:
        """Return the states [..., O + 1, N] where those that have ended [..., N] begin anew.

        Args:
            state: the latest.
            ended: which have ended, bool [..., N].
            keys: makes the keys, uint32 [2, N], if any is needed.
        """
        shape = tuple(ended.shape)

        def begin() -> tf.Tensor:
            words = _compiled_words(shape[:-1])(keys())
            following = tf.numpy_function(
                lambda words, ended, _: self._begin(shape, words, ended),
                [words, ended, state], tf.float32,
            )  # fmt: skip
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

        Args:
            state: the latest [..., O + 1, N]; it is asked for to keep steps in their order.
            action: int32 [..., N].
            random: nothing here is left to the algorithm's chance.
        """
        following, reward, terminated = tf.numpy_function(
            lambda _, action: self._step(action), [state, action], (tf.float32, tf.float32, tf.bool)
        )
        following.set_shape(state.shape)
        reward.set_shape(action.shape)
        terminated.set_shape(action.shape)
        return following, reward, terminated

    def on_observations(self, weights: Sequence[NDArray]) -> list[NDArray]:
        """Return trained networks as they take the environment's own observations."""
        if self.specification.normalised:
            return self._normaliser.folded(weights)
        return list(weights)

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

    def _make(self, shape: tuple[int, ...]) -> None:
        self.close()
        self._count, self._width = prod(shape), shape[-1]
        self._environments = self._making.enter_context(made(self.specification, self._count))
        self._steps = [environment.step for environment in self._environments]
        self._observed = np.zeros((self._count, self.observation_size))
        self._terminated, self._truncated = np.zeros((2, self._count), bool)
        self._seeds = [0] * self._count
        self._begun = [0] * self._count  # episodes
        self._at = [-1] * self._count  # the latest step, none after a reset
        self._running: list[int] = []
        self._normaliser = Normaliser(self.observation_size, self._width)

    def _begin(
        self, shape: tuple[int, ...], words: NDArray[np.uint32], anew: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        if self._count != prod(shape):
            self._make(shape)
        which = np.flatnonzero(anew).tolist()
        seeds = (words.ravel() | APART).tolist()
        i = 0
        try:
            for i in which:
                self._at[i] = -1
                self._begun[i] += 1
                self._seeds[i] = seeds[i]
                observation = begun(self._environments[i].reset(seed=seeds[i]))
                self._observed[i] = self._spaces.encode(observation)
        except Misfit as error:
            self._fail(i, str(error))
        except Exception as error:
            self._fail(i, f"raised {type(error).__name__}: {error}", error)
        self._terminated[which] = self._truncated[which] = False
        self._check(self._observed, "observed")
        if len(which) == self._count:
            self._running = which
        elif which:
            self._running = sorted({*self._running, *which})
        return self._state(shape, which)

    def _step(
        self, actions: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        steps, encode, observed, at = self._steps, self._spaces.encode, self._observed, self._at
        numbers = actions.ravel().astype(np.int64) + self._spaces.first_action
        rewards = np.zeros(self._count)
        running, i = [], 0
        try:
            for i in self._running:
                at[i] += 1
                observation, rewards[i], terminated, truncated = stepped(steps[i](numbers[i]))
                observed[i] = encode(observation)
                if terminated or truncated:
                    self._terminated[i], self._truncated[i] = terminated, truncated
                else:
                    running.append(i)
        except Misfit as error:
            self._fail(i, str(error))
        except Exception as error:
            self._fail(i, f"raised {type(error).__name__}: {error}", error)
        new, self._running = self._running, running
        for values, what in ((observed, "observed"), (rewards, "rewarded")):
            self._check(values, what)
        # TensorFlow keeps the arrays it is given and does not copy them: none may change later.
        terminated = self._terminated.reshape(actions.shape).copy()
        paid = rewards.astype(np.float32).reshape(actions.shape)
        return self._state(actions.shape, new), paid, terminated

    def _state(self, shape: tuple[int, ...], new: list[int]) -> NDArray[np.float32]:
        """Return the states [*shape[:-1], O + 1, N], having learned from new observations."""
        state = np.empty((*shape, self.observation_size + 1), np.float32)
        state[..., :-1] = self._observed.reshape(*shape, -1)
        state[..., -1] = self._truncated.reshape(shape)
        state = np.ascontiguousarray(state.swapaxes(-1, -2))
        if self.specification.normalised:
            counts = np.zeros(self._count, bool)
            counts[new] = True
            observations = state.reshape(-1, *state.shape[-2:])[:, :-1]  # [E, O, N]
            self._normaliser.update(observations, counts.reshape(-1, self._width))
            observations[:] = self._normaliser.apply(observations)
        return state

    def _check(self, values: NDArray[np.float64], what: str) -> None:
        if found := wrong(values):
            self._fail(found[0], f"{what} {found[1]}")

    def _fail(self, i: int, what: str, cause: Exception | None = None) -> NoReturn:
        """Remember the failure, as TensorFlow makes one of its own of it, and raise it."""
        episode = (self._begun[i] - 1) * (self._count // self._width) + i // self._width
        when = f"at step {self._at[i]}" if self._at[i] >= 0 else "at reset"
        self.failure = EpisodeError(
            f"{self.specification.id}, seed {i % self._width}, episode {episode} "
            f"(seed {self._seeds[i]}), {when}: the environment {what}"
        )
        raise self.failure from cause


def episode_words(keys: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """Return a word for each episode's seed, uint32 [*shape, N], from keys [2, N]."""
    counter = tf.cast(tf.range(prod(shape)), tf.uint32)[:, None]
    word, _ = streams.threefry(keys, (counter, tf.constant(0, tf.uint32)))
    return tf.reshape(word, [*shape, keys.shape[-1]])


@cache
def _compiled_words(shape: tuple[int, ...]) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return `episode_words` as one operation in place of some hundred."""
    return tf.function(lambda keys: episode_words(keys, shape), jit_compile=True, autograph=False)
