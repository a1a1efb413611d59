"""Checks of spaces, and of answers to `reset` and `step`.

An answer with a clear meaning is taken: a list for an array, a category as a float, a reward or an
end as an array of one. Any other is a `Misfit`: reshaped to fit, it would be a wrong number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from math import prod
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from reprise.errors import UserError

MOST_VALUES = 4096  # of a Discrete observation, each of which is an input of the networks
REAL = "biuf"  # NumPy's kinds of real numbers


class Misfit(Exception):
    """An answer that Gymnasium's interface does not allow."""


class Spaces(NamedTuple):
    """Observations and actions of an environment as networks see them.

    Actions are numbers from 0, [..., N], or real numbers [..., A, N].
    """

    features: int  # O
    actions: int  # A, the number of actions, or of the components of a continuous one
    continuous: bool
    decode: Callable[[NDArray], NDArray]  # from actions to those of the environment, [P, ...]
    encode: Callable[[Any], NDArray]  # from its observation to numbers [O]; raises Misfit

    @property
    def action_shape(self) -> tuple[int, ...]:
        """Return an action's axes before N, if any."""
        return (self.actions,) if self.continuous else ()


def spaces(environment: gymnasium.Env, environment_id: str) -> Spaces:
    """Return an environment's spaces; a UserError if none fits networks."""
    shown, actions = environment.observation_space, environment.action_space
    continuous, number = False, 0
    if isinstance(actions, Box) and actions.dtype.kind == "f":
        continuous, number = True, prod(actions.shape)
    elif isinstance(actions, Discrete):
        number = int(actions.n)
    if number < (1 if continuous else 2):
        raise UserError(
            f"{environment_id} has the actions {' '.join(str(actions).split())}; allowed: "
            "Discrete, at least 2 of them, or a Box of real numbers"
        )
    if isinstance(shown, Discrete) and shown.n > MOST_VALUES:
        raise UserError(
            f"{environment_id} observes {shown}, which is shown as one number for each value; "
            f"allowed: up to {MOST_VALUES} of them"
        )
    features = 0
    with suppress(NotImplementedError, ValueError):  # of a space that nothing makes a vector of
        features = gymnasium.spaces.flatdim(shown)
    vector = isinstance(shown, Box) and len(shown.shape) == 1
    if not features or not (vector or isinstance(shown, Discrete)):
        hint = "; the wrapper FlattenObservation makes a Box of it" if features else ""
        raise UserError(
            f"{environment_id} observes {' '.join(str(shown).split())}; allowed: a Box with one "
            f"axis, or Discrete, which is shown as one number for each value{hint}"
        )
    first = int(shown.start) if isinstance(shown, Discrete) else 0
    places = {first + place: place for place in range(features)}  # a key equals its float

    def encode(observation: Any) -> NDArray:
        # Bounds are not checked: many environments, Gymnasium's among them, exceed their own.
        try:
            if vector:
                row = np.asarray(observation)
                if row.shape == shown.shape and row.dtype.kind in REAL:
                    return row
            elif (place := places.get(_single(observation))) is not None:
                row = np.zeros(features, np.float32)
                row[place] = 1
                return row
        except Exception:  # of ragged lists, and of what has no hash
            pass
        raise Misfit(f"observed {_shown(observation)}; its space is {_short(shown)}")

    return Spaces(features, number, continuous, partial(_decoded, actions), encode)


def _decoded(space: Any, actions: NDArray) -> NDArray:
    """Return actions as a space has them, [P, ...]."""
    if isinstance(space, Discrete):
        return actions.ravel().astype(np.int64) + int(space.start)
    rows = np.moveaxis(actions, -2, -1).reshape(-1, *space.shape)
    # A network that diverged draws no numbers; its neighbours play on.
    finite = np.nan_to_num(rows.astype(space.dtype))
    return np.clip(finite, space.low, space.high)


def begun(answer: Any) -> Any:
    """Return the observation of an answer to `reset`."""
    if type(answer) is not tuple or len(answer) != 2 or not isinstance(answer[1], Mapping):
        raise Misfit(f"returned {_shown(answer)} from reset; allowed: observation, info")
    return answer[0]


def stepped(answer: Any) -> tuple[Any, float, bool, bool]:
    """Return observation, reward, terminated and truncated."""
    if type(answer) is not tuple or len(answer) != 5:
        what = f"{len(answer)} values" if isinstance(answer, tuple) else _shown(answer)
        allowed = "observation, reward, terminated, truncated, info"
        raise Misfit(f"returned {what} from step; allowed: {allowed}")
    observation, reward, terminated, truncated, _ = answer
    if type(reward) is not float:
        value = _single(reward)
        if isinstance(value, np.generic) or not hasattr(type(value), "__float__"):
            raise Misfit(f"rewarded {_shown(reward)}; allowed: a number")
        reward = float(value)
    if terminated is not False:
        terminated = _flag(terminated, "terminated")
    if truncated is not False:
        truncated = _flag(truncated, "truncated")
    return observation, reward, terminated, truncated


def _flag(end: Any, name: str) -> bool:
    value = _single(end)
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    raise Misfit(f"returned {_shown(end)} as {name}; allowed: true or false")


def _single(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray) and value.size == 1 and value.dtype.kind in REAL:
        return value.item()
    return None if isinstance(value, np.ndarray | list | dict | set) else value


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{_short(value.tolist())} of shape {list(value.shape)}"
    return _short(value if isinstance(value, np.generic) else repr(value))


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 100 else f"{text[:97]}..."
