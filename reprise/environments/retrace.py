"""Keeps what policies did in one episode, so that it can be played again without networks.

Which policy is shown is known only after all are evaluated. By then the workers and their networks
are gone, and loading TensorFlow again for one animation takes longer than drawing it.

Not every environment draws itself. Whether one does is asked before a training, and a training
without pictures is as good as any other: in their place stands a picture that says why.

Shapes: E episodes, N policies, T steps.
"""

import math
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from reprise.environments.animation import frames, gif, notice, picture
from reprise.environments.rollout import Act, Actions, Observations, headless
from reprise.environments.specification import Specification, made, spaces
from reprise.errors import PlainError

FRAMES_PER_SECOND = 30.0  # where an environment says nothing of use
SLOWEST = 0.1  # frames a second


class Remembering:
    """A policy that acts as another and keeps the actions of the first episode."""

    def __init__(self, act: Act) -> None:
        """Act as `act`."""
        self._act = act
        self._actions: list[NDArray[np.int32]] = []

    def __call__(self, observations: Observations, step: int) -> Actions:
        """Return the other policy's actions [E, N]."""
        actions = self._act(observations, step)
        self._actions.append(actions[0].astype(np.int32))
        return actions

    def actions(self, steps: int) -> NDArray[np.int32]:
        """Return the actions in the first episode [T, N], -1 once all have ended."""
        kept = np.stack(self._actions[:steps])
        return np.pad(kept, ((0, steps - len(kept)), (0, 0)), constant_values=-1)


class Camera:
    """Makes a stage's animation, where its environment has pictures and a policy is to be shown."""

    def __init__(self, environment: Specification, label: str) -> None:
        """Look whether an environment has pictures, and say so on stderr if it has none.

        Args:
            environment: what is played.
            label: who says so, the stage's name.

        Raises:
            UserError: the environment cannot be made, with pictures or without.
        """
        self._environment, self._label = environment, label
        environment.make().close()
        self._lacking = ""
        try:
            with _drawing(environment) as played:
                played.reset(seed=0)
                frames([picture(played.render())])
        except Exception as error:
            self._without(error)

    def animation(self, actions: NDArray[np.int32], policy: int | None, seed: int) -> bytes:
        """Return the GIF of a policy's episode, or one of a picture that says why there is none.

        Args:
            actions: of each step and policy [T, N]; those after the episode's end are unused.
            policy: the one that is shown, if there is one.
            seed: of `reset`, the one the actions were chosen under.
        """
        if policy is None:
            return notice("No animation: no seed has a policy.")
        if not self._lacking:
            try:
                return animation(actions[:, policy], self._environment, seed)
            except Exception as error:
                self._without(error)
        return notice(f"No animation: {self._lacking}.")

    def _without(self, error: Exception) -> None:
        told = str(error)
        if not isinstance(error, PlainError):
            kind = [] if isinstance(error, ValueError) else [type(error).__name__]
            told = ": ".join(filter(None, [self._environment.id, *kind, told]))
        self._lacking = " ".join(told.split()).rstrip(".")
        print(f"{self._label}: no animation: {self._lacking}", file=sys.stderr, flush=True)


def animation(actions: NDArray[np.int32], environment: Specification, seed: int) -> bytes:
    """Return the GIF of an episode in Gymnasium with the given actions [T].

    Args:
        actions: of each step; those after the episode's end are not asked for.
        environment: what is played.
        seed: of `reset`, the one the actions were chosen under.

    Raises:
        Exception: whatever the environment raises, or what it draws is no picture.
    """
    with _drawing(environment) as played:
        first = spaces(played, environment.id).first_action
        played.reset(seed=seed)
        pictures = [picture(played.render())]
        for action in actions[actions >= 0].astype(np.int64):
            _, _, terminated, truncated, _ = played.step(action + first)
            pictures.append(picture(played.render()))
            if terminated or truncated:
                break
        return gif(frames(pictures), _frames_per_second(played.metadata))


@contextmanager
def _drawing(environment: Specification) -> Iterator[gymnasium.Env]:
    """Make an environment that draws; Gymnasium's warnings are of what it says it can do."""
    headless()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with made(environment, 1, render_mode="rgb_array") as (played,):
            yield played


def _frames_per_second(metadata: Any) -> float:
    said = (metadata or {}).get("render_fps")
    rate = float(said) if isinstance(said, int | float | np.integer) else 0.0
    return rate if SLOWEST <= rate < math.inf else FRAMES_PER_SECOND
