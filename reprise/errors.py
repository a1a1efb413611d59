"""Failures that are told in one line, because a traceback would say nothing more.

Whoever meets one at the top of a program prints its message and leaves with its exit code.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar


class PlainError(Exception):
    """A failure whose message names what failed, and what to do where that is known."""

    exit_code: ClassVar[int] = 1


class UserError(PlainError):
    """Something given is not allowed; the message names it, its value and what is allowed."""

    exit_code: ClassVar[int] = 2


def closest(name: object, known: Iterable[object]) -> str | None:
    """Return the known name that is most like a misspelt one, if any is like it.

    >>> closest("iteratons", ["iterations", "episodes"])
    'iterations'
    """
    matches = difflib.get_close_matches(str(name), [str(other) for other in known], n=1)
    return matches[0] if matches else None
