"""Policies: which actions are drawn, and how surprising they are."""

import numpy as np
import pytest
from scipy import special, stats

from reprise.nn import heads
from reprise.nn.determinism import tf

LOGITS = np.random.default_rng(0).normal(scale=2, size=(7, 4, 3)).astype(np.float32)  # [B, A, N]


def test_actions_are_drawn_as_often_as_they_are_probable_and_never_without_a_probability():
    random = np.random.default_rng(1).random((20_000, 3), np.float32)
    drawn = heads.sample_action(tf.constant(LOGITS[:1]), tf.constant(random)).numpy()
    share = np.stack([(drawn == a).mean(axis=0) for a in range(4)])
    assert np.abs(share - special.softmax(LOGITS[0], axis=0)).max() < 0.015
    logits = np.full((1, 4, 1), -200, np.float32)
    logits[0, 2] = 0
    random = np.array([0, 0.5, 1 - 2.0**-24], np.float32)[:, None]
    assert (heads.sample_action(tf.constant(logits), tf.constant(random)).numpy() == 2).all()


def test_the_negative_log_probability_is_tensorflows_cross_entropy_and_so_is_its_gradient():
    logits, action = tf.constant(LOGITS * 20), tf.constant(LOGITS.argmin(axis=1), tf.int32)

    def theirs(logits, action):
        last = tf.linalg.matrix_transpose(logits)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(action, last)

    found = []
    for losses in (heads.negative_log_prob, theirs):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = losses(logits, action)
        found.append((loss, tape.gradient(loss, logits)))
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


MEANS = np.random.default_rng(5).normal(size=(7, 2, 3)).astype(np.float32)  # [B, A, N]
LOG_DEVIATIONS = np.array([[0.3, -1, 0], [0, 0.5, -2]], np.float32)  # [A, N]


def test_uniform_numbers_become_normal_ones():
    steps = np.array([0, 1, 2**22, 2**23 - 1, 2**23, 3 * 2**22, 2**24 - 1])
    compiled = tf.function(heads.standard_normal, jit_compile=True, autograph=False)
    found = compiled(tf.constant(steps * 2.0**-24, tf.float32)).numpy()
    expected = stats.norm.ppf((steps + 0.5) * 2.0**-24)
    np.testing.assert_allclose(found, expected, rtol=2e-6)
    np.testing.assert_array_equal(found[0], -found[-1])


def test_continuous_actions_are_drawn_from_their_gaussian():
    random = np.random.default_rng(6).random((20_000, 2, 3), np.float32)
    gaussian = heads.Gaussian(tf.constant(MEANS[:1]), tf.constant(LOG_DEVIATIONS))
    drawn = heads.sample_action(gaussian, tf.constant(random)).numpy()
    deviations = np.exp(LOG_DEVIATIONS)
    assert np.abs((drawn.mean(axis=0) - MEANS[0]) / deviations).max() < 0.03
    assert np.abs(drawn.std(axis=0) / deviations - 1).max() < 0.03
    np.testing.assert_array_equal(heads.greedy_action(gaussian), MEANS[:1])


def test_a_gaussians_negative_log_probability_and_its_gradient_are_those_of_the_density():
    action = np.random.default_rng(7).normal(size=(7, 2, 3)).astype(np.float32)
    given = [tf.constant(MEANS), tf.constant(LOG_DEVIATIONS)]
    with tf.GradientTape() as tape:
        tape.watch(given)
        loss = heads.negative_log_prob(heads.Gaussian(*given), tf.constant(action))
    deviations = np.exp(LOG_DEVIATIONS)
    expected = -stats.norm.logpdf(action, MEANS, deviations).sum(axis=1)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    to_means, to_deviations = tape.gradient(loss, given)
    z = (action - MEANS) / deviations
    np.testing.assert_allclose(to_means, -z / deviations, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(to_deviations, (1 - z**2).sum(axis=0), rtol=1e-4)


@pytest.mark.parametrize("scale", [1, 20])
@pytest.mark.parametrize("outputs", [1, 4])
def test_the_entropy_is_that_of_the_probabilities_and_so_is_its_gradient(outputs: int, scale: int):
    """With one logit the second action has a logit of 0."""
    logits = tf.constant(LOGITS[:, :outputs] * scale)

    def theirs(logits: tf.Tensor) -> tf.Tensor:
        both = tf.concat([logits, tf.zeros_like(logits)], -2) if outputs == 1 else logits
        last = tf.linalg.matrix_transpose(both)
        return -tf.reduce_sum(tf.nn.softmax(last) * tf.nn.log_softmax(last), -1)

    found = []
    for entropy in (heads.entropy, theirs):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = entropy(logits)
        found.append((value, tape.gradient(value, logits)))
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)
