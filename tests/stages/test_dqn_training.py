"""A tiny DQN training: its samples, its metrics, its networks."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from reprise.environments.rollout import evaluate
from reprise.measures import training
from reprise.nn import networks
from stages import dqn_training
from tests import tiny

NAME = "dqn_training"


@cache
def results() -> dict[str, Any]:
    return tiny.run(NAME)


def test_the_samples_follow_from_the_returns():
    samples = results()["samples.csv"]
    returns = results()["returns.csv"].drop(columns="episode").to_numpy()
    np.testing.assert_allclose(samples["last_return"], returns.mean(axis=0))
    # CartPole pays 1 a step, so that the returns are the steps.
    np.testing.assert_array_equal(samples["environment_steps"], returns.sum(axis=0))
    np.testing.assert_array_equal(samples["first_at_cap"].notna(), (returns == 20).any(axis=0))
    np.testing.assert_array_equal(samples["first_at_cap"], training.first_at(returns, 20))
    np.testing.assert_array_equal(samples["falls"], training.falls(returns, 20))


def test_the_loss_curve_begins_with_the_first_gradient_step():
    curve = results()["loss_curve.csv"]
    assert curve["episode"].tolist() == [3, 4, 5, 6, 7]
    assert (curve["low"] > 0).all()
    assert (curve["low"] < curve["median"]).all()
    assert (curve["median"] < curve["high"]).all()


def test_the_metrics_summarise_the_samples():
    metrics, samples = results()["metrics.json"], results()["samples.csv"]
    for which in ("final", "best"):
        for limit in (20, 30):
            found, seeds = metrics[which][f"limit_{limit}"], samples[f"{which}_{limit}"]
            assert (found["n"], found["mean"]) == (4, pytest.approx(seeds.mean()))
            assert found["mean_low"] <= found["mean"] <= found["mean_high"]
            assert found["solved"] == (seeds >= 0.975 * limit).mean()
        assert (samples[f"{which}_30"] >= samples[f"{which}_20"]).all()
    assert metrics["last_return"]["mean"] == pytest.approx(samples["last_return"].mean())
    assert metrics["falls"]["mean"] == samples["falls"].mean()
    reached = samples["first_at_cap"].dropna()
    assert (metrics["reached_cap"]["estimate"], metrics["reached_cap"]["n"]) == (
        len(reached) / 4,
        4,
    )
    if len(reached) > 1:
        assert metrics["first_at_cap"]["mean"] == pytest.approx(reached.mean())
    assert metrics["median_seed"] == training.median_seed(samples["final_20"].to_numpy())


def test_a_seed_leaves_as_a_keras_model_that_plays_as_its_sample_says():
    model = networks.to_keras(results()["weights.npz"], 3)

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        return np.asarray(model(observations[..., 0])).argmax(axis=1)[:, None]

    played = evaluate(act, "CartPole-v1", [1_000_000, 1_000_001], 1, [20, 30])
    assert played.mean(axis=(1, 2)).tolist() == [
        results()["samples.csv"].loc[3, f"final_{limit}"] for limit in (20, 30)
    ]


def test_the_headline_tells_the_final_greedy_return_and_its_interval():
    final = results()["metrics.json"]["final"]["limit_20"]
    said = dqn_training.headline(results())
    assert said.startswith(f"final greedy return {final['mean']:.1f} [{final['mean_low']:.1f}, ")
    assert said.endswith(" of 4 seeds")


def test_the_policy_map_is_the_share_of_seeds_that_push_right():
    table = results()["policy_map.csv"]
    observations = np.zeros((len(table), 4), np.float32)
    observations[:, 2] = np.radians(table["angle"])
    observations[:, 3] = table["angular_velocity"]
    q = np.stack([
        np.asarray(networks.to_keras(results()["weights.npz"], seed)(observations))
        for seed in range(4)
    ])  # fmt: skip
    clear = (np.abs(q[..., 1] - q[..., 0]) > 1e-5).all(axis=0)
    assert clear.mean() > 0.9
    shares = (q[..., 1] > q[..., 0]).mean(axis=0)
    np.testing.assert_array_equal(table["pushing_right"][clear], shares[clear])
    assert 0 < table["pushing_right"].mean() < 1
