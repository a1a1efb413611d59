"""Where bytes may differ, the intervals judge; each metric that leaves its own is named."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.pipeline import artifacts
from reprise.stats.metrics import compare, intervals, leaves
from stages import markov_chain
from tests import tiny

PATHS = sorted((tiny.ROOT / "data").glob("*/metrics.json"))
COMMITTED: dict[str, Any] = {path.parent.name: json.loads(path.read_text()) for path in PATHS}
RANGES = [(stage, *found) for stage, metrics in COMMITTED.items() for found in intervals(metrics)]
EXACT = "mdp_solving"

METRICS = {
    "greedy": {"n": 96, "mean": 190.0, "mean_low": 180.0, "mean_high": 200.0, "min": 9.0},
    "against": {"estimate": 2.0, "low": -1.0, "high": None, "n": 96, "degenerate": False},
    "variants": [{"share": 0.0, "low": 0.0, "high": 0.25}],
}


def changed(metrics: Any, key: str, value: object = None) -> Any:
    """Return metrics with another value under a dotted key; without one the key is removed."""
    new = copy.deepcopy(metrics)
    *outer, last = key.split(".")
    place = new
    for part in outer:
        place = place[int(part) if isinstance(place, list) else part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return new


def outside(before: Any, after: Any) -> list[str]:
    return compare({"m": before}, {"m": after}).outside


def test_metrics_compared_with_themselves_lie_in_their_intervals():
    found = compare(COMMITTED, COMMITTED)
    assert (found.outside, found.moved) == ([], [])
    assert found.compared > len(RANGES) > 500
    assert str(found) == f"all {found.compared} metrics lie within their committed intervals"


def test_every_bound_in_the_committed_metrics_belongs_to_a_metric():
    for stage, metrics in COMMITTED.items():
        values, bounds = dict(leaves(metrics)), set()
        for owner, names in intervals(metrics):
            assert isinstance(values[owner], float | int), f"{stage}: {owner}"
            bounds |= set(names)
        found = {key for key in values if key.endswith(("_low", "_high", ".low", ".high"))}
        assert found == bounds, stage


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(RANGES), st.booleans(), st.sampled_from([1e-3, 0.1, 10.0]))
def test_a_committed_metric_moved_past_a_bound_is_named_and_on_the_bound_it_is_not(
    interval, upwards, share
):
    stage, key, names = interval
    values = dict(leaves(COMMITTED[stage]))
    bound = values[names[upwards]]
    if bound is None:
        return
    step = share * max(abs(bound), 1e-3) * (1 if upwards else -1)
    for value, named in ((bound, False), (bound + step, True)):
        moved = COMMITTED | {stage: changed(COMMITTED[stage], key, value)}
        lines = compare(COMMITTED, moved).outside
        assert len(lines) == named
        assert all(line.startswith(f"{stage}: {key} is {value}; committed: [") for line in lines)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("greedy.mean", 179.0, "m: greedy.mean is 179.0; committed: [180.0, 200.0]"),
        ("greedy.mean", 200.5, "m: greedy.mean is 200.5; committed: [180.0, 200.0]"),
        ("greedy.mean", "high", "m: greedy.mean is high; committed: [180.0, 200.0]"),
        ("greedy.mean", None, "m: greedy.mean is missing; committed: [180.0, 200.0]"),
        ("against.estimate", -1.5, "m: against.estimate is -1.5; committed: [-1.0, inf]"),
        ("variants.0.share", 0.26, "m: variants.0.share is 0.26; committed: [0.0, 0.25]"),
    ],
)
def test_a_metric_outside_its_interval_is_named(key, value, told):
    assert outside(METRICS, changed(METRICS, key, value)) == [told]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("greedy.mean", 180.0),
        ("greedy.mean", 200.0000001),
        ("against.estimate", 1e9),
        ("variants.0.share", 0.25),
        ("greedy.mean_low", 0.0),  # of this run: its interval decides nothing
    ],
)
def test_a_metric_within_its_interval_passes(key, value):
    found = compare({"m": METRICS}, {"m": changed(METRICS, key, value)})
    assert (found.compared, found.outside, found.moved) == (3, [], [])


def test_an_interval_without_width_holds_its_value_only_and_never_null():
    flat = {"solved": 1.0, "solved_low": 1.0, "solved_high": 1.0}
    assert outside(flat, flat | {"solved": 1.0 + 1e-9}) == []
    assert len(outside(flat, flat | {"solved": 1.00001})) == 1
    assert len(outside(flat, flat | {"solved": None})) == 1
    assert len(compare({"m": METRICS}, {}).outside) == 3  # a missing file


def test_a_moved_metric_without_an_interval_is_reported_and_decides_nothing():
    after = changed(changed(METRICS, "greedy.min", 8.0), "against.degenerate", True) | {"x": 1}
    found = compare({"m": METRICS}, {"m": after})
    assert found.outside == []
    assert found.moved == [
        "m: greedy.min is 8.0; committed: 9.0",
        "m: against.degenerate is True; committed: False",
        "m: x is 1; committed: nothing",
    ]
    assert str(found).startswith("3 metrics without an interval have moved\n  m: greedy.min is 8")


def test_metrics_outside_are_listed_in_full_and_moved_ones_in_short():
    wide = {f"m{n}": {"x": 1.0, "x_low": 0.0, "x_high": 2.0, "max": 5.0} for n in range(9)}
    moved = {name: values | {"x": 3.0, "max": 6.0} for name, values in wide.items()}
    lines = str(compare({"m": wide}, {"m": moved})).split("\n")
    assert lines[0] == "9 metrics without an interval have moved"
    assert lines[5:8] == [
        "  m: m4.max is 6.0; committed: 5.0",
        "  and 4 more",
        "9 of 9 metrics lie OUTSIDE their committed intervals:",
    ]
    assert len(lines) == 17


def test_without_randomness_only_rounding_may_differ():
    metrics = COMMITTED[EXACT]
    assert not list(intervals(metrics))
    key = "switching_discount"
    value = dict(leaves(metrics))[key]
    assert outside(metrics, changed(metrics, key, value * (1 + 1e-9))) == []
    assert len(outside(metrics, changed(metrics, key, value * (1 + 1e-5)))) == 1
    assert len(outside(metrics, changed(metrics, key))) == 1
    action = "three_state.discount_0_9.best_action.s0"
    assert len(outside(metrics, changed(metrics, action, "a2"))) == 1


def test_a_stage_that_computes_something_else_is_found_out(monkeypatch):
    """The real stage, its paths begun elsewhere: what it estimates lies where it should not."""
    monkeypatch.chdir(tiny.ROOT)
    committed = COMMITTED["markov_chain"]

    def lines(**changes: Any) -> list[str]:
        section = tiny.section("markov_chain", paths=10_000, resamples=2000, **changes)
        metrics = markov_chain.run(markov_chain.Params(**section))["metrics.json"]
        return outside(committed, json.loads(artifacts.render("metrics.json", metrics)))

    assert lines() == []
    assert any("simulated.steps.estimate is" in line for line in lines(start_state="s1"))


def test_what_is_null_in_both_is_the_same():
    nothing = {"mean": None, "mean_low": None, "mean_high": None}
    assert outside(nothing, nothing) == []
    assert len(outside(nothing, nothing | {"mean": 3.0})) == 0
    assert len(outside({"mean": 1.0, "mean_low": 0.0, "mean_high": 2.0}, nothing)) == 1
