"""Imitation: the recorded rule is the chapter's, and networks learn it."""

import numpy as np

from reprise import policies, seeds
from reprise.agents import imitation, reinforce
from reprise.environments.cartpole import CartPole
from reprise.nn.determinism import tf

NETWORK = reinforce.Hyperparameters(
    hidden_sizes=(5,), activation="relu", iterations=1, episodes_per_iteration=1, maximum_steps=100,
    behaviour="sampled", credit="advantage", discount=0.95, optimizer="nadam", learning_rate=0.01,
)  # fmt: skip
LITTLE = imitation.Hyperparameters(episodes=3, gradient_steps=1)
MUCH = imitation.Hyperparameters(episodes=10, gradient_steps=300)
KEYS = seeds.training_keys(42, "training", range(4))


def test_the_rule_is_the_hardcoded_policys():
    observations = np.random.default_rng(0).normal(size=(7, 4, 3)).astype(np.float32)
    actions = imitation.angle_rule(tf.constant(observations), tf.zeros([7, 3])).numpy()
    np.testing.assert_array_equal(actions, policies.angle(observations))


def test_networks_learn_the_rule():
    first, then = (imitation.imitate(NETWORK, much, CartPole(), KEYS) for much in (LITTLE, MUCH))
    assert then.agreement.min() > 0.85
    assert then.agreement.mean() > first.agreement.mean() + 0.1


def test_an_imitator_acts_like_the_rule_on_what_the_rule_sees():
    taught = imitation.imitate(NETWORK, MUCH, CartPole(), KEYS)
    keys = tf.constant(seeds.training_keys(7, "test", range(4)).T)
    shown = reinforce.play(imitation.angle_rule, keys, CartPole(), 5, 100)
    played, observed = shown.played.numpy(), shown.observation.numpy()
    act = reinforce.policy(taught.weights, NETWORK)
    same = np.stack([act(observed[t], t) for t in range(100)]) == shown.action.numpy()
    assert same[played].mean() > 0.85


def test_two_imitations_are_the_same_bytes_and_no_two_seeds_alike():
    first, second = (imitation.imitate(NETWORK, LITTLE, CartPole(), KEYS) for _ in range(2))
    assert ((first.steps >= 3 * 20) & (first.steps <= 3 * 70)).all()
    assert all(
        a.tobytes() == b.tobytes() for a, b in zip(first.weights, second.weights, strict=True)
    )
    assert len({first.weights[0][..., seed].tobytes() for seed in range(4)}) == 4
