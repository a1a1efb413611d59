"""The judge: from results to verdicts, by Holm's procedure.

Chance cannot make the verdict on an exact claim wrong, so it does not count in its family. An
interval of width zero is marked: all seeds agree. It decides nothing if it lies on a margin or has
fewer than `FEWEST` seeds, and neither does a sample that is too small for its form. An unresolved
claim says how many seeds would decide it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from reprise.claims.model import CONFIRMED, EXACT, PAIRED, REFUTED, UNRESOLVED, Claim, Region, Test
from reprise.claims.sources import ResultFiles, Sample, sample, value
from reprise.errors import UserError
from reprise.stats import intervals, multiplicity, power
from reprise.stats.intervals import Interval

INTERVALS: dict[str, Callable[..., Interval]] = {  # by form
    "mean": intervals.mean_interval,
    "median": intervals.median_interval,
    "spread": intervals.spread_interval,
    "ratio": intervals.ratio_of_means,
    "difference": intervals.difference_of_means,
    "correlation": intervals.rank_correlation,
}
RANKED = ("share", "improvement")  # forms that compare values by rank, not by distance


class Answer(NamedTuple):
    """The answer to a claim."""

    verdict: str
    interval: Interval | None = None  # the one that decides; None for a word or a missing value
    word: str | None = None
    dropped: int = 0  # missing values
    confidence: float | None = None  # None for an exact answer
    reason: str = ""  # of the verdict, if the interval does not show it
    usual: Interval | None = None  # the 95% interval, which decides nothing
    sure: bool = False  # neither a margin nor the smallest effect that matters lies inside


def judge(
    claims: Mapping[str, Claim], results: ResultFiles, confidence: float
) -> dict[str, Answer]:
    """Judge all claims; return answers by id.

    All verdicts of a family hold together at the confidence. A UserError names the claim and the
    result that it needs.
    """
    families: dict[str, dict[str, Callable[[float], Answer]]] = {}
    answers = {}
    for name, claim in claims.items():
        test = claim.test
        try:
            if test.form in EXACT:
                answers[name] = _exactly(test, results)
                continue
            samples = _samples(test, results)
        except UserError as error:
            raise UserError(f"claim {name}: {error}") from None
        families.setdefault(claim.family, {})[name] = partial(asked, test, samples)
    for family in families.values():
        answers |= multiplicity.step_down(
            family, lambda a: a.verdict != UNRESOLVED, confidence, lambda a: a.sure
        )
    return {name: _with_reason(answers[name], claims[name].test) for name in claims}


def seeds_needed(test: Test, results: ResultFiles, confidence: float, most: int) -> int | None:
    """Estimate the seeds per sample that decide a test.

    They decide it with probability 0.9. The samples in the results are the pilot. `confidence` is
    the level of a single test. None means more than `most`.
    """

    def decides(drawn: Sequence[intervals.Array]) -> bool:
        try:
            interval = _interval(test, drawn, confidence)
        except ValueError:
            return False
        return ruled(interval, test.claimed, test.matters).verdict != UNRESOLVED

    pilot, paired = [each.values for each in _samples(test, results)], test.form in PAIRED
    return power.seeds_needed(pilot, decides, most=most, repetitions=400, paired=paired, seed=0)


def _samples(test: Test, results: ResultFiles) -> list[Sample]:
    ranked = test.form in RANKED
    return [sample(source, results, ranked=ranked) for source in (test.of, test.than) if source]


def _exactly(test: Test, results: ResultFiles) -> Answer:
    claimed = test.claimed
    if test.form == "every":
        values, dropped = sample(test.of, results)
        if not len(values):
            return Answer(UNRESOLVED, dropped=dropped, reason="the results hold no value")
        middle, low, high = (float(of(values)) for of in (np.median, np.min, np.max))
        verdict = CONFIRMED if all(map(claimed.holds, values)) else REFUTED
        return Answer(verdict, Interval(middle, low, high, len(values)), dropped=dropped)
    one = value(test.of, results)
    if one is None or one != one:  # NaN
        return Answer(UNRESOLVED, reason="the results hold no value")
    if isinstance(one, str) != (claimed.equal is not None):
        kind = "a word" if isinstance(one, str) else "a number"
        raise UserError(f"the measured value {one!r} is {kind}, but claimed is {claimed.words()}")
    if isinstance(one, str):
        return Answer(CONFIRMED if one == claimed.equal else REFUTED, word=one)
    return Answer(CONFIRMED if claimed.holds(one) else REFUTED, Interval(one, one, one, 1))


def asked(test: Test, samples: list[Sample], confidence: float) -> Answer:
    """Answer a test at a confidence level."""
    dropped = sum(each.dropped for each in samples)
    try:
        if (least := min(len(each.values) for each in samples)) < 2:
            raise ValueError(f"{least} value{'s' * (least != 1)}, but an interval needs 2")
        values = [each.values for each in samples]
        levels = confidence, intervals.CONFIDENCE
        interval, usual = (_interval(test, values, level) for level in levels)
    except ValueError as error:
        return Answer(UNRESOLVED, dropped=dropped, reason=str(error))
    found = ruled(interval, test.claimed, test.matters)
    return found._replace(usual=usual, dropped=dropped, confidence=confidence)


def ruled(interval: Interval, claimed: Region, matters: float | None = None) -> Answer:
    """Rule on an interval.

    `matters` is the smallest effect that matters.
    """
    if interval.degenerate and interval.estimate in claimed.margins:
        return Answer(UNRESOLVED, interval, reason="on the margin")
    if interval.degenerate and interval.n < intervals.FEWEST:
        return Answer(UNRESOLVED, interval, reason="all seeds agree, but they are too few")
    if interval.low == -np.inf and interval.high == np.inf:
        return Answer(UNRESOLVED, interval, reason="too few seeds for an interval")
    low, high = interval.low, interval.high
    side = claimed.side(low, high)
    sure = side != 0 and (matters is None or not low <= matters <= high)
    if side >= 0 and matters is not None and claimed.short(low, high, matters):
        return Answer(REFUTED, interval, reason="too small to matter", sure=sure)
    return Answer({1: CONFIRMED, -1: REFUTED, 0: UNRESOLVED}[side], interval, sure=sure)


def _with_reason(answer: Answer, test: Test) -> Answer:
    interval, confidence = answer.interval, answer.confidence
    if answer.verdict != UNRESOLVED or answer.reason or not (interval and confidence):
        return answer
    # The interval decides once it is short enough to leave the margin, or what matters, outside.
    middle, claimed = interval.estimate, test.claimed
    distance = min(abs(middle - margin) for margin in claimed.margins)
    if test.matters is not None and claimed.short(middle, middle, test.matters):
        distance = max(distance, abs(test.matters - middle))
    if not (interval.bounded and distance > 0):
        return answer
    n = power.roughly_needed(interval, distance, confidence)
    return answer._replace(reason=f"about {n:,} instead of {interval.n:,} would decide")


def _interval(test: Test, samples: Sequence[intervals.Array], confidence: float) -> Interval:
    if test.form in INTERVALS:
        return INTERVALS[test.form](*samples, confidence)
    if test.counted:  # the form is share
        hits = sum(map(test.counted.holds, samples[0].tolist()))
        return intervals.share_interval(hits, len(samples[0]), confidence)
    # Only ranks count: a time that never came ranks above the latest one, the return of a seed
    # without a policy below the lowest one.
    both = np.concatenate(samples)
    finite = both[np.isfinite(both)]
    bounds = finite.min(initial=0) - 1, finite.max(initial=0) + 1
    sign = -1 if test.less_is_better else 1
    a, b = (sign * np.clip(each, *bounds) for each in samples)
    return intervals.probability_of_improvement(a, b, confidence)
