"""Partial observability: what each variant is allowed to see."""

import numpy as np

from stages.partial_observability import Noise, Params
from tests import tiny

NAME = "partial_observability"


def test_variants_see_their_features_and_only_noisy_ones_err():
    given = Params(**tiny.section(NAME))
    noise = [getattr(given.noise, name) for name in Noise.model_fields]
    for name, seen in given.variants.items():
        sensors = given.sensors(name)
        shown = [feature in seen.features for feature in Noise.model_fields]
        np.testing.assert_array_equal(sensors.scales[0][:, 0], shown)
        np.testing.assert_allclose(sensors.noise[:, 0], seen.noisy * np.multiply(shown, noise))
        assert sum(scale.any() for scale in sensors.scales) == seen.history
        assert sensors.difference == seen.rates


def test_the_early_return_is_that_of_the_early_iterations(results):
    returns = results["returns.csv"].set_index(["variant", "iteration"]).loc["noisy"]
    early = results["samples.csv"].set_index("variant").loc["noisy", "early_return"]
    np.testing.assert_allclose(early, returns.loc[1:2].mean())
