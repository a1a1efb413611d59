"""Imitation: networks learn the chapter's rule."""

import numpy as np

from reprise import policies, seeds
from reprise.agents import imitation, reinforce
from reprise.environments.cartpole import CartPole
from reprise.nn.determinism import tf
from tests.agents import test_reinforce

NETWORK = test_reinforce.TINY.model_copy(update={"maximum_steps": 100})
KEYS = seeds.training_keys(42, "training", range(4))


def imitate(episodes: int, gradient_steps: int) -> tuple:
    shown = imitation.Hyperparameters(episodes=episodes, gradient_steps=gradient_steps)
    return imitation.imitate(NETWORK, shown, CartPole(), KEYS)


def test_the_rule_is_the_hardcoded_policys():
    observations = np.random.default_rng(0).normal(size=(7, 4, 3)).astype(np.float32)
    actions = imitation.angle_rule(tf.constant(observations), tf.zeros([7, 3])).numpy()
    np.testing.assert_array_equal(actions, policies.angle(observations))


def test_networks_learn_the_rule_and_act_like_it_on_what_the_rule_sees():
    (_, _, first), (weights, _, then) = imitate(3, 1), imitate(10, 300)
    assert then.min() > 0.85
    assert then.mean() > first.mean() + 0.1
    keys = tf.constant(seeds.training_keys(7, "test", range(4)).T)
    shown = reinforce.play(imitation.angle_rule, keys, CartPole(), 5, 60)
    played, observed = shown.played.numpy(), shown.observation.numpy()
    act = reinforce.policy(weights, NETWORK)
    same = np.stack([act(observed[t], t) for t in range(60)]) == shown.action.numpy()
    assert same[played].mean() > 0.85
