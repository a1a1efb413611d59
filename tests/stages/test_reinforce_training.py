"""The samples of a tiny training by REINFORCE follow from its returns."""

import numpy as np

NAME = "reinforce_training"


def test_the_samples_follow_from_the_returns(results):
    samples, curve = results["samples.csv"], results["learning_curve.csv"]
    returns = results["returns.csv"].drop(columns="iteration").to_numpy()
    np.testing.assert_allclose(samples["last_return"], returns.mean(axis=0), rtol=1e-6)
    # CartPole's reward is 1 for each step, so returns are steps.
    np.testing.assert_allclose(samples["environment_steps"], 2 * returns.sum(axis=0))
    np.testing.assert_allclose(curve["mean"], returns.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(curve["median"], np.median(returns, axis=1), rtol=1e-6)
