"""Checks of what environments show, and of their answers to `reset` and `step`.

An answer with a clear meaning is taken: a list of numbers for an array, a category as a float, a
reward or an end as an array of one. Any other is a `Misfit`: reshaped or broadcast to fit, it would
be a wrong number that nobody sees.

Shapes: O features of an observation, A actions, numbered from 0 whatever the environment's first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from reprise.errors import UserError

LARGEST = float(np.finfo(np.float32).max)  # networks compute with float32
MOST_VALUES = 4096  # of a Discrete observation, each of which is an input of the networks
REAL = "biuf"  # NumPy's kinds of real numbers


class Misfit(Exception):
    """An answer that Gymnasium's interface does not allow; the message shows it."""


class Spaces(NamedTuple):
    """Observations and actions of an environment as networks see them."""

    features: int  # O
    actions: int  # A
    first_action: int  # the environment's number of action 0
    encode: Callable[[Any], NDArray]  # from its observation to numbers [O]; raises Misfit


def spaces(environment: gymnasium.Env, environment_id: str) -> Spaces:
    """Return an environment's spaces, or say why networks of vectors and numbers do not fit.

    Raises:
        UserError: it does not show a vector or a number, or its actions are not numbers.
    """
    shown, actions = environment.observation_space, environment.action_space
    if not isinstance(actions, Discrete) or actions.n < 2:
        raise UserError(
            f"{environment_id} has the actions {actions}; allowed: Discrete, at least 2 of them"
        )
    if isinstance(shown, Discrete) and shown.n > MOST_VALUES:
        raise UserError(
            f"{environment_id} observes {shown}, which is shown as one number for each value; "
            f"allowed: up to {MOST_VALUES} of them"
        )
    if not (found := _encoder(shown)):
        try:
            flat = _encoder(gymnasium.spaces.flatten_space(shown))
        except NotImplementedError:
            flat = None
        raise UserError(
            f"{environment_id} observes {' '.join(str(shown).split())}; allowed: a Box with one "
            "axis, or Discrete, which is shown as one number for each value"
            f"{'; the wrapper FlattenObservation makes a Box of it' if flat else ''}"
        )
    return Spaces(found[0], int(actions.n), int(actions.start), found[1])


def _encoder(space: gymnasium.Space) -> tuple[int, Callable[[Any], NDArray]] | None:
    """Return O and a function from observations to numbers [O], if the space has any.

    Bounds are not checked: many environments, Gymnasium's among them, exceed their own.
    """

    def unlike(observation: Any) -> Misfit:
        return Misfit(f"observed {_shown(observation)}; its space is {_short(space)}")

    def one_hot(observation: Any) -> NDArray:
        try:
            place = places.get(observation)
        except TypeError:  # of an array, which has no hash
            place = places.get(_single(observation))
        if place is None:
            raise unlike(observation)
        row = np.zeros(len(places), np.float32)
        row[place] = 1
        return row

    def vector(observation: Any) -> NDArray:
        try:
            array = np.asarray(observation)
        except Exception:
            raise unlike(observation) from None
        if array.shape != space.shape or array.dtype.kind not in REAL:
            raise unlike(observation)
        return array

    if isinstance(space, Discrete):  # a key equals its float
        places = {int(space.start) + place: place for place in range(int(space.n))}
        return len(places), one_hot
    if isinstance(space, Box) and len(space.shape) == 1 and space.shape[0]:
        return space.shape[0], vector
    return None


def begun(answer: Any) -> Any:
    """Return the observation of the answer to `reset`.

    Raises:
        Misfit: it is not an observation and a dictionary.
    """
    if type(answer) is not tuple or len(answer) != 2 or not isinstance(answer[1], Mapping):
        raise Misfit(f"returned {_shown(answer)} from reset; allowed: observation, info")
    return answer[0]


def stepped(answer: Any) -> tuple[Any, float, bool, bool]:
    """Return observation, reward, terminated and truncated of the answer to `step`.

    Raises:
        Misfit: it has other parts, the reward is not a number, or an end neither true nor false.
    """
    if type(answer) is not tuple or len(answer) != 5:
        what = f"{len(answer)} values" if isinstance(answer, tuple) else _shown(answer)
        allowed = "observation, reward, terminated, truncated, info"
        raise Misfit(f"returned {what} from step; allowed: {allowed}")
    observation, reward, terminated, truncated, _ = answer
    if type(reward) is not float:
        reward = _number(reward)
    if terminated is not False:
        terminated = _flag(terminated, "terminated")
    if truncated is not False:
        truncated = _flag(truncated, "truncated")
    return observation, reward, terminated, truncated


def wrong(values: NDArray) -> tuple[int, str] | None:
    """Return the row of the first number that networks cannot learn from, and the number."""
    if np.abs(values).max() <= LARGEST:  # a NaN is not
        return None
    row, *column = np.argwhere(~(np.abs(values) <= LARGEST))[0].tolist()
    value = float(values[(row, *column)])
    return row, f"{'NaN' if np.isnan(value) else value}; allowed: finite numbers of float32"


def _number(reward: Any) -> float:
    value = _single(reward)
    if hasattr(type(value), "__float__") and not isinstance(value, np.generic):
        return float(value)
    raise Misfit(f"rewarded {_shown(reward)}; allowed: a number")


def _flag(end: Any, name: str) -> bool:
    value = _single(end)
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    raise Misfit(f"returned {_shown(end)} as {name}; allowed: true or false")


def _single(value: Any) -> Any:
    """Return the one number of an array or a NumPy scalar as Python's; anything else as it is."""
    if isinstance(value, np.generic | np.ndarray) and value.size == 1 and value.dtype.kind in REAL:
        return value.item()
    return None if isinstance(value, np.ndarray | list | dict | set) else value


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{_short(value.tolist())} of shape {list(value.shape)}"
    return _short(repr(value) if isinstance(value, tuple | list | dict | str | None) else value)


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 100 else f"{text[:97]}..."
