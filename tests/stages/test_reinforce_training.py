"""A tiny training by REINFORCE: its samples, its metrics, its networks."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from reprise.environments.rollout import evaluate
from reprise.measures import training
from reprise.nn import networks
from stages import reinforce_training
from tests import tiny

NAME = "reinforce_training"


@cache
def results() -> dict[str, Any]:
    return tiny.run(NAME)


def test_the_samples_follow_from_the_returns():
    samples = results()["samples.csv"]
    returns = results()["returns.csv"].drop(columns="iteration").to_numpy()
    np.testing.assert_allclose(samples["last_return"], returns.mean(axis=0), rtol=1e-6)
    # CartPole pays 1 a step, so that the returns are the steps.
    np.testing.assert_allclose(samples["environment_steps"], 2 * returns.sum(axis=0))
    curve = results()["learning_curve.csv"]
    np.testing.assert_allclose(curve["mean"], returns.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(curve["median"], np.median(returns, axis=1), rtol=1e-6)


def test_the_metrics_summarise_the_samples():
    metrics, samples = results()["metrics.json"], results()["samples.csv"]
    for how in ("greedy", "sampled"):
        for limit in (20, 30):
            found, seeds = metrics[how][f"limit_{limit}"], samples[f"{how}_{limit}"]
            assert (found["n"], found["mean"]) == (4, pytest.approx(seeds.mean()))
            assert found["mean_low"] <= found["mean"] <= found["mean_high"]
            assert found["solved"] == (seeds >= 0.975 * limit).mean()
        assert (samples[f"{how}_30"] >= samples[f"{how}_20"]).all()
    assert metrics["last_return"]["mean"] == pytest.approx(samples["last_return"].mean())
    assert metrics["environment_steps"]["max"] == samples["environment_steps"].max()
    assert metrics["median_seed"] == training.median_seed(samples["greedy_20"].to_numpy())


def test_a_seed_leaves_as_a_keras_model_that_plays_as_its_sample_says():
    model = networks.to_keras(results()["weights.npz"], 3)

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        left = np.asarray(model(observations[..., 0]))
        return (left < 0.5).astype(np.int64)

    played = evaluate(act, "CartPole-v1", [1_000_000, 1_000_001], 1, [20, 30])
    assert played.mean(axis=(1, 2)).tolist() == [
        results()["samples.csv"].loc[3, name] for name in ("greedy_20", "greedy_30")
    ]


def test_the_headline_tells_the_greedy_return_and_its_interval():
    greedy = results()["metrics.json"]["greedy"]["limit_20"]
    said = reinforce_training.headline(results())
    assert said.startswith(f"greedy return {greedy['mean']:.1f} [{greedy['mean_low']:.1f}, ")
    assert said.endswith(" of 4 seeds")
