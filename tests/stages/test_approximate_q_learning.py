"""Linear Q-functions from end to end, tiny: files, divergence, mistakes, the notebook."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reprise.errors import UserError
from reprise.pipeline import artifacts
from stages import approximate_q_learning
from tests import tiny
from tests.stages.executing import executed, rendered

NAME = "approximate_q_learning"
PROMISED = [
    "metrics.json", "samples.csv", "returns.csv", "returns.npz", "learning_curve.csv",
    "weights.csv",
]  # fmt: skip
TINY: dict[str, Any] = {"evaluation": {"limits": [20]}}


@pytest.fixture(scope="module", autouse=True)
def deep(tmp_path_factory: pytest.TempPathFactory):
    """Work in a folder with the results of a DQN of three seeds, made up."""
    folder = tmp_path_factory.mktemp("work")
    returns = np.transpose([[9, 11, 30], [8, 9, 10], [20, 20, 20]])
    samples = pd.DataFrame({"seed": range(3), "final_20": [12, 9, 20]})
    artifacts.write(folder / "data/dqn_training/returns.npz", {"returns": returns})
    artifacts.write(folder / "data/dqn_training/samples.csv", samples)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def results(deep: Path) -> dict[str, Any]:
    return tiny.run(NAME, **TINY)


def test_a_run_gives_every_file_that_the_stage_promises(results: dict[str, Any]):
    assert list(results) == PROMISED
    assert all(file in (approximate_q_learning.__doc__ or "") for file in PROMISED)
    assert results["returns.csv"]["steps"].tolist() == [20, 40, 60] * 3


def test_the_dqns_results_are_those_of_its_stage(results: dict[str, Any]):
    found = results["samples.csv"].query("variant == 'dqn'")
    assert found["greedy_20"].tolist() == [12, 9, 20]
    assert found["environment_steps"].tolist() == [50, 27, 60]
    assert found["episodes"].tolist() == [3, 3, 3]
    np.testing.assert_array_equal(found["steps_to_10"], [20, np.nan, 40])
    curve = results["returns.csv"].query("variant == 'dqn'")
    np.testing.assert_array_equal(curve["seed_0"], [10, 10, 20.5])  # the last ends at step 50
    np.testing.assert_array_equal(curve["seed_1"], [8.5, 9.5, 9.5])


def test_linear_seeds_play_the_given_steps_and_each_weight_is_named(results: dict[str, Any]):
    linear = results["samples.csv"].query("variant != 'dqn'")
    assert linear["environment_steps"].tolist() == [60] * 4
    assert linear["seed"].tolist() == [0, 1] * 2
    assert not linear["diverged"].any()
    curves = results["returns.csv"].query("variant != 'dqn'")[["seed_0", "seed_1"]]
    by_seed = curves.to_numpy().reshape(2, 3, 2).swapaxes(1, 2).reshape(4, 3)
    assert len(np.unique(by_seed, axis=0)) == 4
    weights = results["weights.csv"]
    for name, chosen in tiny.section(NAME)["feature_sets"].items():
        for seed in (0, 1):
            found = weights[(weights["variant"] == name) & (weights["seed"] == seed)]
            assert found["feature"].tolist() == [*chosen, "bias"]
            assert (found[["left", "right"]].abs().sum() > 0).all()


def test_the_metrics_summarise_the_samples(results: dict[str, Any]):
    metrics, samples = results["metrics.json"], results["samples.csv"]
    assert list(metrics["learners"]) == ["dqn", "handcrafted", "observations"]
    said = approximate_q_learning.headline(results)
    assert said.startswith("greedy return dqn 13.7, handcrafted ")
    means = samples.groupby("variant")[["last_return", "greedy_20"]].mean()
    for name, found in metrics["learners"].items():
        assert found["last_return"]["mean"] == pytest.approx(means.loc[name, "last_return"])
        assert found["greedy"]["limit_20"]["mean"] == pytest.approx(means.loc[name, "greedy_20"])
    for column in ("last_return", "greedy_20"):
        for name, found in metrics["against_dqn"][column].items():
            gap = means.loc[name, column] - means.loc["dqn", column]
            assert found["difference"]["estimate"] == pytest.approx(gap)


def test_diverged_seeds_have_no_return_and_do_not_solve_the_task():
    results = tiny.run(NAME, **TINY, learning_rate=1e6)
    lost = results["samples.csv"].query("variant == 'handcrafted'")
    assert lost["diverged"].all()
    metrics = results["metrics.json"]
    assert metrics["learners"]["handcrafted"]["diverged"] == 2
    assert lost["greedy_20"].isna().all()
    found = metrics["learners"]["handcrafted"]["greedy"]["limit_20"]
    assert (found["n"], found["missing"], found["solved"]) == (0, 2, 0)
    # The DQN has returns, if poor ones: all of them are better than none.
    compared = metrics["against_dqn"]["greedy_20"]["handcrafted"]
    assert compared["probability_of_improvement"]["estimate"] == 0
    assert np.isnan(compared["difference"]["estimate"])
    said = approximate_q_learning.headline(results)
    assert "observations none; diverged: " in said
    assert said.endswith("observations 2 of 2")
    rendered(results)


def test_the_notebook_runs_with_and_without_weights_of_features(
    results: dict[str, Any], tmp_path: Path
):
    params = tiny.params(NAME, **TINY)
    text = executed(NAME, results, params, tmp_path)
    assert text.count('"image/png": "') == 4
    assert "2^{240}" in text
    assert "95% interval" in text
    hidden = approximate_q_learning.weights({}, params.model_copy(update={"hidden_sizes": (3,)}))
    assert len(hidden) == 0
    text = executed(NAME, results | {"weights.csv": hidden}, params, tmp_path)
    assert text.count('"image/png": "') == 2


def test_limits_that_dqn_training_did_not_play_are_refused():
    with pytest.raises(UserError, match=r"samples.csv has no final_30; allowed as evaluation.lim"):
        tiny.run(NAME)
