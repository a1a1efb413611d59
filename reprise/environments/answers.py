"""The answers of environments to `reset` and `step`, checked before anybody learns from them.

An answer with a clear meaning is taken: a list of numbers for an array, a category as a float, a
reward or an end as an array of one. Any other is a `Misfit`: reshaped or broadcast to fit, it would
be a wrong number that nobody sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

LARGEST = float(np.finfo(np.float32).max)  # networks compute with float32
REAL = "biuf"  # NumPy's kinds of real numbers


class Misfit(Exception):
    """An answer that is not what Gymnasium's interface says; the message tells what came."""


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
        Misfit: it is none, or the reward is not a number, or an end neither true nor false.
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


def encoder(space: gymnasium.Space) -> tuple[int, Callable[[Any], NDArray]] | None:
    """Return the number of features O and what makes numbers [O] of observations, if there is any.

    It raises `Misfit` for an observation that does not fit the space. Bounds are not looked at:
    many environments, Gymnasium's among them, leave their own.

    Args:
        space: a Box with one axis, or Discrete, which is shown as one number for each value.
    """
    if isinstance(space, Discrete):
        size, start = int(space.n), int(space.start)

        def one_hot(observation: Any) -> NDArray:
            try:
                place = places.get(observation)
            except TypeError:  # of an array, which has no hash
                place = places.get(_single(observation))
            if place is None:
                raise _unlike(observation, space)
            row = np.zeros(size, np.float32)
            row[place] = 1
            return row

        places = {start + place: place for place in range(size)}  # a key equals its float
        return size, one_hot
    if isinstance(space, Box) and len(space.shape) == 1 and space.shape[0]:
        shape, usual = space.shape, space.dtype

        def vector(observation: Any) -> NDArray:
            if (
                type(observation) is np.ndarray
                and observation.dtype is usual
                and observation.shape == shape
            ):
                return observation
            try:
                array = np.asarray(observation)
            except Exception:
                raise _unlike(observation, space) from None
            if array.shape != shape or array.dtype.kind not in REAL:
                raise _unlike(observation, space)
            return array

        return shape[0], vector
    return None


def picture(rendered: Any) -> NDArray[np.uint8]:
    """Return what `render` gave as a picture [H, W, 3] of its own; of a list the last one.

    Raises:
        Misfit: it is none.
    """
    if isinstance(rendered, list) and rendered:
        rendered = rendered[-1]
    array = np.array(rendered)
    if array.ndim != 3 or array.shape[-1] not in (3, 4) or array.dtype != np.uint8:
        raise Misfit(f"renders no picture [H, W, 3] as rgb_array, but {_shown(rendered)}")
    return array[..., :3]


def wrong(values: NDArray) -> tuple[int, str] | None:
    """Return which row has the first number that networks cannot learn from, and the number.

    Args:
        values: with one axis or two; all are looked at together, which costs little.
    """
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


def _unlike(observation: Any, space: gymnasium.Space) -> Misfit:
    return Misfit(f"observed {_shown(observation)}; its space is {_short(space)}")


def _shown(value: Any) -> str:
    """Return a value in words, an array's shape with it."""
    if isinstance(value, np.ndarray):
        return f"{_short(value.tolist())} of shape {list(value.shape)}"
    if isinstance(value, tuple | list | dict | str | None):
        return _short(repr(value))
    return _short(value)


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 100 else f"{text[:97]}..."
