"""Shaped rewards: charged for the angle, and for nothing else."""

import numpy as np
import pytest

from reprise import seeds
from reprise.environments.cartpole import CartPole
from reprise.environments.shaping import Shaped
from reprise.nn.determinism import tf

KEYS = tf.constant(seeds.training_keys(1, "test", range(3)).T)
NOTHING = tf.zeros([0, 3])


@pytest.mark.parametrize("penalty", [0.0, 5.0])
def test_the_penalty_is_proportional_to_the_angle_after_the_step(penalty: float):
    shaped, state = Shaped(CartPole(), 2, penalty), CartPole().reset(KEYS)
    for _ in range(5):
        action = tf.constant([0, 1, 0])
        following, reward, fell = CartPole().step(state, action)
        theirs, charged, their_fell = shaped.step(state, action, NOTHING)
        np.testing.assert_allclose(charged, reward - penalty * np.abs(following[2]), rtol=1e-6)
        np.testing.assert_array_equal(theirs, following)
        np.testing.assert_array_equal(their_fell, fell)
        state = following


def test_all_else_is_the_environments_own():
    shaped = Shaped(CartPole(), 2, 5.0)
    np.testing.assert_array_equal(shaped.reset(KEYS), CartPole().reset(KEYS))
    sizes = (shaped.observation_size, shaped.actions, shaped.draws)
    assert sizes == (CartPole().observation_size, CartPole().actions, CartPole().draws)
