"""The judge: from results to verdicts, by Holm's procedure.

An exact claim cannot be judged wrongly by chance, so it does not count in its family. An interval
without width is flagged: all its seeds agree. If it lies on a margin, or they are fewer
than `FEWEST`, it decides nothing. Nor does a sample too small for its form.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from reprise.claims.model import CONFIRMED, EXACT, REFUTED, UNRESOLVED, Claim, Region, Test
from reprise.claims.sources import Results, Sample, sample, value
from reprise.errors import UserError
from reprise.stats import intervals, multiplicity
from reprise.stats.intervals import Interval

RANKED = ("share", "improvement")  # forms that ask which value is above which, not how far


class Answer(NamedTuple):
    """The answer to a claim."""

    verdict: str
    interval: Interval | None = None  # that decides; None for a word, or for nothing
    word: str | None = None
    dropped: int = 0  # missing values
    confidence: float | None = None  # None for an exact answer
    reason: str = ""  # for the verdict, if the interval does not show it
    usual: Interval | None = None  # the same at 95%, which decides nothing


def judge(claims: Mapping[str, Claim], results: Results, confidence: float) -> dict[str, Answer]:
    """Return the answers to all claims, by id.

    All verdicts of a family hold together at the confidence. UserError names the claim, and the
    result that it needs and that is missing.
    """
    families: dict[str, dict[str, Callable[[float], Answer]]] = {}
    answers = {}
    for name, claim in claims.items():
        test, sources = claim.test, [each for each in (claim.test.of, claim.test.than) if each]
        try:
            if test.form in EXACT:
                answers[name] = _exactly(test, results)
                continue
            samples = [sample(each, results, ranked=test.form in RANKED) for each in sources]
        except UserError as error:
            raise UserError(f"claim {name}: {error}") from None
        families.setdefault(claim.family, {})[name] = partial(_asked, test, samples)
    for family in families.values():
        answers |= multiplicity.step_down(family, lambda a: a.verdict != UNRESOLVED, confidence)
    return {name: answers[name] for name in claims}


def _exactly(test: Test, results: Results) -> Answer:
    claimed = test.claimed
    if test.form == "every":
        values, dropped = sample(test.of, results)
        if not len(values):
            return Answer(UNRESOLVED, dropped=dropped, reason="there is no value")
        middle, low, high = (float(of(values)) for of in (np.median, np.min, np.max))
        verdict = CONFIRMED if all(map(claimed.holds, values)) else REFUTED
        return Answer(verdict, Interval(middle, low, high, len(values)), dropped=dropped)
    one = value(test.of, results)
    if one is None or one != one:  # NaN
        return Answer(UNRESOLVED, reason="the results hold no value")
    if isinstance(one, str) != (claimed.equal is not None):
        kind = "a word" if isinstance(one, str) else "a number"
        raise UserError(f"the measured value is {kind}, {one!r}; claimed is {claimed.words()}")
    if isinstance(one, str):
        return Answer(CONFIRMED if one == claimed.equal else REFUTED, word=one)
    return Answer(CONFIRMED if claimed.holds(one) else REFUTED, Interval(one, one, one, 1))


def _asked(test: Test, samples: list[Sample], confidence: float) -> Answer:
    dropped = sum(each.dropped for each in samples)
    try:
        if (least := min(len(each.values) for each in samples)) < 2:
            raise ValueError(f"{least} value{'s' * (least != 1)} where an interval needs 2")
        interval, usual = (
            _interval(test, samples, level) for level in (confidence, intervals.CONFIDENCE)
        )
    except ValueError as error:
        return Answer(UNRESOLVED, dropped=dropped, reason=str(error))
    found = ruled(interval, test.claimed)
    return found._replace(usual=usual, dropped=dropped, confidence=confidence)


def ruled(interval: Interval, claimed: Region) -> Answer:
    """Return the verdict that an interval allows."""
    if interval.degenerate and interval.estimate in claimed.margins:
        return Answer(UNRESOLVED, interval, reason="on the margin")
    if interval.degenerate and interval.n < intervals.FEWEST:
        return Answer(UNRESOLVED, interval, reason="too few seeds that agree")
    if interval.low == -np.inf and interval.high == np.inf:
        return Answer(UNRESOLVED, interval, reason="too few seeds for an interval")
    side = claimed.side(interval.low, interval.high)
    return Answer({1: CONFIRMED, -1: REFUTED, 0: UNRESOLVED}[side], interval)


def _interval(test: Test, samples: list[Sample], confidence: float) -> Interval:
    a, b = samples[0].values, samples[-1].values
    match test.form:
        case "share":
            assert test.counted
            hits = sum(map(test.counted.holds, a.tolist()))
            return intervals.share_interval(hits, len(a), confidence)
        case "mean":
            return intervals.mean_interval(a, confidence)
        case "median":
            return intervals.median_interval(a, confidence)
        case "spread":
            return intervals.spread_interval(a, confidence)
        case "ratio":
            return intervals.ratio_of_means(a, b, confidence)
        case "difference":
            return intervals.difference_of_means(a, b, confidence)
    # A time that never came becomes one more than the latest; the return of a seed without a policy
    # becomes one less than the lowest.
    both = np.concatenate([a, b])
    finite = both[np.isfinite(both)]
    bounds = finite.min(initial=0) - 1, finite.max(initial=0) + 1
    sign = -1 if test.less_is_better else 1
    a, b = (sign * np.clip(each, *bounds) for each in (a, b))
    return intervals.probability_of_improvement(a, b, confidence)
