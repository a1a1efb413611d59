"""Returns and advantages: the chapter's figures, and what always holds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.agents.returns import discounted_returns, normalised
from reprise.nn.determinism import tf


def column(rewards) -> tf.Tensor:
    """Return one episode of one lane as [T, 1, 1]."""
    return tf.constant(np.array(rewards, np.float32)[:, None, None])


def test_the_returns_are_the_chapters():
    np.testing.assert_allclose(
        discounted_returns(column([10, 0, -50]), 0.8)[:, 0, 0], [-22, -40, -50], rtol=1e-6
    )


def test_the_normalised_advantages_are_the_chapters():
    rewards = tf.constant(np.array([[10, 10], [0, 20], [-50, 0]], np.float32)[..., None])
    played = tf.constant(np.array([[True, True], [True, True], [True, False]])[..., None])
    advantages = normalised(discounted_returns(rewards, 0.8), played).numpy()[..., 0]
    np.testing.assert_allclose(advantages[:, 0], [-0.28435071, -0.86597718, -1.18910299], rtol=1e-5)
    np.testing.assert_allclose(advantages[:2, 1], [1.26665318, 1.0727777], rtol=1e-5)
    assert advantages[2, 1] == 0


def test_equal_returns_have_no_advantage():
    advantages = normalised(tf.ones([4, 2, 3]), tf.ones([4, 2, 3], tf.bool)).numpy()
    assert not advantages.any()


@settings(max_examples=30, deadline=None)
@given(
    rewards=st.lists(st.integers(-5, 5), min_size=1, max_size=12),
    discount=st.floats(0, 1, width=32),
)
def test_a_return_is_its_reward_plus_the_discounted_next(rewards, discount):
    returns = discounted_returns(column(rewards), discount).numpy()[:, 0, 0]
    expected, following = [], 0.0
    for reward in reversed(rewards):
        following = reward + discount * following
        expected.insert(0, following)
    np.testing.assert_allclose(returns, expected, rtol=1e-5, atol=1e-5)
