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
        allowed = "observation, reward, terminated, truncated, info"
        raise Misfit(f"returned {shown(answer)} from step; allowed: {allowed}")
    observation, reward, *ends, _ = answer
    if type(reward) is not float:
        reward = float(_number(reward, "rewarded", "a number"))
    for place, end in enumerate(ends):
        if end is not False and _number(end, "ended by", "true or false") not in (0, 1):
            raise Misfit(f"ended by {shown(end)}; allowed: true or false")
        ends[place] = bool(end)
    return observation, reward, *ends


def _number(value: Any, what: str, allowed: str) -> float:
    found = single(value)
    if not isinstance(found, bool | int | float):
        raise Misfit(f"{what} {shown(value)}; allowed: {allowed}")
    return found


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
