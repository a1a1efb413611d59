"""A tiny training in an environment that nobody compiled, through the stage."""

import numpy as np
import pytest

from reprise.environments.rollout import evaluate
from reprise.nn import networks

NAME = "lunar_lander"


def test_a_seed_as_a_keras_model_is_a_softmax_that_plays_like_its_sample(results):
    model = networks.to_keras(results["weights.npz"], 1)

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        probabilities = np.asarray(model(observations[..., 0]))
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        return probabilities.argmax(axis=1)[:, None]

    played = evaluate(act, "LunarLander-v3", [1_000_000, 1_000_001], 1, [20, 30])
    samples = results["samples.csv"]
    assert played.mean(axis=(1, 2)).tolist() == pytest.approx(
        [samples.loc[1, name] for name in ("greedy_20", "greedy_30")]
    )
