"""Actor-critic against values computed by hand, plain loops and other ways of the same."""

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import actor_critic, reinforce
from reprise.agents.actor_critic import Batch, Hyperparameters, advantages
from reprise.environments import registry
from reprise.environments.cartpole import CartPole
from reprise.environments.specification import plain
from reprise.hyperparameters import part
from reprise.nn import networks, programs, streams
from reprise.nn.determinism import tf

PPO = Hyperparameters(
    hidden_sizes=(5,), activation="tanh", shared_network=False, total_steps=256,
    environments_per_seed=4, horizon=16, maximum_steps=20, epochs=2, minibatches=4,
    normalize_advantages=True, anneal_learning_rate=True, optimizer="adam", learning_rate=0.01,
    discount=0.9, gae_lambda=0.8, clip=0.2, value_weight=0.5, entropy_weight=0.01,
    maximum_gradient_norm=0.5,
)  # fmt: skip
A2C = PPO.model_copy(update={"epochs": 1, "minibatches": 1, "clip": None})
KEYS = seeds.training_keys(42, "actor-critic", range(3))


def numbers(h: Hyperparameters) -> actor_critic.Numbers:
    return programs.numbers(actor_critic.Numbers, [h] * 3, {})


def played(h: Hyperparameters):
    """Return untrained weights, and the steps of their first rollout."""
    env, s, keys = CartPole(), part(actor_critic.Fixed, h), tf.constant(KEYS.T)
    weights = actor_critic.initial_weights(keys, env, s)
    shape = (h.environments_per_seed, 3)
    state = env.reset(streams.fold_in(keys, 9), shape[:1])
    play = actor_critic.Play(state, tf.zeros(shape, tf.int32), tf.zeros(shape))
    steps, after, returns = actor_critic.rollout(weights, play, keys, env, s)
    return s, weights, steps, after, returns


def test_advantages_are_those_of_schulmans_equation():
    # Four steps, the second of which ends an episode: δ_t + γ λ A_{t+1} by hand, from the last on.
    deltas = np.array([1.0, -2.0, 0.5, 4.0], np.float32)
    ended = np.array([False, True, False, False])
    last, third, second = 4.0, 0.5 + 0.72 * 4.0, -2.0
    expected = [1.0 + 0.72 * second, second, third, last]
    found = advantages(tf.constant(deltas), tf.constant(ended), 0.9 * 0.8)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_with_a_lambda_of_1_and_no_critic_advantages_are_discounted_returns():
    rewards = tf.constant(np.random.default_rng(0).normal(size=(9, 2, 3)).astype(np.float32))
    found = advantages(rewards, tf.zeros(rewards.shape, tf.bool), 0.9)
    np.testing.assert_allclose(found, reinforce.discounted_returns(rewards, 0.9), rtol=1e-5)


def test_a_truncated_episode_counts_the_next_value_and_a_terminated_one_does_not():
    h = A2C.model_copy(update={"maximum_steps": 5, "gae_lambda": 0.0})
    s, weights, steps, _, _ = played(h)
    rows = actor_critic.judged(weights, steps, numbers(h), s)
    batch = actor_critic.drawn(rows, tf.constant(0), tf.constant(KEYS.T), s)
    value = tf.reshape(actor_critic.values(weights, steps.observation, s), [-1, 3])
    following = tf.reshape(actor_critic.values(weights, steps.next_observation, s), [-1, 3])
    terminated, truncated = (np.reshape(flag, [-1, 3]) for flag in steps[-2:])
    assert truncated.any()
    assert not (terminated & truncated).any()
    expected = 1 + np.where(terminated, 0, 0.9 * following.numpy()) - value
    np.testing.assert_allclose(batch.advantage, expected, rtol=1e-4, atol=1e-5)


def test_an_ended_episode_begins_anew_and_its_return_is_counted():
    _, _, steps, after, returns = played(A2C.model_copy(update={"horizon": 32}))
    ended = np.asarray(steps.terminated | steps.truncated)
    observed, following = np.asarray(steps.observation), np.asarray(steps.next_observation)
    begun = np.moveaxis(observed[1:], 2, -1)[ended[:-1]]
    assert len(begun) > 0
    assert (np.abs(begun) <= 0.05).all()
    went_on = ~ended[:-1]
    np.testing.assert_array_equal(
        np.moveaxis(observed[1:], 2, -1)[went_on], np.moveaxis(following[:-1], 2, -1)[went_on]
    )
    whole = ended.sum(axis=(0, 1))
    steps_of_ended = ended.shape[0] * ended.shape[1] - np.asarray(after.step).sum(axis=0)
    np.testing.assert_allclose(returns, steps_of_ended / whole, rtol=1e-6)


def test_the_first_gradient_is_that_of_a_plain_loop_over_steps():
    h = A2C.model_copy(update={"normalize_advantages": False, "horizon": 4})
    s, weights, steps, _, _ = played(h)
    rows = actor_critic.judged(weights, steps, numbers(h), s)
    batch = actor_critic.drawn(rows, tf.constant(0), tf.constant(KEYS.T), s)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        total = actor_critic.loss(weights, batch, numbers(h), s)
    found = tape.gradient(total, weights)
    for seed in range(3):
        own = [tf.Variable(weight[..., seed]) for weight in weights]
        with tf.GradientTape() as tape:
            terms = [plain_term(own, batch, step, seed, h) for step in range(h.batch_size)]
            mean = tf.add_n(terms) / len(terms)
        for mine, theirs in zip(found, tape.gradient(mean, own), strict=True):
            np.testing.assert_allclose(mine[..., seed], theirs, rtol=2e-3, atol=1e-5)


def plain_term(own: list, batch: Batch, step: int, seed: int, h: Hyperparameters) -> tf.Tensor:
    """Return a step's loss as the textbook has it: -A log π(a) + c_v (y - V)² / 2 - c_e H."""

    def network(part):
        x = batch.observation[step, :, seed]
        hidden = tf.tanh(tf.reduce_sum(part[0] * x, -1) + part[1])
        return (tf.reduce_sum(part[2] * hidden, -1) + part[3])[0]

    left = tf.sigmoid(network(own[:4]))
    taken = left if batch.action[step, seed] == 0 else 1 - left
    entropy = -left * tf.math.log(left) - (1 - left) * tf.math.log(1 - left)
    error = batch.target[step, seed] - network(own[4:])
    gain = batch.advantage[step, seed] * tf.math.log(taken)
    return -gain + h.value_weight * error * error / 2 - h.entropy_weight * entropy


def test_a_clipped_step_has_no_gradient_beyond_the_range():
    s, weights, steps, _, _ = played(PPO)
    h = PPO.model_copy(update={"value_weight": 1e-9, "entropy_weight": 0.0})
    batch = actor_critic.drawn(
        actor_critic.judged(weights, steps, numbers(h), s), tf.constant(0), tf.constant(KEYS.T), s
    )
    better = batch._replace(advantage=tf.ones_like(batch.advantage), surprise=batch.surprise + 1.0)
    with tf.GradientTape() as tape:  # every action is e times as probable as when it was drawn
        tape.watch(weights)
        total = actor_critic.loss(weights, better, numbers(h), s)
    np.testing.assert_allclose(total, -1.2, rtol=1e-5)
    assert all((np.abs(g) < 1e-6).all() for g in tape.gradient(total, weights))


def test_an_epoch_visits_every_step_once():
    s = part(actor_critic.Fixed, PPO)
    place = tf.cast(tf.range(s.batch_size), tf.float32)[:, None, None]
    rows = tf.tile(place, [1, 3, 5])  # [B, N, F], one observation feature
    for epoch in range(PPO.epochs):
        steps = range(epoch * PPO.minibatches, (epoch + 1) * PPO.minibatches)
        drawn = [actor_critic.drawn(rows, tf.constant(n), tf.constant(KEYS.T), s) for n in steps]
        order = np.concatenate([batch.target for batch in drawn])  # [B, N]
        for seed in range(3):
            assert sorted(order[:, seed].tolist()) == list(range(s.batch_size))
        assert not (order[:, 0] == order[:, 1]).all()


@pytest.mark.parametrize("shared", [False, True])
def test_each_seed_learns_from_its_own_numbers_only(shared):
    h = PPO.model_copy(update={"shared_network": shared})
    run = actor_critic.train(h, CartPole(), KEYS)
    other = actor_critic.train(
        [h, h, h.model_copy(update={"learning_rate": 0.1})], CartPole(), KEYS
    )
    for one, two in zip(run.weights["final"], other.weights["final"], strict=True):
        np.testing.assert_array_equal(one[..., :2], two[..., :2])
    assert not np.array_equal(run.weights["final"][0][..., 2], other.weights["final"][0][..., 2])
    arrays = actor_critic.export(run.weights["final"], h)
    observation = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    act = actor_critic.policy(run.weights["final"], h)
    actions = act(np.repeat(observation[..., None], 3, axis=2), 0)
    model = networks.to_keras(arrays, 1)
    np.testing.assert_array_equal(actions[:, 1], (model(observation).numpy()[:, 0] < 0.5) * 1)


def test_an_environment_of_gymnasium_trains_like_the_compiled_one():
    environment = registry.make(plain("MountainCar-v0"))
    h = PPO.model_copy(update={"shared_network": True})
    run = actor_critic.train(h, environment, KEYS)
    again = actor_critic.train(h, environment, KEYS)
    assert np.nanmax(run.returns) == -20  # every episode is cut after 20 steps of -1
    for one, two in zip(run.weights["final"], again.weights["final"], strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minibatches": 3}, "minibatches is 3; allowed: a divisor of horizon x"),
        ({"clip": None}, "epochs is 2, minibatches is 4; allowed: 1 and 1 where clip is null"),
        ({"gae_lambda": 1.5}, "gae_lambda"),
    ],
)
def test_hyperparameters_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Hyperparameters(**{**PPO.model_dump(), **change})
