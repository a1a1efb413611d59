"""The optimisers against Keras'."""

import numpy as np
import pytest

from reprise.nn import optimizers
from reprise.nn.determinism import tf

KERAS = {
    "nadam": tf.keras.optimizers.Nadam,
    "adam": tf.keras.optimizers.Adam,
    "sgd": tf.keras.optimizers.SGD,
}


@pytest.mark.parametrize("name", list(KERAS))
def test_fifty_steps_are_keras_steps(name):
    random = np.random.default_rng(0)
    start = random.normal(size=(4, 3)).astype(np.float32)
    variable, theirs = tf.Variable(start), KERAS[name](0.01)
    state, weights = optimizers.init([tf.constant(start)]), [tf.constant(start)]
    for _ in range(50):
        gradient = tf.constant(random.normal(size=(4, 3)), tf.float32)
        theirs.apply([gradient], [variable])
        state, weights = optimizers.apply(name, state, weights, [gradient], tf.constant(0.01))
    np.testing.assert_allclose(weights[0], np.asarray(variable), rtol=2e-5, atol=1e-6)
    assert int(state.step) == 50
