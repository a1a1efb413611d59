"""The judge: from the stages' results to verdicts, by Holm's procedure over each family.

An exact claim cannot be judged wrongly by chance, so it does not count in its family. An interval
without width is flagged: all its seeds agree. If it lies on a margin, it decides nothing.
"""

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
BY_SIDE = {1: CONFIRMED, -1: REFUTED, 0: UNRESOLVED}


class Answer(NamedTuple):
    """The answer to a claim."""

    verdict: str
    interval: Interval | None = None  # None for a word, or for nothing
    word: str | None = None
    dropped: int = 0  # missing values
    confidence: float | None = None  # None for an exact answer
    reason: str = ""  # for the verdict, if the interval does not show it


Question = Callable[[float], Answer]
"""From a confidence to an answer."""


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
    claimed = test.claimed
    if test.form == "every":
        values, dropped = sample(test.of, results)
        if not len(values):
            return Answer(UNRESOLVED, dropped=dropped, reason="there is no value")
        verdict = CONFIRMED if all(map(claimed.holds, values)) else REFUTED
        middle, low, high = float(np.median(values)), float(values.min()), float(values.max())
        return Answer(verdict, Interval(middle, low, high, len(values), False), dropped=dropped)
    one = value(test.of, results)
    if one is None or one != one:  # NaN
        return Answer(UNRESOLVED, reason="the results hold no value")
    if isinstance(one, str) != (claimed.equal is not None):
        kind = "a word" if isinstance(one, str) else "a number"
        raise UserError(f"the measured value is {kind}, {one!r}; claimed is {claimed.words()}")
    if isinstance(one, str):
        return Answer(CONFIRMED if one == claimed.equal else REFUTED, word=one)
    return Answer(CONFIRMED if claimed.holds(one) else REFUTED, Interval(one, one, one, 1, False))


def question(
    test: Test, results: Results, resamples: int, seed: np.random.SeedSequence
) -> Question:
    """Return the question that a claim asks about a sample or two.

    The same resamples are drawn at every confidence.
    """
    sources = [test.of, test.than] if test.than else [test.of]
    samples = [sample(source, results, ranked=test.form in RANKED) for source in sources]
    dropped = sum(each.dropped for each in samples)
    if (least := min(len(each.values) for each in samples)) < 2:
        count = f"{least} value{'' if least == 1 else 's'}"
        reason = f"{count} where an interval needs 2"
        return lambda _: Answer(UNRESOLVED, dropped=dropped, reason=reason)

    def ask(confidence: float) -> Answer:
        try:
            interval = measured(test, samples, confidence, resamples, seed)
        except ValueError as error:
            return Answer(UNRESOLVED, dropped=dropped, reason=str(error))
        return ruled(interval, test.claimed)._replace(dropped=dropped, confidence=confidence)

    return ask


def ruled(interval: Interval, claimed: Region) -> Answer:
    """Return the verdict that an interval allows."""
    if interval.degenerate and interval.estimate in claimed.margins:
        return Answer(UNRESOLVED, interval, reason="on the margin")
    return Answer(BY_SIDE[claimed.side(interval.low, interval.high)], interval)


def measured(
    test: Test, samples: list[Sample], confidence: float, resamples: int, seed: Seed
) -> Interval:
    """Return the interval of a test's form; raise ValueError if the values allow none."""
    a, b = samples[0].values, samples[-1].values
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
