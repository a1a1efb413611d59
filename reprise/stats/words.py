"""Means, shares and intervals in the words of a notebook.

A missing number is null in a JSON file and an empty cell in a table: a diverged seed has no return,
one seed has no interval. Here it is a word or a dash, never `nan`.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from reprise.stats.intervals import Interval, known_mean, wilson_interval

NONE = "none"
DASH = "\N{EN DASH}"


def number(value: float | None, form: str = ".1f", none: str = DASH) -> str:
    """Return a number in a form, or a dash for None, NaN or infinity.

    >>> number(196.74), number(None)
    ('196.7', '–')
    """
    return none if value is None or not math.isfinite(value) else f"{value:{form}}"


def bracketed(interval: Interval, form: str = ".1f") -> str:
    """Return an interval for a table or a figure: only the estimate if it has no bounds.

    >>> bracketed(Interval(4.0, 3.1, 4.9, 9, False))
    '4.0 [3.1, 4.9]'
    """
    bounds = ", ".join(number(bound, form) for bound in interval[1:3])
    return number(interval.estimate, form) + (f" [{bounds}]" if interval.bounded else "")


def told(interval: Interval, form: str, confidence: float) -> str:
    """Return an interval in Markdown.

    >>> told(Interval(4.0, 3.1, 4.9, 9, False), ".1f", 0.95)
    '**4.0** (95% interval 3.1 to 4.9)'

    Args:
        interval: the interval.
        form: of its numbers, such as `,.1f`.
        confidence: of the interval.
    """
    if math.isnan(interval.estimate):
        return NONE
    bounds = "without an interval"
    if interval.bounded:
        low, high = (number(bound, form) for bound in interval[1:3])
        bounds = f"{100 * confidence:g}% interval {low} to {high}"
    return f"**{number(interval.estimate, form)}** ({bounds})"


def mean(sample: ArrayLike, confidence: float, form: str = ",.1f") -> str:
    """Return the mean of a sample of seeds and its interval in Markdown.

    >>> mean([187.0, 200.0, np.nan, 195.0], 0.95)
    '**194.0** (95% interval 177.7 to 210.3; of 3 seeds of 4)'

    Args:
        sample: one value for each seed, [N], NaN for none.
        confidence: of the interval.
        form: of the numbers.
    """
    found = known_mean(sample, confidence)
    text = told(found, form, confidence)
    whole = np.size(sample)
    if text == NONE or found.n == whole:
        return text
    return f"{text[:-1]}; of {found.n} seed{'s' if found.n > 1 else ''} of {whole})"


def share(hits: ArrayLike, confidence: float) -> str:
    """Return the share of seeds that hit and its interval in Markdown.

    >>> share([True, True, False, True], 0.95)
    '**3 of 4** (75%; 95% interval 30% to 95%)'
    """
    hit, whole = int(np.sum(hits)), np.size(hits)
    if not whole:
        return NONE
    found = wilson_interval(hit, whole, confidence)
    sure = f"{100 * confidence:g}% interval"
    return (
        f"**{hit} of {whole}** ({found.estimate:.0%}; {sure} {found.low:.0%} to {found.high:.0%})"
    )
