"""Episodes of a Gymnasium environment, stepped together and checked.

An ended episode keeps its final observation until it restarts. Gymnasium's vector environments
always step all episodes and reset ended ones. Only CartPole's is used, since its state can be set.

Shapes: P episodes, O features of an observation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import gymnasium
import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from numpy.typing import NDArray

from reprise.environments.answers import Misfit, checked_reset, checked_step
from reprise.environments.spaces import spaces
from reprise.environments.specification import CHAPTERS_OWN, Specification, made, once
from reprise.errors import PlainError, UserError

LARGEST = float(np.finfo(np.float32).max)  # networks compute with float32
SEEDS, STEPS = (0, 1, 2), 10  # for the check that a seed determines an episode


class EpisodeError(PlainError, RuntimeError):
    """An episode that cannot go on; it names the step."""


class Episodes:
    """Independent episodes, each in its own environment.

    Methods raise EpisodeError if an environment raises an error or returns a value that does not
    fit or is not finite.
    """

    def __init__(
        self, environments: Sequence[gymnasium.Env], environment_id: str, name: Callable[[int], str]
    ) -> None:
        """Begin no episode yet; `name` describes one by its place."""
        self.spaces = spaces(environments[0], environment_id)
        self.observed = np.zeros((len(environments), self.spaces.features))  # [P, O]
        self.terminated, self.truncated = np.zeros((2, len(environments)), bool)
        self.running: list[int] = []
        self._environments, self._id, self._name = environments, environment_id, name
        self._steps = [environment.step for environment in environments]
        self._at = [-1] * len(environments)  # each episode's latest step; -1 after a reset

    def begin(self, which: Sequence[int], seeds: Sequence[int]) -> None:
        """Restart the episodes at some places with these seeds."""
        for i, seed in zip(which, seeds, strict=True):
            self._at[i] = -1
            self.terminated[i] = self.truncated[i] = False
            with self.failing(i):
                observation = checked_reset(self._environments[i].reset(seed=seed))
                self.observed[i] = self.spaces.encode(observation)
        self._check(self.observed, "observation")
        self.running = sorted({*self.running, *which})

    def step(self, actions: NDArray) -> NDArray[np.float64]:
        """Step running episodes with actions [..., N]; return rewards [P]."""
        steps, encode, observed, at = self._steps, self.spaces.encode, self.observed, self._at
        decoded = self.spaces.decode(actions)
        rewards = np.zeros(len(steps))
        running, i = [], 0
        try:
            for i in self.running:
                at[i] += 1
                observation, rewards[i], terminated, truncated = checked_step(steps[i](decoded[i]))
                observed[i] = encode(observation)
                if terminated or truncated:
                    self.terminated[i], self.truncated[i] = terminated, truncated
                else:
                    running.append(i)
        except Exception as error:
            self._fail(i, error)
        self._check(observed, "observation")
        self._check(rewards, "reward")
        self.running = running
        return rewards

    @contextmanager
    def failing(self, i: int) -> Iterator[None]:
        """Turn any exception into the episode's EpisodeError."""
        try:
            yield
        except Exception as error:
            self._fail(i, error)

    def _check(self, values: NDArray[np.float64], what: str) -> None:
        if not np.abs(values).max() <= LARGEST:  # also true of NaN
            place = tuple(np.argwhere(~(np.abs(values) <= LARGEST))[0])
            value = "NaN" if np.isnan(values[place]) else values[place]
            found = Misfit(f"returned the {what} {value}; allowed: finite float32 numbers")
            self._fail(int(place[0]), found)

    def _fail(self, i: int, error: Exception) -> NoReturn:
        raised = not isinstance(error, Misfit)
        what = f"raised {type(error).__name__}: {error}" if raised else error
        when = f"at step {self._at[i]}" if self._at[i] >= 0 else "at reset"
        message = f"{self._id}, {self._name(i)}, {when}: the environment {what}"
        raise EpisodeError(message) from (error if raised else None)


class CartPoles:
    """Episodes of CartPole-v1 in Gymnasium's vector environment.

    The same interface and the same bits as `Episodes`, in a fraction of its time.
    """

    def __init__(self, environment: gymnasium.Env, seeds: Sequence[int]) -> None:
        """Begin an episode from each seed, as the environment does."""
        self.spaces = spaces(environment, CHAPTERS_OWN)
        single: Any = environment.unwrapped
        starts = {}
        for seed in set(seeds):
            environment.reset(seed=seed)
            starts[seed] = single.state
        unlimited = np.iinfo(np.int32).max
        self._vector: Any = CartPoleVectorEnv(len(seeds), max_episode_steps=unlimited)
        self._vector.state = np.stack([starts[seed] for seed in seeds], axis=1)  # [O, P]
        self.observed = self._vector.state.T.astype(np.float32)  # [P, O]
        self.running, self._runs = True, np.ones(len(seeds), bool)

    def step(self, actions: NDArray[np.integer]) -> NDArray[np.float64]:
        """Step running episodes with actions [P]; return rewards [P]."""
        vector, before, runs = self._vector, self._vector.state, self._runs
        observed, rewards, terminated, _, _ = vector.step(actions.ravel())
        # An ended episode stays where it ended; the next step must not restart it.
        vector.state, vector.prev_done[:] = np.where(runs, vector.state, before), False
        self.observed = np.where(runs[:, None], observed, self.observed)
        self._runs = runs & ~terminated
        self.running = bool(self._runs.any())
        return np.where(runs, rewards, 0.0)


@once
def check_seeding(specification: Specification) -> None:
    """Check that the seed alone determines an episode.

    Each of a few short episodes is played three times: in a new environment, in the same one again,
    and in another one that takes turns with a third. An environment that fails on the way passes:
    the run itself will name the episode and the step.

    Raises:
        UserError: Gymnasium cannot make it, its spaces do not fit, or it ignores its seed.
    """
    with made(specification, 3) as (first, *others):
        found, random = spaces(first, specification.id), np.random.default_rng(0)
        actions = random.integers(found.actions, size=STEPS)
        if found.continuous:
            actions = random.standard_normal((STEPS, found.actions))
        for seed in SEEDS:
            try:
                one, *more = (_episode(env, seed, actions) for env in ([first], [first], others))
            except EpisodeError:
                return
            pairs = (pair for other in more for pair in zip(one, other, strict=False))
            if not all(np.array_equal(*pair) for pair in pairs):
                raise UserError(
                    f"{specification.id} ignores its seed: two episodes after reset(seed={seed}) "
                    "differ; allowed: call super().reset(seed=seed), draw only from "
                    "self.np_random, keep nothing from earlier episodes"
                )


def _episode(environments: Sequence[gymnasium.Env], seed: int, actions: NDArray) -> list[NDArray]:
    """Play the first environment; list observations, rewards and ends."""
    episodes = Episodes(environments, "", str)
    episodes.begin(range(len(environments)), [seed, seed + len(SEEDS)][: len(environments)])
    found = [episodes.observed[0].copy()]
    for action in actions:
        reward = episodes.step(np.stack([action] * len(environments), axis=-1))[0]
        ends = episodes.terminated[0], episodes.truncated[0]
        if any(ends):  # MaxAndSkipObservation may mix older frames into a final observation
            return [*found, np.array([reward, *ends])]
        found.append(np.array([*episodes.observed[0], reward]))
    return found
