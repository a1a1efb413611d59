"""Power: the number of seeds decides as often as it says."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from reprise.stats import intervals
from reprise.stats.improvement import side
from reprise.stats.intervals import Array, Interval
from reprise.stats.power import holm_level, power, seeds_needed

LEVEL = holm_level(0.95, 3)
Draw = Callable[[np.random.Generator, int], list[Array]]


def one(generator: np.random.Generator, n: int) -> list[Array]:
    """Draw returns of which some fail."""
    failed = generator.random(n) < 0.2
    return [np.where(failed, 20.0, 195.0) + generator.normal(0, 3, n)]


def two(generator: np.random.Generator, n: int) -> list[Array]:
    return [generator.normal(0.7, 1, n), generator.normal(0, 1, n)]


def pairs(generator: np.random.Generator, n: int) -> list[Array]:
    first = generator.normal(10, 1, n)
    return [first, first + generator.normal(0.5, 1, n)]


def hits(sample: Array) -> Interval:
    return intervals.share_interval(int((sample > 100).sum()), len(sample), LEVEL)


FORMS: dict[str, tuple[Draw, Callable[..., Interval], float]] = {
    "share": (one, hits, 0.6),
    "mean": (one, lambda a: intervals.mean_interval(a, LEVEL), 135),
    "median": (two, lambda a, _: intervals.median_interval(a, LEVEL), 0.2),
    "spread": (two, lambda a, _: intervals.spread_interval(a, LEVEL), 1.9),
    "ratio": (pairs, lambda a, b: intervals.ratio_of_means(a, b, LEVEL), 1),
    "difference": (two, lambda a, b: intervals.difference_of_means(a, b, LEVEL), 0),
    "improvement": (two, lambda a, b: intervals.probability_of_improvement(a, b, LEVEL), 0.5),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_seeds_needed_decide_as_often_as_they_say(form: str):
    draw, interval, margin = FORMS[form]

    def decides(samples: Sequence[Array]) -> bool:
        return side(interval(*samples), margin) != 0

    pilot, paired = draw(np.random.default_rng(1), 20_000), draw is pairs
    n = seeds_needed(pilot, decides, repetitions=500, paired=paired, seed=2)
    assert n
    said = power(pilot, n, decides, 1500, paired=paired, seed=3)
    fresh = np.random.default_rng(4)
    decided = np.mean([decides(draw(fresh, n)) for _ in range(1500)])
    assert decided == pytest.approx(said, abs=0.03)
    assert said == pytest.approx(0.9, abs=0.04)


def test_an_effect_on_the_margin_needs_more_seeds_than_any_number():
    decides = lambda samples: side(intervals.mean_interval(*samples), 0) != 0  # noqa: E731
    assert seeds_needed([np.array([-1.0, 1.0])], decides, most=64, repetitions=100, seed=0) is None
