"""REINFORCE against the chapter's loop and figures."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise import seeds
from reprise.agents import reinforce
from reprise.agents.reinforce import advantages, discounted_returns
from reprise.environments.cartpole import CartPole
from reprise.hyperparameters import part
from reprise.measures.training_run import TrainingRun
from reprise.nn import networks, programs, streams
from reprise.nn.determinism import tf

TINY = reinforce.Hyperparameters(
    hidden_sizes=(5,), activation="relu", iterations=4, episodes_per_iteration=3, maximum_steps=40,
    behaviour="sampled", credit="advantage", discount=0.95, optimizer="nadam", learning_rate=0.01,
)  # fmt: skip
KEYS = seeds.training_keys(42, "training", range(4))


def train(h: reinforce.Hyperparameters, keys: np.ndarray = KEYS) -> TrainingRun:
    return reinforce.train(h, CartPole(), keys)


def chapters_gradient(model, episodes, advantage, seed):
    """Return the mean gradient, one step at a time."""
    gradients, weights = [], []
    for step, episode in np.argwhere(episodes.played.numpy()[..., seed]):
        observation = episodes.observation[step, episode, :, seed][None]
        target = tf.constant([[1.0 - float(episodes.action[step, episode, seed])]])
        with tf.GradientTape() as tape:
            loss = tf.keras.losses.binary_crossentropy(target, model(observation))
        gradients.append(tape.gradient(loss, model.trainable_variables))
        weights.append(float(advantage[step, episode, seed]))
    return [
        np.mean([w * g[k].numpy() for w, g in zip(weights, gradients, strict=True)], axis=0)
        for k in range(len(gradients[0]))
    ]


def test_the_compiled_gradient_is_the_chapters_step_by_step_one():
    keys, (episodes, steps) = tf.constant(KEYS.T), (2, 20)
    weights = networks.glorot_uniform(streams.fold_in(keys, 0), (4, 5, 1))

    numbers = programs.numbers(reinforce.Numbers, [TINY] * 4, reinforce.CHOICES)

    @tf.function(jit_compile=True, autograph=False)
    def compiled():
        def act(observation, random):
            return reinforce.act(weights, observation, random, numbers, TINY)

        played = reinforce.play(act, streams.fold_in(keys, 1), CartPole(), episodes, steps)
        reward = tf.where(played.played, played.reward, 0.0)
        advantage = advantages(discounted_returns(reward, TINY.discount), played.played)
        return played, advantage, reinforce.policy_gradient(weights, played, advantage, TINY)

    played, advantage, gradient = compiled()
    arrays = networks.to_arrays(weights, "relu", "sigmoid")
    for seed in range(2):
        model = networks.to_keras(arrays, seed)
        expected = chapters_gradient(model, played, advantage.numpy(), seed)
        for mine, theirs in zip(gradient, expected, strict=True):
            np.testing.assert_allclose(mine.numpy()[..., seed].T, theirs, rtol=1e-3, atol=2e-6)


def test_training_teaches_to_balance():
    longer = {"iterations": 60, "maximum_steps": 100, "episodes_per_iteration": 10}
    returns = train(TINY.model_copy(update=longer)).returns
    assert returns[-5:].mean() > 2 * returns[:5].mean()


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


def test_a_training_is_the_same_compiled_and_not():
    """XLA fuses products with sums, so that last digits differ."""
    keys, numbers = (
        tf.constant(KEYS.T),
        programs.numbers(reinforce.Numbers, [TINY] * 4, reinforce.CHOICES),
    )
    weights = reinforce.initial_weights(keys, CartPole(), TINY)
    compiled = programs.of(reinforce.training, CartPole(), part(reinforce.Fixed, TINY))
    (returns, steps), final, _ = compiled(keys, weights, numbers)
    (plain_returns, plain_steps), plain, _ = reinforce.training(
        keys, weights, numbers, env=CartPole(), s=TINY
    )
    np.testing.assert_array_equal(steps, plain_steps)
    np.testing.assert_allclose(returns, plain_returns, rtol=2e-7)  # a sum divided by 3
    for ours, expected in zip(final, plain, strict=True):
        assert np.abs(ours).max() > 1e-3
        np.testing.assert_allclose(ours, expected, rtol=2e-6, atol=2e-6)


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
