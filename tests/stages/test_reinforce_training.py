"""The samples of a tiny training by REINFORCE follow from its returns."""

import numpy as np

from tests.stages.executing import trained


def test_the_samples_follow_from_the_returns(tmp_path_factory):
    results = trained("reinforce_training", tmp_path_factory)
    samples, curve = results["samples.csv"], results["learning_curve.csv"]
    returns = results["returns.csv"].drop(columns="iteration").to_numpy()
    np.testing.assert_allclose(samples["last_return"], returns.mean(axis=0), rtol=1e-6)
    # CartPole's reward is 1 for each step, so returns are steps.
    np.testing.assert_allclose(samples["environment_steps"], 2 * returns.sum(axis=0))
    np.testing.assert_allclose(curve["mean"], returns.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(curve["median"], np.median(returns, axis=1), rtol=1e-6)
