"""Verdicts: each form of test on samples that were moved to either side of its margin."""

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


def judged(results: Made | None = None, **claims: Any) -> dict[str, judge.Answer]:
    """Judge claims at 95%."""
    return judge.judge(claims, results or Made(), 0.95, 400, lambda _: np.random.SeedSequence(3))


def verdict(a, claimed, form="mean", than=None, **more) -> str:
    """Return the verdict of one claim about a sample, and perhaps another."""
    tables = {"a": pd.DataFrame({"x": a})}
    if than is not None:
        tables["b"] = pd.DataFrame({"x": than})
        more["than"] = of("b", column="x")
    return judged(Made(**tables), it=claim(claimed, form=form, of=of("a", column="x"), **more))[
        "it"
    ].verdict


VERDICTS = ("confirmed", "unresolved", "refuted")
CENTRED = NOISE - NOISE.mean()
MOVED = {  # by form: the sample moved by a shift, the claimed range, and more of the test
    "mean": lambda by: (CENTRED + by, {"above": 0}, {}),
    "median": lambda by: (NOISE - np.median(NOISE) + by, {"above": 0}, {}),
    "difference": lambda by: (CENTRED + by, {"above": 0}, {"than": OTHERS - OTHERS.mean()}),
    "improvement": lambda by: (NOISE + by, {"above": 0.5}, {"than": NOISE[::-1]}),
    "share": lambda by: (
        (np.arange(SEEDS) < SEEDS * (0.5 + by / 3)) * 1.0,
        {"above": 0.5},
        {"counted": {"at_least": 1}},
    ),
    "ratio": lambda by: (10 + NOISE, {"below": 1}, {"than": 10 + NOISE[::-1] + by}),
    "spread": lambda by: (
        NOISE * (1 + 0.9 * by),
        {"at_least": judge.spread(NOISE, axis=0)},
        {},
    ),
}


@pytest.mark.parametrize(("shift", "expected"), [(1, 0), (0, 1), (-1, 2)], ids=str)
@pytest.mark.parametrize("form", MOVED)
def test_each_form_confirms_refutes_and_leaves_open(form, shift, expected):
    """A shift of 1 is some six standard errors."""
    values, claimed, more = MOVED[form](shift)
    assert verdict(values, claimed, form, **more) == VERDICTS[expected]


def test_less_is_better_turns_an_improvement_round():
    late, soon = NOISE + 2, NOISE
    for better, expected in ((True, "confirmed"), (False, "refuted")):
        found = verdict(soon, {"above": 0.5}, "improvement", late, less_is_better=better)
        assert found == expected


def test_a_test_without_a_direction_is_confirmed_on_either_side():
    for shift in (2, -2):
        assert verdict(NOISE + shift, {"outside": [0.4, 0.6]}, "improvement", NOISE) == "confirmed"
    assert verdict(NOISE, {"outside": [0.01, 0.99]}, "improvement", NOISE[::-1]) == "refuted"


@pytest.mark.parametrize(
    ("first", "expected", "reason"),
    [(1.0, "confirmed", ""), (np.nan, "unresolved", "on the margin")],
)
def test_a_seed_that_never_reaches_a_target_is_later_than_all_others(first, expected, reason):
    times = pd.DataFrame({"variant": ["a"] * 9 + ["b"] * 9, "time": [first] * 9 + [np.nan] * 9})
    one, other = (
        of("times", column="time", where={"variant": name}, missing="late") for name in "ab"
    )
    test = {"form": "improvement", "of": one, "than": other, "less_is_better": True}
    found = judged(Made(times=times), it=claim({"above": 0.5}, **test))["it"]
    assert (found.verdict, found.reason) == (expected, reason)
    assert found.interval
    assert found.interval.degenerate


def test_a_median_may_be_a_time_that_never_came():
    table = pd.DataFrame({"time": [3.0, 4.0] + [np.nan] * 30})
    source = of("times", column="time", missing="late")
    found = judged(Made(times=table), it=claim({"at_most": 9}, form="median", of=source))["it"]
    assert found.verdict == "refuted"
    assert found.interval
    assert found.interval.estimate == np.inf


@pytest.mark.parametrize(
    ("values", "expected"), [([1, 2], "confirmed"), ([1, 9], "refuted"), ([], "unresolved")]
)
def test_each_value_is_asked_for(values, expected):
    found = judged(
        Made(a=pd.DataFrame({"x": np.array(values, float)})),
        it=claim({"below": 3}, form="every", of=of("a", column="x")),
    )["it"]
    assert (found.verdict, found.confidence) == (expected, None)


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
        UserError, match=r"claim it: the measured value is a word, 'a0'; claimed is"
    ):
        one("best.discount_0_9", {"below": 5})
    with pytest.raises(UserError, match=r"is a number, 4\.0; claimed is equal to a0"):
        one("sweeps", {"equal": "a0"})


def test_values_without_an_interval_leave_a_claim_open_and_say_why():
    found = judged(it=claim({"above": 0}, form="mean", of=of(column="never")))["it"]
    assert (found.verdict, found.dropped) == ("unresolved", 8)
    assert found.reason == "0 values where an interval needs 2"
    table = pd.DataFrame({"x": [1.0, 2.0], "y": [-1.0, 1.0]})
    test = {"form": "ratio", "of": of("a", column="x"), "than": of("a", column="y")}
    found = judged(Made(a=table), it=claim({"above": 0}, **test))["it"]
    assert (found.verdict, found.reason) == ("unresolved", "b must not have the mean 0")


def test_an_interval_without_width_is_flagged_and_decides_off_the_margin():
    flat = Interval(0.5, 0.5, 0.5, 9, True)
    assert judge.ruled(flat, Region(above=0.4)).verdict == "confirmed"
    assert judge.ruled(flat, Region(above=0.6)).verdict == "refuted"
    for region in (Region(above=0.5), Region(at_least=0.5), Region(within=(0.5, 0.7))):
        assert judge.ruled(flat, region).verdict == "unresolved"


def test_a_family_is_judged_by_holms_procedure_and_families_do_not_touch():
    """Three claims of one are asked at 1 - 0.05 / 3; what that settles asks less of the others."""
    a = pd.DataFrame({"x": NOISE + 5, "y": NOISE + 3, "z": NOISE - NOISE.mean()})
    x, y, z = (claim({"above": 0}, form="mean", of=of("a", column=c)) for c in "xyz")
    exact = claim({"below": 5}, form="value", of={"stage": "training", "metric": "sweeps"})
    alone = claim({"above": 0}, "two", form="mean", of=of("a", column="x"))
    found = judged(Made(a=a), x=x, exact=exact, y=y, z=z, alone=alone)
    assert list(found) == ["x", "exact", "y", "z", "alone"]
    levels = {name: answer.confidence for name, answer in found.items()}
    assert levels == {
        "x": pytest.approx(1 - 0.05 / 3), "y": pytest.approx(1 - 0.05 / 3),
        "z": pytest.approx(0.95), "alone": pytest.approx(0.95), "exact": None,
    }  # fmt: skip
    assert found["x"].interval == intervals.mean_interval(a["x"], 1 - 0.05 / 3)
    assert found["z"].verdict == "unresolved"


def test_a_claim_about_what_is_not_there_is_named():
    with pytest.raises(UserError, match=r"claim it: .*no column 'fina'; did you mean 'final'"):
        judged(it=claim({"above": 0}, form="mean", of=of(column="fina")))


def test_a_seed_without_a_return_is_no_hit_and_below_all_but_in_no_mean():
    table = pd.DataFrame({"greedy_200": [200.0, 200.0, np.nan, np.nan, np.nan], "seed": range(5)})
    source = of("t", column="greedy_200")

    def answer(claimed: dict, **test) -> judge.Answer:
        return judged(Made(t=table), it=claim(claimed, of=source, **test))["it"]

    share = answer({"above": 0.5}, form="share", counted={"at_least": 195})
    assert share.interval
    assert (share.interval.estimate, share.interval.n, share.dropped) == (0.4, 5, 0)
    mean = answer({"at_least": 195}, form="mean")
    assert mean.interval
    assert (mean.interval.estimate, mean.interval.n, mean.dropped) == (200, 2, 3)
    lower = of("samples", column="final", where={"variant": "base"})  # 1, 2, 3 and 4
    better = answer({"above": 0.5}, form="improvement", than=lower)
    assert better.interval
    assert (better.interval.estimate, better.dropped) == (2 / 5, 0)
