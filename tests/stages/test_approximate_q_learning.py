"""Linear Q-functions and the DQN from end to end, tiny: tuning, files, divergence, the notebook."""

from typing import Any

import numpy as np
import pytest

from stages import approximate_q_learning
from tests import tiny
from tests.stages.executing import rendered

NAME = "approximate_q_learning"
TINY: dict[str, Any] = {"evaluation": {"limits": [20]}}
LEARNERS = ["dqn", "handcrafted", "observations"]
TUNED = [f"{name}_tuned" for name in LEARNERS]


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    return tiny.run(NAME, **TINY)


def test_linear_learners_play_equally_many_steps_and_no_two_seeds_are_alike(
    results: dict[str, Any],
):
    samples, curves = results["samples.csv"], results["returns.csv"]
    assert samples["variant"].unique().tolist() == [*LEARNERS, *TUNED]
    assert samples["seed"].tolist() == [0, 1] * 6
    linear = ~samples["variant"].str.startswith("dqn")
    assert samples["environment_steps"][linear].tolist() == [60] * 8
    assert (samples["episodes"] >= 3).all()
    assert not samples["diverged"].any()
    by_seed = curves[["seed_0", "seed_1"]].to_numpy().reshape(6, 3, 2).swapaxes(1, 2)
    short = by_seed[(by_seed < 20).any(axis=2)]  # all that reach the limit are alike
    assert len(np.unique(short, axis=0)) == len(short) >= 8


def test_each_learner_tries_every_rate_and_trains_at_the_best(results: dict[str, Any]):
    tuning, learners = results["tuning.csv"], results["metrics.json"]["learners"]
    section = tiny.section(NAME)
    assert tuning["learner"].tolist() == [name for name in LEARNERS for _ in range(2)]
    assert tuning["learning_rate"].tolist() == section["tuning"]["learning_rates"] * 3
    assert (tuning["n"] == section["tuning"]["seeds"]).all()
    best = tuning.sort_values("mean_low").groupby("learner").last()["learning_rate"]
    for name in LEARNERS:
        assert learners[name]["learning_rate"] == section["learning_rate"]
        assert learners[f"{name}_tuned"]["learning_rate"] == best[name]


def test_a_fresh_seed_changes_no_tuning(results: dict[str, Any]):
    other = tiny.run(NAME, **TINY, seed=43)
    assert other["tuning.csv"].equals(results["tuning.csv"])
    assert not other["samples.csv"].equals(results["samples.csv"])


def test_the_metrics_summarise_the_samples(results: dict[str, Any]):
    metrics, samples = results["metrics.json"], results["samples.csv"]
    assert list(metrics["learners"]) == [*LEARNERS, *TUNED]
    means = samples.groupby("variant")[["last_return", "greedy_20"]].mean()
    said = approximate_q_learning.headline(results)
    assert said.startswith(f"greedy return dqn {means.loc['dqn', 'greedy_20']:.1f}, handcrafted ")
    for name, found in metrics["learners"].items():
        assert found["last_return"]["mean"] == pytest.approx(means.loc[name, "last_return"])
        assert found["greedy"]["limit_20"]["mean"] == pytest.approx(means.loc[name, "greedy_20"])
    for base in ("dqn", "dqn_tuned"):
        for column in ("last_return", "greedy_20"):
            for name, found in metrics[f"against_{base}"][column].items():
                gap = means.loc[name, column] - means.loc[base, column]
                assert found["difference"]["estimate"] == pytest.approx(gap)
    assert set(metrics["against_dqn_tuned"]["greedy_20"]) == set(TUNED[1:])


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
    assert "observations none, " in said
    assert said.endswith("; diverged: handcrafted 2 of 2, observations 2 of 2")
    rendered(results)
