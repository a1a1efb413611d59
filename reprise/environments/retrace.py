"""Keep a policy's actions in one episode, to play it again without networks.

Which policy is shown is known only after all are evaluated. By then the workers and their networks
are gone, and loading TensorFlow again for one animation takes longer than drawing it.

Shapes: E episodes, N policies, T steps.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from reprise.environments.animation import gif, notice
from reprise.environments.answers import spaces
from reprise.environments.rollout import Act, Actions, Observations, record
from reprise.environments.specification import Specification, made
from reprise.errors import PlainError


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
    """Makes a stage's animation, or one picture of the reason if there is nothing to show."""

    def __init__(self, environment: Specification, label: str) -> None:
        """Look whether an environment has pictures; if not, the stage's label says so on stderr.

        Raises:
            UserError: the environment cannot be made, or does not fit.
        """
        self._environment, self._label, self._lacking = environment, label, ""
        with made(environment, 1) as (played,):
            spaces(played, environment.id)
        self._gif(np.empty(0, np.int32), seed=0)

    def animation(self, actions: NDArray[np.int32], policy: int | None, seed: int) -> bytes:
        """Return the GIF of a policy's episode, or one of a picture that says why there is none.

        Args:
            actions: of each step and policy [T, N]; those after the episode's end are unused.
            policy: the one that is shown, if there is one.
            seed: of `reset`, the one the actions were chosen under.
        """
        if policy is None:
            return notice("No animation: no seed has a policy.")
        shown = None if self._lacking else self._gif(actions[:, policy], seed)
        return shown or notice(f"No animation: {self._lacking}.")

    def _gif(self, actions: NDArray[np.int32], seed: int) -> bytes | None:
        """Return the GIF of the episode with these actions [T], or keep and print the reason."""
        chosen = actions[actions >= 0]
        try:
            episode = record(
                lambda _, step: chosen[step, None, None], self._environment, seed, len(chosen)
            )
            return gif(episode.frames, episode.frames_per_second)
        except Exception as error:
            known = isinstance(error, PlainError)
            reason = error if known else f"{self._environment.id}: {type(error).__name__}: {error}"
            self._lacking = " ".join(str(reason).split()).rstrip(".")
            print(f"{self._label}: no animation: {self._lacking}", file=sys.stderr, flush=True)
            return None
