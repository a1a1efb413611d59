"""Simulated paths agree with the closed form, and none depends on another."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reprise.pipeline import artifacts, parameters
from reprise.tabular.names import ModelError
from stages import markov_chain
from tests.stages.executing import executed, refused

NAME = "markov_chain"
Params = markov_chain.Params


@pytest.fixture(scope="module")
def params() -> Params:
    return parameters.load(NAME, Params).model_copy(update={"paths": 2000, "resamples": 200})


@pytest.fixture(scope="module")
def results(params: Params) -> dict[str, Any]:
    return markov_chain.run(params)


@pytest.fixture(scope="module")
def few(params: Params) -> Params:
    return params.model_copy(update={"paths": 50, "resamples": 100})


def test_the_closed_form_is_16_steps_with_variance_328(results: dict[str, Any]):
    exact = results["metrics.json"]["closed_form"]
    assert exact["steps"] == pytest.approx(16, rel=1e-12)
    assert exact["variance"] == pytest.approx(328, rel=1e-12)
    assert exact["visits"] == pytest.approx({"s0": 10 / 3, "s1": 20 / 3, "s2": 6}, rel=1e-12)
    assert exact["ends"] == pytest.approx({"s3": 1.0}, rel=1e-12)
    assert markov_chain.headline(results).startswith("2,000 paths take 1")
    assert markov_chain.headline(results).endswith("steps; exactly 16, variance 328")


def test_the_simulation_agrees_within_four_standard_errors(results: dict[str, Any]):
    metrics = results["metrics.json"]
    exact, simulated = metrics["closed_form"], metrics["simulated"]
    pairs = [(exact[key], simulated[key]) for key in ("steps", "variance")]
    pairs += [(exact["visits"][s], found) for s, found in simulated["visits"].items()]
    for value, found in pairs:
        assert found["low"] < found["estimate"] < found["high"]
        assert abs(found["estimate"] - value) < found["high"] - found["low"]
    assert simulated["ends"]["s3"]["estimate"] == 1


def test_the_lengths_are_a_distribution_and_the_intervals_hold_it(
    results: dict[str, Any], params: Params
):
    table, metrics = results["lengths.csv"], results["metrics.json"]
    assert table["length"].tolist() == list(range(1, params.horizon + 1))
    left = 1 - table["exact_from_s0"].sum()
    assert metrics["closed_form"]["beyond_horizon"] == pytest.approx(left, abs=1e-15)
    beyond = metrics["simulated"]["beyond_horizon"]["estimate"]
    assert table["simulated"].sum() + beyond == pytest.approx(1, abs=1e-12)
    mean = (table["length"] * table["exact_from_s0"]).sum()
    assert mean == pytest.approx(16, abs=0.01)
    inside = (table["low"] <= table["exact_from_s0"]) & (table["exact_from_s0"] <= table["high"])
    assert inside.mean() > 0.9


def test_the_shown_paths_are_paths_of_the_chain(results: dict[str, Any], params: Params):
    paths, transitions = results["paths.csv"], results["transitions.csv"]
    possible = set(zip(transitions["state"], transitions["successor"], strict=True))
    assert paths["path"].nunique() == params.shown_paths
    for _, path in paths.groupby("path"):
        states = path["state"].tolist()
        assert (states[0], states.index("s3")) == (params.start_state, len(states) - 1)
        assert set(pairwise(states)) <= possible
        assert path["step"].tolist() == list(range(len(states)))


def test_the_first_paths_do_not_depend_on_how_many_follow(few: Params, results: dict[str, Any]):
    assert markov_chain.run(few)["paths.csv"].equals(results["paths.csv"])
    other = few.model_copy(update={"seed": 43})
    assert not markov_chain.run(other)["paths.csv"].equals(results["paths.csv"])


def test_a_chain_that_never_absorbs_ends_the_stage_with_one_line(
    few: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "chain.yaml"
    text = markov_chain.CHAIN.read_text(encoding="utf-8")
    path.write_text(text.replace("s3: {s3: 1.0}", "s3: {s0: 1.0}"), encoding="utf-8")
    monkeypatch.setattr(markov_chain, "CHAIN", path)
    with pytest.raises(ModelError) as error:
        markov_chain.run(few)
    assert "is reached from states 's0', 's1', 's2', 's3'; allowed: " in str(error.value)
    assert error.value.exit_code == 2


@pytest.mark.parametrize("start", ["s3", "s7"])
def test_a_start_state_that_cannot_be_is_refused(few: Params, start: str):
    with pytest.raises(ModelError, match=f"'{start}'.*; allowed: s0, s1, s2"):
        markov_chain.run(few.model_copy(update={"start_state": start}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paths": 1}, "paths is 1; allowed: greater than or equal to 2"),
        ({"horizon": 0}, "horizon is 0; allowed: greater than 0"),
        ({"start_state": ""}, "start_state is '': String should have at least 1 char"),
        ({"start_stat": "s0"}, "start_stat is unknown; did you mean start_state?"),
        ({"shown_paths": True}, "shown_paths is true; allowed: a valid integer"),
    ],
)
def test_a_parameter_that_is_not_allowed_is_named(change: dict, message: str, tmp_path: Path):
    assert message in refused(NAME, tmp_path, **change)


def test_the_notebook_runs_from_another_state_and_without_a_shown_path(few: Params, tmp_path: Path):
    altered = few.model_copy(update={"start_state": "s2", "shown_paths": 0})
    results = markov_chain.run(altered)
    assert artifacts.render("paths.csv", results["paths.csv"]) == b"path,step,state\n"
    assert results["metrics.json"]["closed_form"]["steps"] == pytest.approx(20, rel=1e-12)
    text = executed(NAME, results, altered, tmp_path)
    assert text.count('"image/png": "') == 3
    assert "50 paths" in text
