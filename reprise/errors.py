"""Errors that a program reports in one line.

A program's `main` prints the message without a traceback and exits with the error's code.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar


class PlainError(Exception):
    """A failure; the message names it and any remedy."""

    exit_code: ClassVar[int] = 1


class UserError(PlainError):
    """A user's mistake; the message says what is allowed."""

    exit_code: ClassVar[int] = 2


def closest(name: object, known: Iterable[object]) -> str | None:
    """Find the known name closest to a misspelt one.

    >>> closest("iteratons", ["iterations", "episodes"])
    'iterations'
    """
    matches = difflib.get_close_matches(str(name), [str(other) for other in known], n=1)
    return matches[0] if matches else None


def suggestion(name: object, known: Iterable[object]) -> str:
    """Suggest the closest known name, or list all.

    >>> suggestion("iteratons", ["iterations", "episodes"])
    'did you mean iterations?'
    >>> suggestion("seed", ["iterations", "episodes"])
    'allowed: iterations, episodes'
    """
    names = [str(other) for other in known]
    meant = closest(name, names)
    return f"did you mean {meant}?" if meant else f"allowed: {', '.join(names) or 'none'}"
