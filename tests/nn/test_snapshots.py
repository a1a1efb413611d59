"""Weights at points of a training, and the training without them."""

from typing import Any

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import dqn, reinforce
from reprise.environments import registry
from tests import tiny


@pytest.mark.parametrize(
    ("name", "algorithm", "length"),
    [("reinforce_training", reinforce, "iterations"), ("dqn_training", dqn, "total_episodes")],
)
def test_a_point_holds_the_weights_of_a_training_that_ends_there(name, algorithm: Any, length):
    params: Any = tiny.params(name)
    env, keys = registry.make(params.environment), seeds.training_keys(1, name, range(2))
    rounds = getattr(params, length)
    found = algorithm.train(params, env, keys, points=3)
    plain = algorithm.train(params, env, keys)
    for ours, theirs in zip(found[:4], plain[:4], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert "snapshots" not in plain.weights
    for point, ended in enumerate((None, rounds // 2, rounds)):
        if ended:
            shorter = algorithm.train(params.model_copy(update={length: ended}), env, keys)
            for taken, final in zip(
                found.weights["snapshots"], shorter.weights["final"], strict=True
            ):
                # Another program: its sums may be rounded elsewhere.
                np.testing.assert_allclose(taken[point], final, rtol=1e-5, atol=1e-6)
    assert not found.weights["snapshots"][1][0].any(), "untrained biases are 0"
