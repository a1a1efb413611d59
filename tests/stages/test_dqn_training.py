"""A tiny DQN training: its samples, its loss curve and its policy map."""

import numpy as np

from reprise.measures import training
from reprise.nn import networks

NAME = "dqn_training"


def test_the_samples_follow_from_the_returns(results):
    samples = results["samples.csv"]
    returns = results["returns.csv"].drop(columns="episode").to_numpy()
    np.testing.assert_allclose(samples["last_return"], returns.mean(axis=0))
    # CartPole's reward is 1 for each step, so returns are steps.
    np.testing.assert_array_equal(samples["environment_steps"], returns.sum(axis=0))
    np.testing.assert_array_equal(samples["first_at_cap"], training.first_at(returns, 20))
    np.testing.assert_array_equal(samples["falls"], training.falls(returns, 20))
    assert (samples["last_loss"] > 0).all()  # rounds without learning have no loss
    for target in (10, 19):
        reached = samples[f"steps_to_{target}"].dropna()
        assert (reached <= samples["environment_steps"][reached.index]).all()
    metrics, reached = results["metrics.json"], samples["first_at_cap"].dropna()
    assert metrics["falls"]["mean"]["estimate"] == samples["falls"].mean()
    share = metrics["reached_cap"]
    assert (share["estimate"], share["n"]) == (len(reached) / 4, 4)


def test_the_policy_map_is_the_share_of_seeds_that_push_right(results):
    table = results["policy_map.csv"]
    observations = np.zeros((len(table), 4), np.float32)
    observations[:, 2] = np.radians(table["angle"])
    observations[:, 3] = table["angular_velocity"]
    q = np.stack([
        np.asarray(networks.to_keras(results["weights.npz"], seed)(observations))
        for seed in range(4)
    ])  # fmt: skip
    clear = (np.abs(q[..., 1] - q[..., 0]) > 1e-5).all(axis=0)
    assert clear.mean() > 0.9
    shares = (q[..., 1] > q[..., 0]).mean(axis=0)
    np.testing.assert_array_equal(table["pushing_right"][clear], shares[clear])
    assert 0 < table["pushing_right"].mean() < 1
