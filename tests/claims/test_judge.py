"""Verdicts: each form of test on samples that were moved to either side of its margin."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reprise.claims import judge
from reprise.claims.model import Region
from reprise.errors import UserError
from reprise.stats import intervals
from reprise.stats.intervals import Interval
from tests.claims.claiming import Made, claim, of

SEEDS = 40
NOISE = np.random.default_rng(7).normal(0, 1, SEEDS)
OTHERS = np.random.default_rng(8).normal(0, 1, SEEDS)
CENTRED = NOISE - NOISE.mean()
WIDTH = np.ptp(np.quantile(NOISE, (0.1, 0.9)))
RANKS = np.arange(SEEDS) / SEEDS
MOVED = {  # by form: the sample moved by a shift, the claimed range, and more of the test
    "mean": lambda by: (CENTRED + by, {"above": 0}, {}),
    "median": lambda by: (NOISE - np.median(NOISE) + by, {"above": 0}, {}),
    "difference": lambda by: (CENTRED + by, {"above": 0}, {"than": OTHERS - OTHERS.mean()}),
    "improvement": lambda by: (NOISE + by, {"above": 0.5}, {"than": NOISE[::-1]}),
    "share": lambda by: (1 * (0.5 + by / 3 > RANKS), {"above": 0.5}, {"counted": {"at_least": 1}}),
    "ratio": lambda by: (10 + NOISE, {"below": 1}, {"than": 10 + NOISE[::-1] + by}),
    "spread": lambda by: (NOISE * (1 + 0.9 * by), {"at_least": WIDTH}, {}),
    "correlation": lambda by: (OTHERS + 2 * by * NOISE, {"above": 0}, {"than": NOISE}),
}


def judged(results: Made | None = None, **claims: Any) -> dict[str, judge.Answer]:
    """Judge claims at 95%."""
    return judge.judge(claims, results or Made(), 0.95)


def answer(a: Any, claimed: dict, form: str = "mean", **test: Any) -> Any:
    """Return the answer to a claim about a sample, and perhaps another."""
    tables = {"a": pd.DataFrame({"x": np.asarray(a, float)})}
    if "than" in test:
        tables["b"] = pd.DataFrame({"x": test["than"]})
        test["than"] = of("b", column="x")
    it = claim(claimed, form=form, of=of("a", column="x"), **test)
    return judged(Made(**tables), it=it)["it"]


@pytest.mark.parametrize(
    ("shift", "expected"), [(1, "confirmed"), (0, "unresolved"), (-1, "refuted")], ids=str
)
@pytest.mark.parametrize("form", MOVED)
def test_each_form_confirms_refutes_and_leaves_open(form, shift, expected):
    """A shift of 1 is some six standard errors."""
    values, claimed, more = MOVED[form](shift)
    assert answer(values, claimed, form, **more).verdict == expected


@pytest.mark.parametrize(
    ("first", "expected", "estimate"), [(1.0, "confirmed", 1.0), (np.nan, "unresolved", 0.5)]
)
def test_a_seed_that_never_reaches_a_target_is_later_than_all_others(first, expected, estimate):
    times = pd.DataFrame({"variant": ["a"] * 9 + ["b"] * 9, "time": [first] * 9 + [np.nan] * 9})
    source = of("times", column="time", missing="late")
    one, other = (source | {"where": {"variant": name}} for name in "ab")
    test = {"form": "improvement", "of": one, "than": other, "less_is_better": True}
    found: Any = judged(Made(times=times), it=claim({"above": 0.5}, **test))["it"]
    assert (found.verdict, found.interval.estimate) == (expected, estimate)


def test_one_value_is_a_number_a_word_or_nothing():
    def one(metric: str, claimed: dict) -> judge.Answer:
        source = {"stage": "training", "metric": metric}
        return judged(it=claim(claimed, form="value", of=source))["it"]

    assert one("sweeps", {"below": 5}).verdict == "confirmed"
    assert one("sweeps", {"below": 4}).verdict == "refuted"
    assert one("best.discount_0_9", {"equal": "a0"}).verdict == "confirmed"
    assert one("best.discount_0_9", {"equal": "a1"})[:3] == ("refuted", None, "a0")
    assert one("nothing", {"below": 5}).reason == "the results hold no value"
    with pytest.raises(
        UserError, match="claim it: the measured value 'a0' is a word, but claimed is"
    ):
        one("best.discount_0_9", {"below": 5})
    with pytest.raises(UserError, match=r"4\.0 is a number, but claimed is equal to a0"):
        one("sweeps", {"equal": "a0"})


def test_values_without_an_interval_leave_a_claim_open_and_say_why():
    found = answer([np.nan] * 8, {"above": 0})
    assert (found.verdict, found.dropped) == ("unresolved", 8)
    assert found.reason == "0 values, but an interval needs 2"
    for form, values in {"median": [1.0, 2.0, 3.0, 4.0, 5.0], "spread": NOISE[:30]}.items():
        assert answer(values, {"above": -9}, form).reason == "too few seeds for an interval"
    assert answer([1.0] * 5, {"above": 0}).reason == "all seeds agree, but they are too few"
    assert answer([1.0] * 6, {"above": 0}).verdict == "confirmed"
    found = answer([1, 2], {"above": 0}, "ratio", than=[-1.0, 1.0])
    assert (found.verdict, found.reason) == ("unresolved", "b must not have the mean 0")


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ({"above": 0.4}, "confirmed"),
        ({"above": 0.6}, "refuted"),
        ({"above": 0.5}, "unresolved"),
        ({"at_least": 0.5}, "unresolved"),
        ({"within": (0.5, 0.7)}, "unresolved"),
    ],
)
def test_an_interval_without_width_is_flagged_and_decides_off_the_margin(region, expected):
    flat = Interval(0.5, 0.5, 0.5, 9, True)
    assert judge.ruled(flat, Region(**region)).verdict == expected


@pytest.mark.parametrize(
    ("ends", "claimed", "matters", "expected", "reason"),
    [
        ((0.51, 0.55), {"above": 0.5}, 0.56, "refuted", "too small to matter"),
        ((0.45, 0.55), {"above": 0.5}, 0.56, "refuted", "too small to matter"),
        ((0.51, 0.57), {"above": 0.5}, 0.56, "confirmed", ""),
        ((0.45, 0.57), {"above": 0.5}, 0.56, "unresolved", ""),
        ((0.4, 0.5), {"above": 0.5}, 0.56, "refuted", ""),
        ((-9, -1), {"at_most": 0}, -10, "refuted", "too small to matter"),
        ((-11, -1), {"at_most": 0}, -10, "confirmed", ""),
    ],
)
def test_an_interval_short_of_what_matters_refutes(ends, claimed, matters, expected, reason):
    interval = Interval(sum(ends) / 2, *ends, n=40)
    found = judge.ruled(interval, Region(**claimed), matters)
    assert (found.verdict, found.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("shift", "matters", "most"),
    [(0.2, None, 0.97), (-0.2, None, 0.97), (0.05, 0.3, 1)],
    ids=["in", "out", "small"],
)
def test_an_unresolved_claim_says_how_many_seeds_would_decide_it(shift, matters, most):
    """With so many seeds, drawn from the same sample, some nine repetitions of ten decide.

    More do if the effect lies between the margin and what matters: either side decides.
    """
    found = answer(CENTRED + shift, {"above": 0}, matters=matters)
    assert found.verdict == "unresolved"
    said = re.fullmatch(r"about ([\d,]+) instead of 40 would decide", found.reason)
    assert said
    needed, random = int(said[1].replace(",", "")), np.random.default_rng(3)
    drawn = (random.choice(CENTRED + shift, needed) for _ in range(400))
    answers = [answer(each, {"above": 0}, matters=matters).verdict for each in drawn]
    assert 0.84 < np.mean([each != "unresolved" for each in answers]) <= most


def test_a_family_is_judged_by_holms_procedure_and_families_do_not_touch():
    """Three claims of one are asked at 1 - 0.05 / 3; what that settles asks less of the others."""
    a = pd.DataFrame({"x": NOISE + 5, "y": NOISE + 3, "z": CENTRED})
    x, y, z = (claim({"above": 0}, form="mean", of=of("a", column=c)) for c in "xyz")
    exact = claim({"below": 5}, form="value", of={"stage": "training", "metric": "sweeps"})
    alone = claim({"above": 0}, "two", form="mean", of=of("a", column="x"))
    found = judged(Made(a=a), x=x, exact=exact, y=y, z=z, alone=alone)
    assert list(found) == ["x", "exact", "y", "z", "alone"]
    third, whole = (pytest.approx(1 - 0.05 / of) for of in (3, 1))
    assert [one.confidence for one in found.values()] == [third, None, third, whole, whole]
    assert found["x"].interval == intervals.mean_interval(a["x"], 1 - 0.05 / 3)
    assert found["z"].verdict == "unresolved"


def test_a_seed_without_a_return_is_no_hit_and_below_all_but_in_no_mean():
    table = pd.DataFrame({"greedy_200": [200.0, 200.0, np.nan, np.nan, np.nan], "seed": range(5)})

    def found(claimed: dict, **test: Any) -> tuple:
        it = claim(claimed, of=of("t", column="greedy_200"), **test)
        answer: Any = judged(Made(t=table), it=it)["it"]
        return answer.interval.estimate, answer.interval.n, answer.dropped

    assert found({"above": 0.5}, form="share", counted={"at_least": 195}) == (0.4, 5, 0)
    assert found({"at_least": 195}, form="mean") == (200, 2, 3)
    lower = of("samples", column="final", where={"variant": "base"})  # 1, 2, 3 and 4
    assert found({"above": 0.5}, form="improvement", than=lower) == (2 / 5, 9, 0)
