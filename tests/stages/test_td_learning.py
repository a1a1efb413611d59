"""TD(0) by many schedules: what settles on a floor, and what goes on falling."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from reprise.pipeline import artifacts, parameters
from reprise.stats.intervals import ratio_of_means
from stages import td_learning

NAME = "td_learning"
Params = td_learning.Params


@pytest.fixture(scope="module")
def params() -> Params:
    return parameters.load(NAME, Params).model_copy(update={"seeds": 200})


@pytest.fixture(scope="module")
def results(params: Params) -> dict[str, Any]:
    return td_learning.run(params)


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


def test_a_seed_depends_neither_on_other_seeds_nor_on_other_schedules(
    params: Params, results: dict[str, Any]
):
    name = "power_slow"
    update = {"seeds": 5, "schedules": {name: params.schedules[name]}}
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
