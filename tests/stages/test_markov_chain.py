"""Simulated paths agree with the closed form, and none depends on another."""

from typing import Any

import pytest

from reprise.pipeline import parameters
from stages import markov_chain

NAME = "markov_chain"
Params = markov_chain.Params


@pytest.fixture(scope="module")
def params() -> Params:
    return parameters.load(NAME, Params).model_copy(update={"paths": 2000, "resamples": 200})


@pytest.fixture(scope="module")
def results(params: Params) -> dict[str, Any]:
    return markov_chain.run(params)


def test_the_closed_form_is_16_steps_with_variance_328_and_the_simulation_agrees(results):
    exact, simulated = (results["metrics.json"][key] for key in ("closed_form", "simulated"))
    found = [exact["steps"], exact["variance"], *exact["visits"].values(), *exact["ends"].values()]
    assert found == pytest.approx([16, 328, 10 / 3, 20 / 3, 6, 1], rel=1e-12)
    said = markov_chain.headline(results)
    assert said.startswith("2,000 paths take 1")
    assert said.endswith("steps; exactly 16, variance 328")
    intervals = [simulated["steps"], simulated["variance"], *simulated["visits"].values()]
    for value, interval in zip(found, intervals, strict=False):
        assert interval["low"] < interval["estimate"] < interval["high"]
        assert abs(interval["estimate"] - value) < interval["high"] - interval["low"]
    assert simulated["ends"]["s3"]["estimate"] == 1


def test_the_lengths_are_a_distribution_and_the_intervals_hold_it(results, params: Params):
    table, metrics = results["lengths.csv"], results["metrics.json"]
    length, exact = table["length"], table["exact_from_s0"]
    assert length.tolist() == list(range(1, params.horizon + 1))
    left = metrics["closed_form"]["beyond_horizon"]
    assert left == pytest.approx(1 - exact.sum(), abs=1e-15)
    beyond = metrics["simulated"]["beyond_horizon"]["estimate"]
    assert table["simulated"].sum() + beyond == pytest.approx(1, abs=1e-12)
    assert (length * exact).sum() == pytest.approx(16, abs=0.01)
    assert ((table["simulated_low"] <= exact) & (exact <= table["simulated_high"])).mean() > 0.9
