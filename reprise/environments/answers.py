"""Checks of the values that an environment returns.

A value with a clear meaning is accepted: a list for an array, a float for a category, an array of
one number for a reward. Any other is a `Misfit`: forcing it into shape would make a wrong number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

REAL = "biuf"  # NumPy's kinds of real numbers


class Misfit(Exception):
    """A value that Gymnasium's interface does not allow."""


def checked_reset(answer: Any) -> Any:
    """Check what `reset` returned and take its observation."""
    if type(answer) is not tuple or len(answer) != 2 or not isinstance(answer[1], Mapping):
        raise Misfit(f"returned {shown(answer)} from reset; allowed: (observation, info)")
    return answer[0]


def checked_step(answer: Any) -> tuple[Any, float, bool, bool]:
    """Check what `step` returned and drop its info."""
    if type(answer) is not tuple or len(answer) != 5:
        allowed = "(observation, reward, terminated, truncated, info)"
        raise Misfit(f"returned {shown(answer)} from step; allowed: {allowed}")
    observation, reward, terminated, truncated, _ = answer
    if type(reward) is not float:
        number = single(reward)
        if not isinstance(number, bool | int | float):
            raise Misfit(f"returned the reward {shown(reward)}; allowed: a number")
        reward = float(number)
    return observation, reward, _flag("terminated", terminated), _flag("truncated", truncated)


def _flag(name: str, value: Any) -> bool:
    if value is not False and single(value) not in (0, 1):  # True and 1.0 equal 1
        raise Misfit(f"returned {shown(value)} as {name}; allowed: true or false")
    return bool(value)


def single(value: Any) -> Any:
    """Unwrap an array of one number; other containers give None."""
    if isinstance(value, np.generic | np.ndarray) and value.size == 1 and value.dtype.kind in REAL:
        return value.item()
    return None if isinstance(value, np.ndarray | list | dict | set) else value


def shown(value: Any) -> str:
    """Describe a value in a message."""
    if isinstance(value, np.ndarray):
        return f"{short(value.tolist())} of shape {list(value.shape)}"
    return short(value if isinstance(value, np.generic) else repr(value))


def short(value: object) -> str:
    """Cut a text to 100 characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= 100 else f"{text[:97]}..."
