"""TD(0) by many schedules: what settles on a floor, and what goes on falling."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from reprise.pipeline import artifacts, parameters
from reprise.stats.intervals import ratio_of_means
from reprise.tabular.names import ModelError
from stages import td_learning

NAME = "td_learning"
Params = td_learning.Params


@pytest.fixture(scope="module")
def params() -> Params:
    return parameters.load(NAME, Params).model_copy(update={"runs": 200})


@pytest.fixture(scope="module")
def results(params: Params) -> dict[str, Any]:
    return td_learning.run(params)


@pytest.fixture(scope="module")
def few(params: Params) -> Params:
    return params.model_copy(update={"runs": 20, "iterations": 2000})


def test_the_truth_is_the_linear_solve(results: dict[str, Any]):
    transitions = np.array([[2.5, 0.5, 0], [0, 1.5, 1.5], [2.4, 0.3, 0.3]]) / 3
    expected = np.linalg.solve(np.eye(3) - 0.9 * transitions, [7 / 3, -25, 32])
    np.testing.assert_allclose(list(results["metrics.json"]["truth"].values()), expected)


def test_constant_rates_settle_on_floors_that_grow_with_them_and_decaying_rates_go_on_falling(
    results: dict[str, Any], params: Params
):
    found, schedules = results["metrics.json"]["schedules"], params.schedules
    constant = [n for n, s in schedules.items() if s.learning_rate_decay == 0]
    decaying = [n for n in schedules if n not in constant]
    by_rate = sorted(constant, key=lambda name: schedules[name].learning_rate)
    assert len(by_rate) == 3
    assert all(found[name]["ratio"]["low"] > 0.85 for name in by_rate)
    for lower, higher in pairwise(by_rate):
        assert found[lower]["end"]["high"] < found[higher]["end"]["low"]
    floor = min(found[name]["end"]["low"] for name in constant)
    assert all(found[name]["ratio"]["high"] < 1 for name in decaying)
    assert min(found[name]["end"]["high"] for name in decaying) < floor


def test_a_run_depends_on_its_seed_and_neither_on_other_runs_nor_on_other_schedules(
    params: Params, results: dict[str, Any]
):
    name = "power_slow"
    update = {"runs": 5, "schedules": {name: params.schedules[name]}}
    alone = td_learning.run(params.model_copy(update=update))["samples.csv"]
    among = results["samples.csv"].query("schedule == @name").head(5)
    assert artifacts.render("a.csv", alone) == artifacts.render("a.csv", among)
    other = td_learning.run(params.model_copy(update=update | {"seed": 43}))["samples.csv"]
    assert (other["end"] != alone["end"]).any()


def test_the_ratio_of_means_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(7)
    below = generator.normal(10, 2, (2000, 50))
    above = 0.6 * below + generator.normal(1, 1, (2000, 50))  # their means' ratio: 0.7
    intervals = [ratio_of_means(a, b) for a, b in zip(above, below, strict=True)]
    covered = np.mean([i.low <= 0.7 <= i.high for i in intervals])
    assert 0.93 < covered < 0.965


@pytest.mark.parametrize("key", ["start_state", "traced_state"])
def test_a_state_that_the_model_does_not_have_is_refused(few: Params, key: str):
    with pytest.raises(ModelError, match="unknown state 's9'; allowed: s0, s1, s2"):
        td_learning.run(few.model_copy(update={key: "s9"}))
