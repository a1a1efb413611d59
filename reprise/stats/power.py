"""Number of seeds that decide a claim, from a pilot.

The samples of the pilot stand for the populations: n seeds drawn from them with replacement are one
repetition of the experiment. The power of n seeds is the share of repetitions that reach a
decision, for any form of test. Ask at the strictest level of Holm's procedure, `holm_level`. A
pilot of few seeds errs like any sample: the power depends on its own effect and spread.

Source: Efron and Tibshirani (1993), An introduction to the bootstrap, section 25.4.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import special

from reprise.stats.intervals import Array, Interval, Seed

POWER = 0.9
REPETITIONS = 1000  # the standard error of a power near 0.9 is then 1%
MOST = 4096  # seeds

Decides = Callable[[Sequence[Array]], bool]


def holm_level(confidence: float, claims: int) -> float:
    """Return the confidence of the first round of Holm's procedure."""
    return 1 - (1 - confidence) / claims


def power(
    pilot: Sequence[Array],
    n: int,
    decides: Decides,
    repetitions: int = REPETITIONS,
    *,
    paired: bool = False,
    seed: Seed,
) -> float:
    """Estimate the share of repetitions that n seeds decide.

    The pilot holds the samples of a test, each [N]. Paired samples are of the same seeds and are
    drawn together.
    """
    random, decided = np.random.default_rng(seed), 0
    for _ in range(repetitions):
        if paired:
            drawn = [random.integers(len(pilot[0]), size=n)] * len(pilot)
        else:
            drawn = [random.integers(len(sample), size=n) for sample in pilot]
        decided += decides([sample[seeds] for sample, seeds in zip(pilot, drawn, strict=True)])
    return decided / repetitions


def seeds_needed(
    pilot: Sequence[Array],
    decides: Decides,
    wanted: float = POWER,
    most: int = MOST,
    *,
    repetitions: int = REPETITIONS,
    paired: bool = False,
    seed: int,
) -> int | None:
    """Find the fewest seeds with the wanted power.

    None means that even `most` seeds are too few.

    >>> from reprise.stats.intervals import mean_interval
    >>> pilot = [np.array([187.0, 200.0, 195.0, 164.0])]
    >>> seeds_needed(pilot, lambda samples: mean_interval(*samples).low > 180, seed=0)
    54
    """

    def enough(n: int) -> bool:
        found = power(pilot, n, decides, repetitions, paired=paired, seed=seed)
        return found >= wanted

    low, high = 1, 2  # low is not enough
    while not enough(high):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def roughly_needed(interval: Interval, distance: float, confidence: float) -> int:
    """Estimate the seeds with power `POWER`, to two digits.

    It assumes that the true value is the estimate, at a distance from the margin, and is normally
    distributed. The width of an interval shrinks with the square root of the number of seeds.
    """
    level, wanted = special.ndtri([(1 + confidence) / 2, POWER])
    half = (interval.high - interval.low) / 2
    n = interval.n * (half * (1 + wanted / level) / distance) ** 2
    unit = 10.0 ** max(0, np.floor(np.log10(n)) - 1)
    return int(np.ceil(n / unit) * unit)
