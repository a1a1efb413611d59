"""DQN: its equations, every variant, and seeds."""

from functools import cache

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import dqn
from reprise.environments.cartpole import CartPole
from reprise.measures.training_run import TrainingRun
from reprise.nn import networks, optimizers, programs, replay_buffer
from reprise.nn.determinism import tf

TINY = dqn.Hyperparameters(
    hidden_sizes=(3,), activation="elu", dueling=False, total_episodes=10,
    total_steps=None, maximum_steps=30, epsilon_start=1.0, epsilon_end=0.01, epsilon_decay=10,
    epsilon_unit="episodes",
    train_every=1, learning_starts=3, gradient_steps=1, replay_capacity=64,
    batch_size=4, optimizer="nadam", learning_rate=0.01, loss="mse", discount=0.95,
    bootstrap_at_truncation=False, double=False, target_network="none", target_update_period=3,
    tau=0.1,
)  # fmt: skip
KEYS = seeds.training_keys(42, "training", range(4))
ONLINE, TARGET = (networks.glorot_uniform(tf.constant(KEYS[i:].T), (4, 4, 2)) for i in (0, 1))
ONLINE = [weight[..., :3] for weight in ONLINE]


def with_(**changes) -> dqn.Hyperparameters:
    return dqn.Hyperparameters(**{**TINY.model_dump(), **changes})


def batch() -> replay_buffer.Transitions:
    """Return random transitions of 3 seeds; some end."""
    random, shape = np.random.default_rng(0), (8, 3)
    ends = random.random(shape)
    before, after = (tf.constant(random.normal(size=(8, 4, 3)), tf.float32) for _ in range(2))
    action = tf.constant(random.integers(2, size=shape), tf.int32)
    reward = tf.constant(random.normal(size=shape), tf.float32)
    ended = tf.constant(ends < 0.3), tf.constant(ends > 0.8)
    return replay_buffer.Transitions(before, action, reward, after, *ended)


def train(h: dqn.Hyperparameters, keys: np.ndarray = KEYS) -> TrainingRun:
    return dqn.train(h, CartPole(), keys)


@cache
def trained() -> TrainingRun:
    return train(TINY)


def targets(h: dqn.Hyperparameters) -> np.ndarray:
    target = ONLINE if h.target_network == "none" else TARGET
    learner = dqn.Learner(ONLINE, target, optimizers.init(ONLINE))
    return dqn.td_target(learner, batch(), *dqn.prepared([h] * 3)).numpy()


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_gradients_are_those_of_the_chapters_training_step(loss):
    experience, targeted, h = batch(), targets(TINY), with_(loss=loss)

    @tf.function(jit_compile=True, autograph=False)
    def compiled():
        with tf.GradientTape() as tape:
            tape.watch(ONLINE)
            losses = dqn.td_loss(ONLINE, experience, targeted, *dqn.prepared([h] * 3))
        return losses, tape.gradient(losses, ONLINE)

    losses, ours = compiled()
    arrays = networks.to_arrays(ONLINE, "elu", "linear")
    function = {"mse": tf.keras.losses.MeanSquaredError(), "huber": tf.keras.losses.Huber()}[loss]
    for seed in range(3):
        model = networks.to_keras(arrays, seed)
        state, action, reward, next_state, terminated, truncated = (
            field[..., seed] for field in experience
        )
        runs = 1.0 - tf.cast(terminated | truncated, tf.float32)
        target = reward + runs * 0.95 * tf.reduce_max(model(next_state), axis=1)
        np.testing.assert_allclose(targeted[:, seed], target, rtol=1e-5, atol=1e-6)
        with tf.GradientTape() as tape:
            q = tf.reduce_sum(model(state) * tf.one_hot(action, 2), axis=1, keepdims=True)
            value = function(target[:, None], q)
        theirs = tape.gradient(value, model.trainable_variables)
        np.testing.assert_allclose(losses[seed], value, rtol=1e-4)
        for mine, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine.numpy()[..., seed].T, expected, rtol=1e-3, atol=1e-5)


def test_a_target_bootstraps_at_truncation_only_if_asked_to():
    stops, goes_on = targets(TINY), targets(with_(bootstrap_at_truncation=True))
    reward, ended = batch().reward.numpy(), batch().truncated.numpy()
    np.testing.assert_array_equal(stops[ended], reward[ended])
    assert (goes_on[ended] != reward[ended]).all()
    np.testing.assert_array_equal(stops[~ended], goes_on[~ended])


def test_a_double_target_judges_with_the_target_network_what_the_online_one_chose():
    h, experience = with_(double=True, target_network="hard"), batch()
    online, target = (
        dqn.q_values(weights, experience.next_observation, *dqn.prepared([h] * 3)).numpy()
        for weights in (ONLINE, TARGET)
    )  # [B, A, N]
    judged = np.take_along_axis(target, online.argmax(1)[:, None], 1)[:, 0]
    runs = ~(experience.terminated.numpy() | experience.truncated.numpy())
    expected = experience.reward.numpy() + runs * 0.95 * judged
    np.testing.assert_allclose(targets(h), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("target_network", "expected"), [("none", 2.0), ("hard", 2.0), ("soft", 8.3)]
)
def test_a_target_network_follows_by_its_rule(target_network, expected):
    weights, old = ([tf.fill([1, 1, 1], x), tf.zeros([1, 1])] for x in (2.0, 9.0))
    state = optimizers.init(weights)._replace(step=tf.constant(2))  # the next step is the third
    h = with_(target_network=target_network, hidden_sizes=(), discount=0, learning_rate=1e-20)
    one = tf.ones([1, 1])
    experience = replay_buffer.Transitions(
        one[None], tf.zeros([1, 1], tf.int32), one, one[None], one > 0, one < 0
    )
    after, *_ = dqn.update(dqn.Learner(weights, old, state), experience, *dqn.prepared([h]))
    np.testing.assert_allclose(after.target[0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"target_network": "hard", "double": True, "loss": "huber", "replay_capacity": 8},
        {"target_network": "soft", "dueling": True, "gradient_steps": 3, "train_every": 2},
        {"optimizer": "sgd", "activation": "relu", "epsilon_unit": "steps", "epsilon_decay": 100},
    ],
    ids=str,
)
def test_every_variant_changes_the_training_and_exports_its_q_values(changes):
    h = with_(**changes)
    plain, changed = trained(), train(h)
    final = changed.weights["final"]
    assert changed.returns.shape == (10, 4)
    assert all(np.isfinite(weight).all() for weight in final)
    assert not np.array_equal(plain.weights["final"][0], final[0])
    observations = np.random.default_rng(0).normal(size=(6, 4, 4)).astype(np.float32)
    q, arrays = (
        dqn.q_values(final, tf.constant(observations), *dqn.prepared([h] * 4)).numpy(),
        dqn.export(final, h),
    )
    np.testing.assert_array_equal(dqn.policy(final, h)(observations, 0), q.argmax(axis=1))
    for seed in range(4):
        found = networks.to_keras(arrays, seed)(observations[..., seed]).numpy()
        np.testing.assert_allclose(found, q[..., seed], rtol=1e-4, atol=1e-5)


def test_learning_starts_late_and_the_best_weights_are_those_that_played_the_best_episode():
    found = trained()
    learnt = ~np.isnan(found.losses).all(axis=1)
    np.testing.assert_array_equal(learnt, np.arange(10) > TINY.learning_starts)
    latest = len(found.returns) - 1 - found.returns[::-1].argmax(axis=0)
    seed = int(latest.argmax())  # the weights that played episode k are those after k
    assert latest[seed] > TINY.learning_starts + 1
    before = train(with_(total_episodes=int(latest[seed]))).weights["final"]
    for best, expected in zip(found.weights["best"], before, strict=True):
        np.testing.assert_allclose(best[..., seed], expected[..., seed], rtol=1e-5)


def test_two_trainings_are_the_same_bytes_and_a_seed_ignores_its_neighbours():
    other = KEYS.copy()
    other[0] = 1
    first, second, changed = trained(), train(TINY), train(TINY, other)
    assert first.returns.tobytes() == second.returns.tobytes()
    assert first.losses.tobytes() == second.losses.tobytes()
    np.testing.assert_array_equal(first.returns[:, 1:], changed.returns[:, 1:])
    assert len({first.weights["final"][0][..., seed].tobytes() for seed in range(4)}) == 4


def test_a_training_is_the_same_compiled_and_not():
    """XLA fuses products with sums, so that last digits differ."""
    keys, (numbers, settings) = tf.constant(KEYS.T), dqn.prepared([TINY] * 4)
    found = programs.of(dqn.training, CartPole(), settings)(keys, numbers)
    plain = dqn.training(keys, numbers, CartPole(), settings)
    for ours, expected in zip(tf.nest.flatten(found), tf.nest.flatten(plain), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=2e-6, atol=2e-6)
    for ours, expected in zip(found[0][:2], plain[0][:2], strict=True):  # returns and steps
        np.testing.assert_array_equal(ours, expected)
    assert all(np.abs(weight).max() > 1e-3 for weight in found[1])
