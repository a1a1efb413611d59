"""Networks against Keras' own layers and models."""

import numpy as np
import pytest

import reprise
from reprise import seeds
from reprise.errors import UserError
from reprise.nn import networks
from reprise.nn.determinism import tf
from reprise.pipeline import artifacts

KEYS = tf.constant(seeds.training_keys(3, "test", range(6)).T)
SIZES = (4, 7, 3, 2)
X = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)


@pytest.mark.parametrize("activation", ["elu", "relu", "tanh", "sigmoid"])
def test_each_seed_computes_what_its_keras_model_computes(activation):
    weights = networks.glorot_uniform(KEYS, SIZES)
    ours = networks.forward(weights, np.repeat(X[..., None], 6, -1), activation).numpy()
    arrays = networks.to_arrays(weights, activation, "linear")
    for seed in (0, 5):
        model = networks.to_keras(arrays, seed)
        np.testing.assert_allclose(ours[..., seed], model(X).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(32,), (5, 40), (1,), (67,)])
def test_gradients_are_those_of_automatic_differentiation(shape):
    random = np.random.default_rng(1)
    x = tf.constant(random.normal(size=(*shape, 4, 3)), tf.float32)
    kernel = tf.constant(random.normal(size=(2, 4, 3)), tf.float32)
    bias = tf.constant(random.normal(size=(2, 3)), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, kernel, bias])
        ours = tf.reduce_sum(tf.sin(networks.dense(x, kernel, bias)))
        product = tf.einsum("...il,oil->...ol", x, kernel)  # noqa: TID251 (what ours is held to)
        theirs = tf.reduce_sum(tf.sin(product + bias))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    gradients = (tape.gradient(value, [x, kernel, bias]) for value in (ours, theirs))
    for mine, expected in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-4, atol=1e-5)


def test_initial_weights_are_glorots_and_no_two_seeds_share_any():
    weights = networks.glorot_uniform(KEYS, (4, 32, 2))
    for kernel, limit in zip(weights[::2], ((6 / 36) ** 0.5, (6 / 34) ** 0.5), strict=True):
        values = kernel.numpy()
        assert np.abs(values).max() <= limit
        assert np.abs(values).max() > 0.95 * limit
        assert len(np.unique(values)) == values.size
    assert all(not bias.numpy().any() for bias in weights[1::2])


def test_a_saved_seed_loads_as_a_plain_sequential_model_and_what_is_not_there_is_named(tmp_path):
    weights = networks.glorot_uniform(KEYS, (4, 5, 1))
    path = tmp_path / "weights.npz"
    artifacts.write(path, networks.to_arrays(weights, "relu", "sigmoid"))
    model = reprise.load(path, 4)
    assert type(model) is tf.keras.Sequential
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dense"]
    logits = networks.forward(weights, np.repeat(X[..., None], 6, -1), "relu").numpy()[:, 0, 4]
    np.testing.assert_allclose(model(X).numpy()[:, 0], 1 / (1 + np.exp(-logits)), rtol=1e-5)
    with pytest.raises(UserError, match="seed 6: allowed are 0 to 5"):
        reprise.load(path, 6)
    artifacts.write(path, {"losses": [1.0], "targets": [2.0]})
    with pytest.raises(UserError, match="no networks: activations is missing; there are losses, t"):
        reprise.load(path, 0)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1e30])
def test_a_seed_with_a_weight_that_is_no_number_or_overflows_has_diverged(wrong: float):
    weights = [np.ones((2, 3, 4), np.float32), np.full((2, 4), 1e19, np.float32)]
    assert networks.diverged(weights).tolist() == [False] * 4
    weights[0][1, 2, 3] = wrong
    assert networks.diverged(weights).tolist() == [False, False, False, True]


def test_exp_has_the_bits_of_xlas_exp():
    x = np.concatenate([np.linspace(-100, 100, 100_003), [0, np.inf, -np.inf]]).astype(np.float32)
    ours, xlas = (tf.function(f, jit_compile=True)(x).numpy() for f in (networks.exp, tf.exp))
    np.testing.assert_array_equal(ours.view(np.int32), xlas.view(np.int32))
