"""Keeps what policies did in one episode, so that it can be played again without networks.

Which lane is to be shown is known only when all are evaluated; by then their networks are gone with
the workers, and to load TensorFlow again for one animation takes longer than to draw it.

Shapes: E episodes, L lanes, T steps.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from reprise.environments.animation import gif
from reprise.environments.evaluation import Act, Actions, Observations, record
from reprise.environments.specification import Specification
from reprise.errors import PlainError

BLANK = (200, 300)  # pixels


class Remembering:
    """A policy that acts as another and keeps the actions of the first episode."""

    def __init__(self, act: Act) -> None:
        """Act as `act`."""
        self._act = act
        self._actions: list[NDArray[np.int8]] = []

    def __call__(self, observations: Observations, step: int) -> Actions:
        """Return the other policy's actions [E, L]."""
        actions = self._act(observations, step)
        self._actions.append(actions[0].astype(np.int8))
        return actions

    def actions(self, steps: int) -> NDArray[np.int8]:
        """Return all lanes' actions in the first episode [T, L], -1 once it had ended for all."""
        kept = np.stack(self._actions[:steps])
        return np.pad(kept, ((0, steps - len(kept)), (0, 0)), constant_values=-1)


def animation(actions: NDArray[np.int8], environment: Specification | str, seed: int) -> bytes:
    """Return the GIF of an episode in Gymnasium with the given actions [T].

    Of an environment without pictures it is blank, and a line on stderr says why: the training
    whose result this shows must not be lost for that.

    Args:
        actions: of each step; those after the episode's end are not asked for.
        environment: what is played; a plain one by its id.
        seed: of `reset`, the one the actions were chosen under.
    """
    try:
        episode = record(
            lambda _, step: actions[step].reshape(1, 1), environment, seed, len(actions)
        )
    except PlainError as error:
        print(f"the animation is empty: {error}", file=sys.stderr)
        return gif(np.full((1, *BLANK, 3), 255, np.uint8), 1)
    return gif(episode.frames, episode.frames_per_second)
