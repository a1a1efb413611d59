"""One outcome of several revisions: means, differences from the baseline, verdicts.

Seeds of two revisions are compared unpaired: after a change of hyperparameters, the same seed draws
other numbers. The verdict is that of the probability of improvement (see `stats.improvement`).
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.measures.outcomes import Sense
from reprise.stats import improvement
from reprise.stats.intervals import (
    Interval,
    difference_of_means,
    mean_interval,
    probability_of_improvement,
)

BASELINE, SAME, ALIKE, FEW = "baseline", "same values", "not told apart", "too few seeds"
VERDICTS: dict[Sense, dict[int, str]] = {
    "return": {1: "better", -1: "worse", 0: ALIKE},
    "time": {1: "sooner", -1: "later", 0: ALIKE},
    "other": {1: "higher", -1: "lower", 0: ALIKE},
}
MINUS = "\N{MINUS SIGN}"
SEED = 0  # of each bootstrap: the same revisions give the same numbers


class Row(NamedTuple):
    """One revision's outcome."""

    revision: str
    values: NDArray[np.float64]  # one per seed, [N]; NaN for a seed without a number
    verdict: str
    mean: Interval | None  # None for fewer than two numbers, as in the other two intervals
    difference: Interval | None = None  # mean of the revision minus mean of the baseline
    chance: Interval | None = None
    """Probability that a seed beats one of the baseline; a tie counts half."""

    @property
    def missing(self) -> int:
        """Number of seeds without a number."""
        return int(np.isnan(self.values).sum())


def ranked(samples: Mapping[str, NDArray[np.float64]], sense: Sense) -> list[Row]:
    """Return a row for each revision, best first.

    The order is that of the probability of improvement; the baseline itself has 50%.

    Args:
        samples: one value per seed, [N], by revision; the first revision is the baseline.
        sense: whether more, sooner or higher comes first.
    """
    (baseline, base), *others = samples.items()
    rows = [Row(baseline, base, BASELINE, _mean(base))]
    rows += [_compared(name, values, base, sense) for name, values in others]

    def order(row: Row) -> float:
        even = row.verdict in (BASELINE, SAME)
        return -improvement.EVEN if even else -row.chance.estimate if row.chance else 0

    return sorted(rows, key=order)


def _compared(
    name: str, values: NDArray[np.float64], base: NDArray[np.float64], sense: Sense
) -> Row:
    """Compare one revision with the baseline.

    A seed without a number is in no mean. It ranks last among returns and times.
    """
    mean = _mean(values)
    if np.array_equal(values, base, equal_nan=True):
        return Row(name, values, SAME, mean)
    known, known_base = values[~np.isnan(values)], base[~np.isnan(base)]
    difference = chance = None
    if min(len(known), len(known_base)) >= 2:
        difference = difference_of_means(known, known_base)
    a, b = known, known_base
    if sense != "other":
        every = pd.Series(np.concatenate([values, base]))
        rank = improvement.soonest(every) if sense == "time" else every.rank(na_option="top")
        a, b = np.split(rank.to_numpy(float), [len(values)])
    if min(len(a), len(b)) < 2:
        return Row(name, values, FEW, mean, difference)
    chance = probability_of_improvement(a, b, seed=SEED)
    verdict = VERDICTS[sense][improvement.side(chance, improvement.EVEN)]
    return Row(name, values, verdict, mean, difference, chance)


def _mean(values: NDArray[np.float64]) -> Interval | None:
    known = values[~np.isnan(values)]
    return mean_interval(known) if len(known) >= 2 else None


def written(interval: Interval | None, *, signed: bool = False) -> str:
    """Return an interval such as `122.3 [108.6, 135.9]`, rounded to what its width allows."""
    if interval is None:
        return ""
    width = interval.high - interval.low
    # Three digits of the width; without a width, as many as results have.
    decimals = min(9, max(0, 2 - math.floor(math.log10(width)))) if width > 0 else None
    form = ("+" if signed else "") + (",.9g" if decimals is None else f",.{decimals}f")
    estimate, low, high = (f"{each:{form}}".replace("-", MINUS) for each in interval[:3])
    return f"{estimate} [{'no width' if interval.degenerate else f'{low}, {high}'}]"
