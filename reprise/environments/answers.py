"""Checks of answers to `reset` and `step`.

An answer with a clear meaning is taken: a list for an array, a category as a float, a reward or an
end as an array of one. Any other is a `Misfit`: reshaped to fit, it would be a wrong number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

REAL = "biuf"  # NumPy's kinds of real numbers


class Misfit(Exception):
    """An answer that Gymnasium's interface does not allow."""


def begun(answer: Any) -> Any:
    """Return the observation of an answer to `reset`."""
    if type(answer) is not tuple or len(answer) != 2 or not isinstance(answer[1], Mapping):
        raise Misfit(f"returned {shown(answer)} from reset; allowed: observation, info")
    return answer[0]


def stepped(answer: Any) -> tuple[Any, float, bool, bool]:
    """Return observation, reward, terminated and truncated."""
    if type(answer) is not tuple or len(answer) != 5:
        what = f"{len(answer)} values" if isinstance(answer, tuple) else shown(answer)
        allowed = "observation, reward, terminated, truncated, info"
        raise Misfit(f"returned {what} from step; allowed: {allowed}")
    observation, reward, terminated, truncated, _ = answer
    if type(reward) is not float:
        value = single(reward)
        if isinstance(value, np.generic) or not hasattr(type(value), "__float__"):
            raise Misfit(f"rewarded {shown(reward)}; allowed: a number")
        reward = float(value)
    if terminated is not False:
        terminated = _flag(terminated, "terminated")
    if truncated is not False:
        truncated = _flag(truncated, "truncated")
    return observation, reward, terminated, truncated


def _flag(end: Any, name: str) -> bool:
    value = single(end)
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    raise Misfit(f"returned {shown(end)} as {name}; allowed: true or false")


def single(value: Any) -> Any:
    """Return an array's only number; None of several."""
    if isinstance(value, np.generic | np.ndarray) and value.size == 1 and value.dtype.kind in REAL:
        return value.item()
    return None if isinstance(value, np.ndarray | list | dict | set) else value


def shown(value: Any) -> str:
    """Return a value for a message."""
    if isinstance(value, np.ndarray):
        return f"{short(value.tolist())} of shape {list(value.shape)}"
    return short(value if isinstance(value, np.generic) else repr(value))


def short(value: object) -> str:
    """Return a text in at most 100 characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= 100 else f"{text[:97]}..."
