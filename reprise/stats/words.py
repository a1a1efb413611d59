"""Numbers and intervals as text, without `nan`."""

import math

from reprise.stats.intervals import Interval

DASH = "\N{EN DASH}"


def number(value: float | None, form: str = ".1f", none: str = DASH) -> str:
    """Write a number; None, NaN and infinity become a dash.

    >>> number(196.74), number(None)
    ('196.7', '–')
    """
    return none if value is None or not math.isfinite(value) else f"{value:{form}}"


def bracketed(interval: Interval, form: str = ".1f") -> str:
    """Write an estimate and, if they are finite, its bounds.

    >>> bracketed(Interval(4.0, 3.1, 4.9, 9, False))
    '4.0 [3.1, 4.9]'
    """
    bounds = f" [{number(interval.low, form)}, {number(interval.high, form)}]"
    return number(interval.estimate, form) + (bounds if interval.bounded else "")
