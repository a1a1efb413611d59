"""Metrics against the committed intervals: each metric that leaves its own is named."""

import json
from typing import Any

import pytest

from reprise.stats.metrics import compare, intervals, leaves
from tests import tiny

PATHS = sorted((tiny.ROOT / "data").glob("*/metrics.json"))
COMMITTED: dict[str, Any] = {path.parent.name: json.loads(path.read_text()) for path in PATHS}
GREEDY = {"n": 96, "mean": 190.0, "mean_low": 180.0, "mean_high": 200.0, "min": 9.0}
AGAINST = {"estimate": 2.0, "low": -1.0, "high": None, "n": 96, "degenerate": False}
METRICS: dict[str, Any] = dict(
    leaves(
        {"greedy": GREEDY, "against": AGAINST, "all": [{"share": 0.0, "low": 0.0, "high": 0.25}]}
    )
)


def without(metrics: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in metrics.items() if key != name}


def outside(before: Any, after: Any) -> list[str]:
    return compare({"m": before}, {"m": after}).outside


def test_committed_metrics_lie_in_their_own_intervals():
    found = compare(COMMITTED, COMMITTED)
    assert (found.outside, found.moved) == ([], [])
    assert found.compared > sum(len(intervals(dict(leaves(m)))) for m in COMMITTED.values()) > 500
    assert str(found) == f"all {found.compared} metrics lie within their committed intervals"


@pytest.mark.parametrize("stage", COMMITTED)
def test_each_committed_bound_belongs_to_a_metric_that_may_not_pass_it(stage):
    values = dict(leaves(COMMITTED[stage]))
    ranges = intervals(values)
    found = {key for key in values if key.endswith(("_low", "_high", ".low", ".high"))}
    found = {key for key in found if not key.startswith("verdicts.")}  # named by claims
    assert found == {bound for names in ranges.values() for bound in names}
    for upwards, sign in ((False, -1), (True, 1)):
        bounds = {key: values[names[upwards]] for key, names in ranges.items()}
        bounds = {key: bound for key, bound in bounds.items() if bound is not None}
        assert outside(values, values | bounds) == []
        past = {key: bound + sign * max(abs(bound), 1) * 1e-3 for key, bound in bounds.items()}
        lines = outside(values, values | past)
        for (key, value), line in zip(past.items(), lines, strict=True):
            assert line.startswith(f"m: {key} is {value}; committed: [")


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("greedy.mean", 179.0, "[180.0, 200.0]"),
        ("greedy.mean", "high", "[180.0, 200.0]"),
        ("greedy.mean", None, "[180.0, 200.0]"),
        ("against.estimate", -1.5, "[-1.0, inf]"),
        ("all.0.share", 0.26, "[0.0, 0.25]"),
    ],
)
def test_a_metric_outside_its_interval_is_named(key, value, allowed):
    expected = [f"m: {key} is {value}; committed: {allowed}"]
    assert outside(METRICS, METRICS | {key: value}) == expected
    expected = [f"m: {key} is missing; committed: {allowed}"]
    assert outside(METRICS, without(METRICS, key)) == expected


def test_an_interval_without_width_holds_its_value_only_and_never_null():
    flat = {"solved": 1.0, "solved_low": 1.0, "solved_high": 1.0}
    assert outside(flat, flat | {"solved": 1.0 + 1e-9}) == []
    assert len(outside(flat, flat | {"solved": 1.00001})) == 1
    assert len(outside(flat, flat | {"solved": None})) == 1
    assert len(compare({"m": METRICS}, {}).outside) == 3  # a missing file
    nothing = {"mean": None, "mean_low": None, "mean_high": None}
    assert outside(nothing, nothing) == outside(nothing, nothing | {"mean": 3.0}) == []
    assert len(outside({"mean": 1.0, "mean_low": 0.0, "mean_high": 2.0}, nothing)) == 1


def test_without_randomness_only_rounding_may_differ():
    metrics, key = dict(leaves(COMMITTED["mdp_solving"])), "switching_discount"
    assert outside(metrics, metrics | {key: metrics[key] * (1 + 1e-9)}) == []
    assert len(outside(metrics, metrics | {key: metrics[key] * (1 + 1e-5)})) == 1
    assert len(outside(metrics, without(metrics, key))) == 1
    assert len(outside(metrics, metrics | {"three_state.discount_0_9.best_action.s0": "a2"})) == 1
