"""TD(0) by many schedules: what settles on a floor, and what goes on falling."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reprise.pipeline import artifacts, parameters
from reprise.stats.intervals import ratio_of_means
from reprise.tabular.names import ModelError
from stages import td_learning
from tests.stages.executing import executed

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


def test_the_metrics_agree_with_the_samples(results: dict[str, Any], params: Params):
    samples, metrics = results["samples.csv"], results["metrics.json"]
    assert len(samples) == params.runs * len(params.schedules)
    for name, table in samples.groupby("schedule"):
        found, means = metrics["schedules"][name], table[["half_way", "end"]].mean()
        assert found["end"]["estimate"] == pytest.approx(means["end"], abs=1e-3)
        assert found["half_way"]["estimate"] == pytest.approx(means["half_way"], abs=1e-3)
        assert found["ratio"]["estimate"] == pytest.approx(means["end"] / means["half_way"], 1e-3)
        assert found["bias"] < found["end"]["estimate"]


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


def test_a_single_record_is_half_way_and_the_end(few: Params):
    once = few.model_copy(update={"record_every": few.iterations})
    found = td_learning.run(once)["metrics.json"]["schedules"]["power_slow"]
    assert found["half_way"] == found["end"]
    assert found["ratio"]["estimate"] == 1


def test_the_ratio_of_means_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(7)
    below = generator.normal(10, 2, (2000, 50))
    above = 0.6 * below + generator.normal(1, 1, (2000, 50))  # their means' ratio: 0.7
    intervals = [ratio_of_means(a, b) for a, b in zip(above, below, strict=True)]
    covered = np.mean([i.low <= 0.7 <= i.high for i in intervals])
    assert 0.93 < covered < 0.965


def test_a_ratio_needs_pairs_and_a_mean_that_is_not_zero():
    with pytest.raises(ValueError, match="must hold the same seeds"):
        ratio_of_means([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="must not have the mean 0"):
        ratio_of_means([1.0, 2.0], [-1.0, 1.0])


@pytest.mark.parametrize("key", ["start_state", "traced_state"])
def test_a_state_that_the_model_does_not_have_is_refused(few: Params, key: str):
    with pytest.raises(ModelError, match="unknown state 's9'; allowed: s0, s1, s2; closest match"):
        td_learning.run(few.model_copy(update={key: "s9"}))


def test_the_notebook_runs_on_one_schedule_and_the_headline_names_all(few: Params, tmp_path: Path):
    one = few.model_copy(update={"schedules": {"constant_small": few.schedules["constant_small"]}})
    text = executed(NAME, td_learning.run(one), one, tmp_path)
    assert text.count('"image/png": "') == 2
    assert "20 runs" in text
    said = td_learning.headline(td_learning.run(few))
    assert said.startswith("error at the end (of that half way): constant_large ")
    assert said.count("%)") == len(few.schedules)


def test_the_curves_show_each_schedules_quantiles_in_order(results, params: Params):
    curves, traces = results["curves.csv"], results["traces.csv"]
    assert list(curves["schedule"].unique()) == list(params.schedules)
    for table in (curves, traces):
        ends = table.groupby("schedule")["iteration"].agg(["first", "last"])
        assert (ends == [params.record_every, params.iterations]).all(axis=None)
    quantiles = curves[["q05", "q25", "median", "q75", "q95"]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert len(traces.filter(like="run_").columns) == params.traced_runs


MODEL = """
states: [v.1, end]
actions: [a]
transitions:
  v.1: {a: {end: {probability: 0.5, reward: 1}, v.1: {probability: 0.5}}}
  end: {a: {end: {probability: 1}}}
"""


def test_a_start_from_which_nothing_happens_is_refused(few: Params, tmp_path: Path, monkeypatch):
    (tmp_path / "model.yaml").write_text(MODEL, encoding="utf-8")
    monkeypatch.setattr(td_learning, "THREE_STATE", tmp_path / "model.yaml")
    short = few.model_copy(update={"start_state": "end", "traced_state": "v.1"})
    with pytest.raises(ModelError, match=r"start state 'end' is absorbing; allowed: v\.1$"):
        td_learning.run(short)
    # a dot would part the key: V = 0.5·1 + 0.5·0.9 V
    found = td_learning.run(short.model_copy(update={"start_state": "v.1"}))
    assert found["metrics.json"]["truth"] == {"v_1": pytest.approx(0.5 / 0.55), "end": 0}
