"""Errors that a program reports in one line, without a traceback.

The top of a program prints the message and exits with the error's code.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar


class PlainError(Exception):
    """A failure; the message names it, and a remedy if one is known."""

    exit_code: ClassVar[int] = 1


class UserError(PlainError):
    """A user's mistake; the message names the thing, its value and what is allowed."""

    exit_code: ClassVar[int] = 2


def closest(name: object, known: Iterable[object]) -> str | None:
    """Return the known name closest to a misspelt one, or None.

    >>> closest("iteratons", ["iterations", "episodes"])
    'iterations'
    """
    matches = difflib.get_close_matches(str(name), [str(other) for other in known], n=1)
    return matches[0] if matches else None
