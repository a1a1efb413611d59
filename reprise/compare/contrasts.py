"""How one outcome differs between two revisions: both means, their difference, and whose is better.

The seeds of two revisions are compared unpaired, as those of two variants are: a changed
hyperparameter leaves nothing of what the same seed would have drawn. The verdict is that of the
probability (see `improvement`). A seed without a number is left out of means and, where the outcome
is a time, comes last.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.measures.outcomes import Sense
from reprise.stats import improvement
from reprise.stats.intervals import (
    Interval,
    Seed,
    difference_of_means,
    mean_interval,
    probability_of_improvement,
)

MINUS = "\N{MINUS SIGN}"

# What the probability is one of, and the verdicts: rather above, rather below.
WORDS: dict[Sense, tuple[str, str, str]] = {
    "return": ("better", "better", "worse"),
    "time": ("sooner", "sooner", "later"),
    "other": ("higher", "higher", "lower"),
}


class Contrast(NamedTuple):
    """An outcome of two revisions, a and b, one value per seed each."""

    sense: Sense
    n: tuple[int, int]
    """Seeds of a, and of b."""
    missing: tuple[int, int]
    """How many of them have no number."""
    a: Interval | None
    """The mean; None of fewer than two numbers, as below."""
    b: Interval | None
    difference: Interval | None
    """Of the means, b's less a's."""
    chance: Interval | None
    """That a seed of b is better (sooner, higher) than one of a, ties counted half."""

    @property
    def verdict(self) -> str:
        """Return what b is beside a, in a word or few."""
        if self.chance is None:
            return "cannot be compared"
        _, above, below = WORDS[self.sense]
        verdicts = {1: above, -1: below, 0: improvement.VERDICTS[0]}
        return verdicts[improvement.side(self.chance, improvement.EVEN)]

    @property
    def chance_told(self) -> str:
        """Return the probability, and of what if not of a better return."""
        if self.chance is None:
            return "too few seeds"
        word = "" if self.sense == "return" else f"{WORDS[self.sense][0]} "
        return f"{word}{improvement.percent(self.chance)}"

    @property
    def n_told(self) -> str:
        """Return the seeds of both, and how many of them have a number where not all do."""
        sides = [
            f"{n - missing} of {n}" if missing else f"{n}"
            for n, missing in zip(self.n, self.missing, strict=True)
        ]
        return ", ".join(sides)


def contrast(
    a: NDArray[np.float64], b: NDArray[np.float64], sense: Sense, confidence: float, *, seed: Seed
) -> Contrast:
    """Compare an outcome of two revisions.

    Args:
        a: of the first, a value per seed, NaN for none, [N].
        b: of the second, [M].
        sense: what the outcome is.
        confidence: of all intervals.
        seed: of the bootstrap.
    """
    present = a[~np.isnan(a)], b[~np.isnan(b)]
    both = min(map(len, present)) >= 2
    ranked = present
    if sense != "other":  # the sooner the better, and never last; no return is below any other
        every = pd.Series(np.concatenate([a, b]))
        rank = improvement.soonest(every) if sense == "time" else every.rank(na_option="top")
        ranks = rank.to_numpy(float)
        ranked = ranks[: len(a)], ranks[len(a) :]
    of_a, of_b = (mean_interval(x, confidence) if len(x) >= 2 else None for x in present)
    return Contrast(
        sense,
        (len(a), len(b)),
        (len(a) - len(present[0]), len(b) - len(present[1])),
        of_a,
        of_b,
        difference_of_means(present[1], present[0], confidence) if both else None,
        probability_of_improvement(ranked[1], ranked[0], confidence, seed=seed)
        if min(map(len, ranked)) >= 2
        else None,
    )


def told(interval: Interval | None, *, signed: bool = False) -> str:
    """Return an interval, such as `122.3 [108.6, 135.9]`, as exactly as its width is worth."""
    if interval is None:
        return "too few seeds"
    width = interval.high - interval.low
    # Three digits of the width are more than it is sure of; of no width, as written in results.
    decimals = min(9, max(0, 2 - math.floor(math.log10(width)))) if width > 0 else None
    form = ("+" if signed else "") + (",.9g" if decimals is None else f",.{decimals}f")
    estimate, low, high = (f"{each:{form}}".replace("-", MINUS) for each in interval[:3])
    return f"{estimate} [{'no width' if interval.degenerate else f'{low}, {high}'}]"


def sentence(found: Contrast, what: str, a: str, b: str) -> str:
    """Return in plain words what was found.

    Args:
        found: the comparison.
        what: the outcome and where it is from.
        a: the name of the first revision.
        b: the name of the second.
    """
    if found.chance is None:
        return f"{what}: {a} and {b} need two seeds each to be compared; they have {found.n_told}."
    word = WORDS[found.sense][0]
    chance = f"a seed of {b} is {word} than one of {a} with probability "
    verdict = f"{what} is {found.verdict} in {b} than in {a}"
    if found.verdict == improvement.VERDICTS[0]:
        verdict = f"{what} in {b} and in {a} cannot be told apart"
    means = ""
    if found.difference is not None:
        difference = told(found.difference, signed=True)
        means = f"the mean differs by {difference}, and "
    return f"{verdict}: {means}{chance}{improvement.percent(found.chance)}."
