"""REINFORCE against the chapter's loop and figures, and seeds against each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise import seeds
from reprise.agents import reinforce
from reprise.agents.reinforce import advantages, discounted_returns
from reprise.environments.cartpole import CartPole
from reprise.measures.training_run import TrainingRun
from reprise.nn import networks, streams
from reprise.nn.determinism import tf

TINY = reinforce.Hyperparameters(
    hidden_sizes=(5,), activation="relu", iterations=4, episodes_per_iteration=3, maximum_steps=40,
    behaviour="sampled", credit="advantage", discount=0.95, optimizer="nadam", learning_rate=0.01,
)  # fmt: skip
KEYS = seeds.training_keys(42, "training", range(4))


def train(h: reinforce.Hyperparameters, keys: np.ndarray = KEYS) -> TrainingRun:
    """Train on CartPole with the same hyperparameters for each seed."""
    return reinforce.train(h, CartPole(), keys)


def numbers_of(h: reinforce.Hyperparameters) -> reinforce.Numbers:
    """Return one set of hyperparameters as those of four seeds."""
    return reinforce.numbers_of([h] * 4)


def choosing(weights: list, h: reinforce.Hyperparameters):
    """Return the policy that plays in training."""
    return lambda observation, random: reinforce.act(weights, observation, random, numbers_of(h), h)


def chapters_gradient(model, episodes, advantage, seed):
    """Return the mean of each step's gradient times its advantage, one step at a time."""
    gradients, weights = [], []
    for episode in range(TINY.episodes_per_iteration):
        for step in range(TINY.maximum_steps):
            if not episodes.played[step, episode, seed]:
                continue
            observation = episodes.observation[step, episode, :, seed][None]
            target = 1.0 - float(episodes.action[step, episode, seed])
            with tf.GradientTape() as tape:
                left = model(observation)
                loss = tf.reduce_mean(
                    tf.keras.losses.binary_crossentropy(tf.constant([[target]]), left)
                )
            gradients.append(tape.gradient(loss, model.trainable_variables))
            weights.append(float(advantage[step, episode, seed]))
    return [
        np.mean([w * g[k].numpy() for w, g in zip(weights, gradients, strict=True)], axis=0)
        for k in range(len(gradients[0]))
    ]


def test_the_compiled_gradient_is_the_chapters_step_by_step_one():
    keys = tf.constant(KEYS.T)
    weights = networks.glorot_uniform(streams.fold_in(keys, 0), (4, 5, 1))

    @tf.function(jit_compile=True, autograph=False)
    def compiled():
        episodes = reinforce.play(
            choosing(weights, TINY),
            streams.fold_in(keys, 1), CartPole(),
            TINY.episodes_per_iteration, TINY.maximum_steps,
        )  # fmt: skip
        reward = tf.where(episodes.played, episodes.reward, 0.0)
        advantage = advantages(discounted_returns(reward, TINY.discount), episodes.played)
        return episodes, advantage, reinforce.policy_gradient(weights, episodes, advantage, TINY)

    episodes, advantage, gradient = compiled()
    arrays = networks.to_arrays(weights, "relu", "sigmoid")
    for seed in range(4):
        model = networks.to_keras(arrays, seed)
        expected = chapters_gradient(model, episodes, advantage.numpy(), seed)
        ours = [gradient[k].numpy()[..., seed].T for k in range(4)]
        for mine, theirs in zip(ours, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=2e-6)


def test_a_seed_depends_on_its_key_and_not_on_its_neighbours():
    other = KEYS.copy()
    other[0] = 1
    trained, again, changed = (train(TINY, keys) for keys in (KEYS, KEYS, other))
    assert trained.returns.tobytes() == again.returns.tobytes()
    assert trained.weights["final"][0].tobytes() == again.weights["final"][0].tobytes()
    assert len({trained.weights["final"][0][..., seed].tobytes() for seed in range(4)}) == 4
    np.testing.assert_array_equal(trained.returns[:, 1:], changed.returns[:, 1:])
    assert (trained.returns[:, 0] != changed.returns[:, 0]).any()


def test_training_teaches_to_balance():
    longer = TINY.model_copy(
        update={"iterations": 60, "maximum_steps": 100, "episodes_per_iteration": 10}
    )
    returns = train(longer).returns
    assert returns[-5:].mean() > 2 * returns[:5].mean()


def test_the_greedy_policy_takes_the_likelier_action():
    trained = train(TINY)
    observations = np.random.default_rng(0).normal(size=(6, 4, 4)).astype(np.float32)
    actions = reinforce.policy(trained.weights["final"], TINY)(observations, 0)
    arrays = reinforce.export(trained.weights["final"], TINY)
    for seed in range(4):
        left = networks.to_keras(arrays, seed)(observations[..., seed]).numpy()[:, 0]
        np.testing.assert_array_equal(actions[:, seed], left < 0.5)


def test_the_sampled_policy_follows_the_probabilities():
    shapes = (5, 4, 1), (5, 1), (1, 5, 1)
    weights = [np.zeros(shape, np.float32) for shape in shapes]
    weights.append(np.array([[np.log(0.7 / 0.3)]], np.float32))
    act = reinforce.policy(weights, TINY, np.random.default_rng(0))
    actions = act(np.zeros((20_000, 4, 1), np.float32), 0)
    assert abs(actions.mean() - 0.3) < 0.015


@pytest.mark.parametrize("behaviour", ["sampled", "greedy"])
def test_training_follows_its_behaviour(behaviour):
    h = TINY.model_copy(update={"behaviour": behaviour})
    keys = tf.constant(KEYS.T)
    weights = reinforce.initial_weights(keys, CartPole(), h)
    played = reinforce.play(choosing(weights, h), keys, CartPole(), 10, 40)
    left = tf.sigmoid(reinforce.logits(weights, played.observation, h)[..., 0, :]).numpy()
    likelier = (left < 0.5) == played.action.numpy()
    share = likelier[played.played.numpy()].mean()
    assert share == 1 if behaviour == "greedy" else 0.5 < share < 0.9


def test_seeds_of_one_program_may_differ_in_all_that_is_a_number():
    alone = [
        TINY.model_copy(update=change)
        for change in (
            {"behaviour": "greedy"}, {"credit": "return"}, {"credit": "total_reward"},
            {"learning_rate": 0.02, "discount": 0.9},
        )
    ]  # fmt: skip
    together = reinforce.train(alone, CartPole(), KEYS).returns
    apart = [train(h).returns[:, seed] for seed, h in enumerate(alone)]
    np.testing.assert_array_equal(together, np.stack(apart, axis=-1))
    assert len(np.unique(together, axis=1).T) == 4


@settings(max_examples=30, deadline=None)
@given(
    rewards=st.lists(st.integers(-5, 5), min_size=1, max_size=12),
    discount=st.floats(0, 1, width=32),
)
def test_a_return_is_its_reward_plus_the_discounted_next(rewards, discount):
    returns = discounted_returns(tf.constant(rewards), discount).numpy()
    expected, following = [], 0.0
    for reward in reversed(rewards):
        following = reward + discount * following
        expected.insert(0, following)
    np.testing.assert_allclose(returns, expected, rtol=1e-5, atol=1e-5)
