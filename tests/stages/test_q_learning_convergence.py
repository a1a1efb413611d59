"""Many seeds of Q-learning: each is its own, and each is measured against the optimum."""

from typing import Any

import numpy as np
import pytest

from reprise.pipeline import artifacts, parameters
from reprise.tabular.settling import settling_quantiles, settling_summary, within
from stages import q_learning_convergence

NAME = "q_learning_convergence"
Params = q_learning_convergence.Params


@pytest.fixture(scope="module")
def params() -> Params:
    return parameters.load(NAME, Params).model_copy(update={"seeds": 300, "iterations": 50_000})


@pytest.fixture(scope="module")
def results(params: Params) -> dict[str, Any]:
    return q_learning_convergence.run(params)


def test_nearly_all_seeds_act_optimally_though_many_are_not_near(results: dict[str, Any]):
    metrics = results["metrics.json"]
    optimal, never = metrics["optimal_policy"], metrics["within_5_percent"]["never"]
    assert optimal["low"] > 0.9
    assert never["low"] < never["estimate"] < never["high"]
    soon = (results["samples.csv"]["within_5_percent"] <= 10_000).mean()
    assert 0.3 < soon < 0.55
    assert metrics["within_1_percent"]["never"]["low"] > 0.5


def test_a_seed_does_not_depend_on_how_many_more_there_are(params, results):
    few = params.model_copy(update={"seeds": 20})
    samples = q_learning_convergence.run(few)["samples.csv"]
    first = results["samples.csv"].head(20)
    assert artifacts.render("samples.csv", samples) == artifacts.render("samples.csv", first)
    other = q_learning_convergence.run(few.model_copy(update={"seed": 43}))["samples.csv"]
    assert (samples["q_s0_a0"] != other["q_s0_a0"]).all()


def test_a_seed_that_never_settles_is_later_than_any_other_and_in_no_ratio():
    settled = np.array([100.0, np.nan, 300.0, np.nan])
    found = settling_quantiles(settled)
    assert list(found.values()) == [100.0, 100.0, None, None, None]
    settled = np.full(4, 600.0)
    assert settling_summary(settled, 10, 6)["ratio"] == 60
    assert settling_summary(settled, 10, 6)["ratio_of_updates"] == 10
    assert settling_summary(settled, np.nan, 6)["ratio"] is None
    assert settling_summary(np.full(4, np.nan), 10, 6)["ratio"] is None
    assert [within(t) for t in (0.05, 0.005)] == ["within_5_percent", "within_0_5_percent"]


def test_q_value_iteration_settles_in_under_twenty_sweeps_at_the_books_optimum(results):
    assert results["metrics.json"]["optimum"] == pytest.approx(18.91891892, abs=5e-9)
    assert results["sweeps.csv"]["q"].iloc[-1] == pytest.approx(18.91891892, abs=1e-7)
    # From zero, with V(s1) staying 0, the error of Q(s0, a0) shrinks by 0.7 * 0.9 a sweep.
    errors = 0.63 ** np.arange(20)
    for tolerance in (0.05, 0.01):
        expected = int(np.argmax(errors <= tolerance))
        assert results["metrics.json"][within(tolerance)]["sweeps"] == expected < 20
