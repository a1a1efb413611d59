"""Running statistics against those of everything at once."""

import numpy as np

from reprise.environments.gymnasium_env import Normaliser

RANDOM = np.random.default_rng(0)
SEEN = [RANDOM.normal(3, 2, size=(4, 2, 3)) for _ in range(50)]  # [E, O, N]
COUNTS = [RANDOM.random((4, 3)) < 0.7 for _ in range(50)]


def learned() -> Normaliser:
    normaliser = Normaliser(2, 3)
    for observations, counts in zip(SEEN, COUNTS, strict=True):
        normaliser.update(observations, counts)
    return normaliser


def test_the_statistics_are_those_of_all_observations_of_the_seed():
    found = learned()
    for seed in range(3):
        kept = np.concatenate(
            [s[c[:, seed], :, seed] for s, c in zip(SEEN, COUNTS, strict=True)]
        )  # fmt: skip
        np.testing.assert_allclose(found.mean[:, seed], kept.mean(axis=0), rtol=1e-4)
        np.testing.assert_allclose(found.variance[:, seed], kept.var(axis=0), rtol=1e-4)
        np.testing.assert_allclose(found.count[seed], len(kept) + 1e-4)


def test_nothing_new_changes_nothing_even_if_it_is_not_a_number():
    found, before = learned(), learned()
    found.update(np.full((4, 2, 3), np.nan), np.zeros((4, 3), bool))
    np.testing.assert_array_equal(found.mean, before.mean)
    np.testing.assert_allclose(found.variance, before.variance)


def test_a_folded_layer_does_with_observations_what_the_layer_did_with_normalised_ones():
    normaliser = learned()
    kernel, bias = RANDOM.normal(size=(5, 2, 3)), RANDOM.normal(size=(5, 3))
    folded_kernel, folded_bias, rest = normaliser.folded([kernel, bias, SEEN[0]])
    assert rest is SEEN[0]

    def layer(kernel, bias, x):
        return np.einsum("uol,eol->eul", kernel, x) + bias

    normalised = normaliser.apply(np.stack(SEEN))
    assert normalised.dtype == np.float32
    assert np.abs(normalised.mean(axis=(0, 1))).max() < 0.2
    assert np.abs(normalised.std(axis=(0, 1)) - 1).max() < 0.2
    expected = layer(kernel, bias, normalised[1])
    np.testing.assert_allclose(
        layer(folded_kernel, folded_bias, SEEN[1]), expected, rtol=1e-4, atol=1e-4
    )
