"""Errors that a program reports in one line.

The top of a program prints the message, without a traceback, and exits with the error's code.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar


class PlainError(Exception):
    """A failure; the message names it and any remedy."""

    exit_code: ClassVar[int] = 1


class UserError(PlainError):
    """A mistake; the message names thing, value and allowed values."""

    exit_code: ClassVar[int] = 2


def closest(name: object, known: Iterable[object]) -> str | None:
    """Return the known name closest to a misspelt one.

    >>> closest("iteratons", ["iterations", "episodes"])
    'iterations'
    """
    matches = difflib.get_close_matches(str(name), [str(other) for other in known], n=1)
    return matches[0] if matches else None
