"""Actor-critic: its equations by hand, plain gradients, rollouts and seeds."""

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import actor_critic
from reprise.environments.acrobot import Acrobot
from reprise.environments.cartpole import CartPole
from reprise.environments.pendulum import Pendulum
from reprise.hyperparameters import part
from reprise.measures.training_run import TrainingRun
from reprise.nn import networks, optimizers, programs, streams
from reprise.nn.determinism import tf
from reprise.nn.replay_buffer import Transitions

TINY = actor_critic.Hyperparameters(
    hidden_sizes=(5,), activation="tanh", shared_network=False, total_steps=192,
    environments_per_seed=2, horizon=16, maximum_steps=20, epochs=2, minibatches=4,
    normalize_advantages=True, clip_value=True, anneal_learning_rate=True, optimizer="adam",
    learning_rate=0.01, discount=0.95, gae_lambda=0.9, clip=0.2, value_weight=0.5,
    entropy_weight=0.01, maximum_gradient_norm=0.5,
)  # fmt: skip
KEYS = seeds.training_keys(42, "training", range(4))
LENGTH = TINY.horizon * TINY.environments_per_seed


def with_(**changes) -> actor_critic.Hyperparameters:
    return actor_critic.Hyperparameters(**{**TINY.model_dump(), **changes})


A2C = with_(clip=None, clip_value=False, epochs=1, minibatches=1)


def prepared(h: actor_critic.Hyperparameters, count: int = 4) -> tuple:
    """Return the numbers and settings of seeds with the same hyperparameters."""
    return programs.numbers(actor_critic.Numbers, [h] * count, {}), part(actor_critic.Fixed, h)


def train(h: actor_critic.Hyperparameters, keys: np.ndarray = KEYS) -> TrainingRun:
    return actor_critic.train(h, CartPole(), keys)


@pytest.mark.parametrize(
    ("gae_lambda", "first"), [(0.0, 1.0), (0.5, 0.75), (1.0, 0.5)], ids=["TD", "GAE", "return"]
)
def test_advantages_and_targets_are_those_computed_by_hand(gae_lambda: float, first: float):
    """The second step terminates, the third is truncated, the last goes on after the rollout."""
    h = with_(
        hidden_sizes=(), environments_per_seed=1, horizon=4, epochs=1, minibatches=1,
        discount=0.5, gae_lambda=gae_lambda,
    )  # fmt: skip

    def column(values: list, dtype=tf.float32) -> tf.Tensor:
        return tf.reshape(tf.constant(values, dtype), [4, 1, 1])

    weights = [tf.zeros([1, 1, 1]), tf.zeros([1, 1]), tf.ones([1, 1, 1]), tf.zeros([1, 1])]
    before, after = column([1, 2, 3, 4]), column([2, 3, 8, 6])  # the critic returns its input
    ends = (
        column([False, True, False, False], tf.bool),
        column([False, False, True, False], tf.bool),
    )
    actions, rewards = column([0, 1, 1, 0], tf.int32), column([1, 1, 1, 2])
    steps = Transitions(before[..., None, :], actions, rewards, after[..., None, :], *ends)
    numbers, s = prepared(h, 1)
    rows = actor_critic.judged(weights, steps, numbers, s)
    batch = actor_critic.drawn(rows, tf.constant(0), tf.constant(KEYS[:1].T), s)
    advantage = np.array([first, -1, 2, 1])
    np.testing.assert_allclose(batch.advantage[:, 0], advantage, rtol=1e-6)
    np.testing.assert_allclose(batch.target[:, 0], advantage + np.arange(1, 5), rtol=1e-6)
    np.testing.assert_allclose(batch.negative_log_prob, np.log(2), rtol=1e-6)
    assert batch.action[:, 0].numpy().tolist() == [0, 1, 1, 0]


def models(weights: list, h: actor_critic.Hyperparameters, seed: int) -> list:
    """Return a seed's networks as Keras models: one, or an actor and a critic."""
    half = len(weights) // (1 if h.shared_network else 2)
    halves = [weights[:half], weights[half:]]
    arrays = [networks.to_arrays(each, h.activation, "linear") for each in halves if each]
    return [networks.to_keras(each, seed) for each in arrays]


def plain_loss(networks_of_a_seed: list, batch: actor_critic.Batch, seed: int, h):
    """Return the mean loss of a seed's steps, taken one at a time."""
    losses = []
    for step in range(len(batch.action)):
        out = [model(batch.observation[step, :, seed][None])[0] for model in networks_of_a_seed]
        z, value = (out[0][:-1], out[0][-1]) if h.shared_network else (out[0], out[1][0])
        left = tf.sigmoid(z[0])
        probability = tf.stack([left, 1 - left]) if len(z) == 1 else tf.nn.softmax(z)
        drawn_at = tf.exp(-batch.negative_log_prob[step, seed])
        ratio, advantage = probability[batch.action[step, seed]] / drawn_at, batch.advantage[step]
        objective = ratio * advantage[seed]
        if h.clip is not None:
            clipped = tf.clip_by_value(ratio, 1 - h.clip, 1 + h.clip)
            objective = tf.minimum(objective, clipped * advantage[seed])
        target, log = batch.target[step, seed], tf.math.log(probability)
        error = tf.abs(target - value)
        if h.clip_value:
            before = batch.value[step, seed]
            near = tf.clip_by_value(value, before - h.clip, before + h.clip)
            error = tf.maximum(error, tf.abs(target - near))
        entropy = -tf.reduce_sum(probability * log)
        losses.append(-objective + h.value_weight * error**2 / 2 - h.entropy_weight * entropy)
    return tf.reduce_mean(tf.stack(losses))


@pytest.mark.parametrize(
    ("env", "h"),
    [
        (CartPole(), TINY),
        (CartPole(), A2C),
        (CartPole(), with_(shared_network=True, clip_value=False)),
        (Acrobot(), with_(entropy_weight=0.3)),
        (Acrobot(), with_(shared_network=True, value_weight=2.0)),
    ],
    ids=["PPO", "A2C", "shared", "three actions", "three actions, shared"],
)
def test_gradients_are_those_of_a_plain_loop(env, h: actor_critic.Hyperparameters):
    random, shape = np.random.default_rng(0), (16, 2)
    numbers, s = prepared(h, 2)
    weights = actor_critic.initial_weights(tf.constant(KEYS[:2].T), env, s)
    observation = tf.constant(random.normal(size=(16, env.observation_size, 2)), tf.float32)
    action = tf.constant(random.integers(env.actions, size=shape), tf.int32)
    z, _ = actor_critic.outputs(weights, observation, s)
    surprise = actor_critic.negative_log_prob(z, action) + random.normal(scale=0.3, size=shape)
    parts = [tf.constant(random.normal(size=shape), tf.float32) for _ in range(3)]
    advantage, target, value = parts
    batch = actor_critic.Batch(observation, action, advantage, target, surprise, value)

    @tf.function(jit_compile=True, autograph=False)
    def compiled():
        with tf.GradientTape() as tape:
            tape.watch(weights)
            losses = actor_critic.loss(weights, batch, numbers, s)
        return losses, tape.gradient(losses, weights)

    losses, ours = compiled()
    for seed in range(2):
        theirs = models(weights, h, seed)
        variables = [variable for model in theirs for variable in model.trainable_variables]
        with tf.GradientTape() as tape:
            value = plain_loss(theirs, batch, seed, h)
        np.testing.assert_allclose(losses[seed], value, rtol=1e-4)
        for mine, expected in zip(ours, tape.gradient(value, variables), strict=True):
            np.testing.assert_allclose(mine.numpy()[..., seed].T, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("shared", [False, True])
def test_the_gradient_of_continuous_actions_is_that_of_the_density(shared: bool):
    h = with_(shared_network=shared, normalize_advantages=False, clip_value=False)
    (numbers, s), random = prepared(h), np.random.default_rng(0)
    weights = actor_critic.initial_weights(tf.constant(KEYS.T), Pendulum(), s)
    observation, action, advantage, target, surprise = (
        tf.constant(random.normal(size=(6, *axes, 4)), tf.float32)
        for axes in ([3], [1], [], [], [])
    )
    batch = actor_critic.Batch(observation, action, advantage, target, 1.4 + 0.1 * surprise, target)

    @tf.function(jit_compile=True, autograph=False)
    def compiled() -> list:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            total = actor_critic.loss(weights, batch, numbers, s)
        return tape.gradient(total, weights)

    with tf.GradientTape() as tape:
        tape.watch(weights)
        total = 0.0
        for b in range(6):
            policy, value = actor_critic.outputs(weights, observation[b], s)
            deviation = tf.exp(policy.log_deviation[0])
            z = (action[b, 0] - policy.mean[0]) / deviation
            density = tf.exp(-z * z / 2) / (deviation * np.sqrt(2 * np.pi))
            ratio = density * tf.exp(batch.negative_log_prob[b])
            objective = tf.minimum(
                ratio * advantage[b], tf.clip_by_value(ratio, 0.8, 1.2) * advantage[b]
            )
            entropy = tf.math.log(deviation * np.sqrt(2 * np.pi * np.e))
            total += (0.25 * (target[b] - value) ** 2 - objective - 0.01 * entropy) / 6
    for mine, theirs in zip(compiled(), tape.gradient(total, weights), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def steps_of(h: actor_critic.Hyperparameters, count: int) -> list[tuple]:
    """Return the rollouts of untrained policies, one after the other."""
    keys, s = tf.constant(KEYS.T), part(actor_critic.Fixed, h)
    weights, shape = actor_critic.initial_weights(keys, CartPole(), s), (h.environments_per_seed,)
    still = tf.zeros([*shape, 4], tf.int32)
    play = actor_critic.Play(CartPole().reset(keys, shape), still, tf.zeros([*shape, 4]))
    found = []
    for number in range(count):
        here = streams.fold_in(keys, number)
        found.append(actor_critic.rollout(weights, play, here, CartPole(), s))
        play = found[-1][1]
    return found


def test_an_ended_episode_begins_anew_and_the_others_go_on_into_the_next_rollout():
    found = steps_of(TINY, 2)
    whole = Transitions(
        *(np.concatenate(parts) for parts in zip(*(f[0] for f in found), strict=True))
    )
    ended = whole.terminated | whole.truncated
    goes_on = ~ended[:-1]
    assert ended.any()
    assert not (whole.terminated & whole.truncated).any()
    before, after = (
        np.moveaxis(whole.observation, 2, -1),
        np.moveaxis(whole.next_observation, 2, -1),
    )
    np.testing.assert_array_equal(before[1:][goes_on], after[:-1][goes_on])
    starts = before[1:][~goes_on]
    assert np.abs(starts).max() <= 0.05  # as CartPole begins
    assert len(np.unique(starts, axis=0)) == len(starts)
    assert np.abs(after[ended & whole.terminated]).max() > 0.2  # the end itself is kept


@pytest.mark.parametrize("epoch", [0, 1])
def test_an_epoch_takes_every_step_once(epoch: int):
    s = part(actor_critic.Fixed, TINY)
    rows = tf.broadcast_to(tf.range(LENGTH, dtype=tf.float32)[:, None, None], [LENGTH, 4, 5])
    numbers = range(TINY.minibatches * epoch, TINY.minibatches * (epoch + 1))
    keys = tf.constant(KEYS.T)
    taken = [actor_critic.drawn(rows, tf.constant(n), keys, s).action for n in numbers]
    assert {len(each) for each in taken} == {LENGTH // TINY.minibatches}
    order = np.concatenate(taken)
    np.testing.assert_array_equal(np.sort(order, axis=0), np.arange(LENGTH)[:, None] + [0] * 4)
    assert len(np.unique(order, axis=1).T) == 4  # each seed has an order of its own


def test_a_long_gradient_is_shortened_and_a_short_one_is_kept():
    h = with_(optimizer="sgd", learning_rate=1.0, normalize_advantages=False, entropy_weight=0.0)
    (numbers, s), keys, shape = prepared(h, 2), tf.constant(KEYS[:2].T), (16, 2)
    weights, random = actor_critic.initial_weights(keys, CartPole(), s), np.random.default_rng(0)
    observation = tf.constant(random.normal(size=(16, 4, 2)), tf.float32)
    advantage = tf.constant(random.normal(size=shape) * [1e-2, 1e2], tf.float32)
    z, value = actor_critic.outputs(weights, observation, s)
    action = tf.zeros(shape, tf.int32)
    surprise = actor_critic.negative_log_prob(z, action)
    batch = actor_critic.Batch(observation, action, advantage, value, surprise, value)

    def moved(limit: float) -> np.ndarray:
        given = numbers._replace(maximum_gradient_norm=tf.constant([limit] * 2))
        state, rate = optimizers.init(weights), given.learning_rate
        after, _ = actor_critic.update(weights, state, batch, rate, given, s)
        steps = [(old - new).numpy() for old, new in zip(weights, after, strict=True)]
        return np.concatenate([step.reshape(-1, 2) for step in steps])

    free, norm = moved(np.inf), np.linalg.norm(moved(np.inf), axis=0)
    assert norm[0] < 0.5 < norm[1]
    np.testing.assert_allclose(moved(0.5), free * [1, 0.5 / norm[1]], rtol=1e-3, atol=1e-6)


def test_a_training_is_the_same_compiled_and_not():
    """XLA fuses products with sums, so that last digits differ."""
    h = with_(total_steps=32, horizon=8, maximum_steps=6)  # two rollouts
    keys, (numbers, s) = tf.constant(KEYS.T), prepared(h)
    returns, final = programs.of(actor_critic.training, CartPole(), s)(keys, numbers)
    plain_returns, plain = actor_critic.training(keys, numbers, env=CartPole(), s=s)
    np.testing.assert_allclose(returns, plain_returns, rtol=2e-7)  # a sum divided
    for ours, expected in zip(final, plain, strict=True):
        assert np.abs(ours).max() > 1e-3
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=2e-6)


def test_seeds_of_one_program_may_differ_in_all_that_is_a_number():
    alone = [
        with_(**changes)
        for changes in (
            {"gae_lambda": 0.0}, {"clip": 0.01}, {"maximum_gradient_norm": None},
            {"learning_rate": 0.02, "discount": 0.9, "value_weight": 1.0, "entropy_weight": 0.1},
        )
    ]  # fmt: skip
    together = actor_critic.train(alone, CartPole(), KEYS).weights["final"]
    apart = [train(h).weights["final"] for h in [TINY, *alone]]
    for seed, (base, *weights) in enumerate(zip(apart[:1] * 4, apart[1:], strict=True)):
        for ours, expected, unchanged in zip(together, weights[0], base, strict=True):
            np.testing.assert_array_equal(ours[..., seed], expected[..., seed])
            assert (ours[..., seed] != unchanged[..., seed]).any()


def test_training_teaches_to_balance():
    longer = {"total_steps": 30_000, "environments_per_seed": 8, "maximum_steps": 100}
    returns = train(with_(**longer, hidden_sizes=(16,))).returns
    tenth = len(returns) // 10
    assert np.nanmean(returns[-tenth:]) > 2 * np.nanmean(returns[:tenth])


@pytest.mark.parametrize("shared_network", [False, True])
@pytest.mark.parametrize("env", [CartPole(), Acrobot()], ids=["one logit", "three logits"])
def test_the_greedy_policy_takes_the_likeliest_action_of_the_exported_network(env, shared_network):
    h = with_(shared_network=shared_network)
    weights = actor_critic.initial_weights(tf.constant(KEYS.T), env, part(actor_critic.Fixed, h))
    final = [weight.numpy() for weight in weights]
    observations = np.random.default_rng(0).normal(size=(6, env.observation_size, 4))
    actions = actor_critic.policy(final, h)(observations.astype(np.float32), 0)
    arrays = actor_critic.export(final, h)
    for seed in range(4):
        found = networks.to_keras(arrays, seed)(observations[..., seed]).numpy()
        likeliest = found[:, 0] < 0.5 if found.shape[1] == 1 else found.argmax(axis=1)
        np.testing.assert_array_equal(actions[:, seed], likeliest)
