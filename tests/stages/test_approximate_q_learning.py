"""Linear Q-functions and the DQN from end to end, tiny: seeds and tuning."""

from typing import Any

import numpy as np

from tests import tiny

NAME = "approximate_q_learning"
LEARNERS = ["dqn", "handcrafted", "observations"]
TUNED = [f"{name}_tuned" for name in LEARNERS]


def test_linear_learners_play_equally_many_steps_and_no_two_seeds_are_alike(results):
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
    assert tiny.stage(NAME).tune(tiny.params(NAME, seed=43)).equals(results["tuning.csv"])
