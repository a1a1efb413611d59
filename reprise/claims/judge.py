"""The judge: from the stages' results to verdicts, by Holm's procedure over each family.

An exact claim cannot be judged wrongly by chance, so it does not count in its family. An interval
without width is flagged: all its seeds agree. If it lies on a margin, it decides nothing.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reprise.claims.model import CONFIRMED, EXACT, REFUTED, UNRESOLVED, Claim, Region, Test
from reprise.claims.sources import Results, Sample, sample, value
from reprise.errors import UserError
from reprise.stats import intervals, multiplicity
from reprise.stats.intervals import Interval, Seed
from reprise.stats.median import median_interval
from reprise.stats.paired import ratio_of_means

Floats = NDArray[np.float64]

DECILES = (0.1, 0.9)
RANKED = ("share", "improvement")  # forms that ask which value is above which, not how far


class Answer(NamedTuple):
    """The answer to a claim."""

    verdict: str
    interval: Interval | None = None
    """None for a word, or for nothing."""
    word: str | None = None
    dropped: int = 0
    """Missing values."""
    confidence: float | None = None
    """None for an exact answer."""
    reason: str = ""
    """The reason for the verdict if the interval does not show it."""


Question = Callable[[float], Answer]


def judge(
    claims: Mapping[str, Claim],
    results: Results,
    confidence: float,
    resamples: int,
    seed: Callable[[str], np.random.SeedSequence],
) -> dict[str, Answer]:
    """Return the answers to all claims.

    Args:
        claims: by id.
        results: of the stages.
        confidence: that all verdicts of a family hold together.
        resamples: of each bootstrap.
        seed: from a claim's id to the seed of its bootstraps.

    Raises:
        UserError: names the claim, and the result that it needs and that is missing.
    """
    questions: dict[str, dict[str, Question]] = {}
    answers = {}
    for name, claim in claims.items():
        try:
            if claim.test.form in EXACT:
                answers[name] = exactly(claim.test, results)
            else:
                asked = question(claim.test, results, resamples, seed(name))
                questions.setdefault(claim.family, {})[name] = asked
        except UserError as error:
            raise UserError(f"claim {name}: {error}") from None
    for family in questions.values():
        answers |= multiplicity.step_down(
            family, lambda answer: answer.verdict != UNRESOLVED, confidence
        )
    return {name: answers[name] for name in claims}


def exactly(test: Test, results: Results) -> Answer:
    """Return the answer to a claim about exact values."""
    if test.form == "every":
        found = sample(test.of, results)
        if not len(found.values):
            return Answer(UNRESOLVED, dropped=found.dropped, reason="there is no value")
        low, high = float(found.values.min()), float(found.values.max())
        verdict = CONFIRMED if all(map(test.claimed.holds, found.values)) else REFUTED
        middle = float(np.median(found.values))
        return Answer(verdict, Interval(middle, low, high, len(found.values), False))._replace(
            dropped=found.dropped
        )
    one = value(test.of, results)
    if one is None or (isinstance(one, float) and math.isnan(one)):
        return Answer(UNRESOLVED, reason="the results hold no value")
    if isinstance(one, str) != (test.claimed.equal is not None):
        kind = "a word" if isinstance(one, str) else "a number"
        raise UserError(f"what is measured is {kind}, {one!r}; claimed is {test.claimed.words()}")
    if isinstance(one, str):
        return Answer(CONFIRMED if one == test.claimed.equal else REFUTED, word=one)
    verdict = CONFIRMED if test.claimed.holds(one) else REFUTED
    return Answer(verdict, Interval(one, one, one, 1, False))


def question(
    test: Test, results: Results, resamples: int, seed: np.random.SeedSequence
) -> Question:
    """Return a function from a confidence to the answer to a claim about a sample.

    The same resamples are drawn at every confidence.
    """
    ranked = test.form in RANKED
    of = sample(test.of, results, ranked=ranked)
    than = sample(test.than, results, ranked=ranked) if test.than else None
    dropped = of.dropped + (than.dropped if than else 0)
    if (least := min(len(s.values) for s in (of, than) if s)) < 2:
        count = f"{least} value{'' if least == 1 else 's'}"
        reason = f"{count} where an interval needs 2"
        return lambda _: Answer(UNRESOLVED, dropped=dropped, reason=reason)

    def ask(confidence: float) -> Answer:
        try:
            interval = measured(test, of, than, confidence, resamples, seed)
        except ValueError as error:
            return Answer(UNRESOLVED, dropped=dropped, reason=str(error))
        return ruled(interval, test.claimed)._replace(dropped=dropped, confidence=confidence)

    return ask


def ruled(interval: Interval, claimed: Region) -> Answer:
    """Return the verdict that an interval allows."""
    if interval.degenerate and interval.estimate in claimed.margins:
        return Answer(UNRESOLVED, interval, reason="on the margin")
    side = claimed.side(interval.low, interval.high)
    return Answer({1: CONFIRMED, -1: REFUTED, 0: UNRESOLVED}[side], interval)


def measured(
    test: Test, of: Sample, than: Sample | None, confidence: float, resamples: int, seed: Seed
) -> Interval:
    """Return the interval of a test's form.

    Raises:
        ValueError: if the values allow none.
    """
    a = of.values
    match test.form:
        case "share":
            assert test.counted
            hits = sum(map(test.counted.holds, a.tolist()))
            return intervals.wilson_interval(hits, len(a), confidence)
        case "mean":
            return intervals.mean_interval(a, confidence)
        case "median":
            return median_interval(a, confidence)
        case "spread":
            return intervals.bootstrap_interval(a, spread, confidence, resamples, seed=seed)
    assert than
    b = than.values
    match test.form:
        case "ratio":
            return ratio_of_means(a, b, confidence)
        case "difference":
            return intervals.difference_of_means(a, b, confidence)
    a, b = both_finite(a, b)
    if test.less_is_better:
        a, b = -a, -b
    return intervals.probability_of_improvement(a, b, confidence, resamples, seed=seed)


def spread(values: Floats, /, *, axis: int) -> Floats:
    """Return the 90% quantile minus the 10% quantile."""
    low, high = np.quantile(values, DECILES, axis=axis)
    return high - low


def both_finite(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return two samples with finite numbers only.

    A time that never came becomes one more than the latest; the return of a seed without a policy
    becomes one less than the lowest.
    """
    known = np.concatenate([a, b])
    known = known[np.isfinite(known)]
    bounds = known.min(initial=0) - 1, known.max(initial=0) + 1
    return np.clip(a, *bounds), np.clip(b, *bounds)
