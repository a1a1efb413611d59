"""Episodes of a Gymnasium environment, stepped together, with every answer checked.

An episode that has ended is not stepped: it keeps its last observation, the final one, until it
begins anew. Gymnasium's vector environments step all or none, and reset what has ended.

Shapes: P episodes, O features of an observation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import gymnasium
import numpy as np
from numpy.typing import NDArray

from reprise.environments.answers import Misfit, begun, spaces, stepped, wrong
from reprise.errors import PlainError


class EpisodeError(PlainError, RuntimeError):
    """An episode that cannot go on; the message names environment, episode and step."""


class Episodes:
    """Episodes in environments of their own, each the same whichever others are played."""

    def __init__(
        self, environments: Sequence[gymnasium.Env], environment_id: str, name: Callable[[int], str]
    ) -> None:
        """Begin nothing yet; `name` returns an episode's name in messages, by its place.

        Raises:
            UserError: the environments, one for each episode, do not fit networks.
        """
        self.spaces = spaces(environments[0], environment_id)
        self.observed = np.zeros((len(environments), self.spaces.features))  # [P, O]
        self.terminated, self.truncated = np.zeros((2, len(environments)), bool)
        self.running: list[int] = []
        self._environments, self._id, self._name = environments, environment_id, name
        self._steps = [environment.step for environment in environments]
        self._at = [-1] * len(environments)  # the latest step, none after a reset

    def begin(self, which: Sequence[int], seeds: Sequence[int]) -> None:
        """Begin the episodes at some places anew, with these seeds.

        Raises:
            EpisodeError: the environment raised, or its answer does not fit or is not finite.
        """
        for i, seed in zip(which, seeds, strict=True):
            self._at[i] = -1
            self.terminated[i] = self.truncated[i] = False
            with self.failing(i):
                observation = begun(self._environments[i].reset(seed=seed))
                self.observed[i] = self.spaces.encode(observation)
        self._check(self.observed, "observed")
        self.running = sorted({*self.running, *which})

    def step(self, actions: NDArray[np.integer]) -> NDArray[np.float64]:
        """Step all running episodes by actions [P], and return the rewards, else 0, [P].

        Raises:
            EpisodeError: as `begin`.
        """
        steps, encode, observed, at = self._steps, self.spaces.encode, self.observed, self._at
        numbers = actions.ravel().astype(np.int64) + self.spaces.first_action
        rewards = np.zeros(len(steps))
        running, i = [], 0
        try:
            for i in self.running:
                at[i] += 1
                observation, rewards[i], terminated, truncated = stepped(steps[i](numbers[i]))
                observed[i] = encode(observation)
                if terminated or truncated:
                    self.terminated[i], self.truncated[i] = terminated, truncated
                else:
                    running.append(i)
        except Exception as error:
            self._fail(i, error)
        self._check(observed, "observed")
        self._check(rewards, "rewarded")
        self.running = running
        return rewards

    @contextmanager
    def failing(self, i: int) -> Iterator[None]:
        """Blame what goes wrong on an episode."""
        try:
            yield
        except Exception as error:
            self._fail(i, error)

    def _check(self, values: NDArray[np.float64], what: str) -> None:
        if found := wrong(values):
            self._fail(found[0], Misfit(f"{what} {found[1]}"))

    def _fail(self, i: int, error: Exception) -> NoReturn:
        fits = not isinstance(error, Misfit)
        what = f"raised {type(error).__name__}: {error}" if fits else error
        when = f"at step {self._at[i]}" if self._at[i] >= 0 else "at reset"
        message = f"{self._id}, {self._name(i)}, {when}: the environment {what}"
        raise EpisodeError(message) from (error if fits else None)
