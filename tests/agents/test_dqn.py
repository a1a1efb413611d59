"""DQN: its equations against plain ones, every variant, and seeds against each other."""

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import dqn
from reprise.environments.cartpole import CartPole
from reprise.measures.training_run import TrainingRun
from reprise.nn import networks, optimizers, replay_buffer, streams
from reprise.nn.determinism import tf

TINY = dqn.Hyperparameters(
    hidden_sizes=(4,), activation="elu", dueling=False, total_episodes=12,
    total_steps=None, maximum_steps=30, epsilon_start=1.0, epsilon_end=0.01, epsilon_decay=10,
    epsilon_unit="episodes",
    train_every=1, learning_starts=3, gradient_steps=1, replay_capacity=64,
    batch_size=4, optimizer="nadam", learning_rate=0.01, loss="mse", discount=0.95,
    bootstrap_at_truncation=False, double=False, target_network="none", target_update_period=3,
    tau=0.1,
)  # fmt: skip
KEYS = seeds.training_keys(42, "training", range(4))


def with_(**changes) -> dqn.Hyperparameters:
    """Return the tiny hyperparameters with some changed."""
    return dqn.Hyperparameters(**{**TINY.model_dump(), **changes})


def batch(random, seeds=3, size=8) -> replay_buffer.Transitions:
    """Return random transitions, some terminated and others truncated."""
    ends = random.random((size, seeds))
    return replay_buffer.Transitions(
        tf.constant(random.normal(size=(size, 4, seeds)), tf.float32),
        tf.constant(random.integers(2, size=(size, seeds)), tf.int32),
        tf.constant(random.normal(size=(size, seeds)), tf.float32),
        tf.constant(random.normal(size=(size, 4, seeds)), tf.float32),
        tf.constant(ends < 0.3), tf.constant(ends > 0.8),
    )  # fmt: skip


def train(h: dqn.Hyperparameters, keys: np.ndarray = KEYS) -> TrainingRun:
    """Train on CartPole with the same hyperparameters for each seed."""
    return dqn.train(h, CartPole(), keys)


def learner(weights: list, target: list | None = None) -> dqn.Learner:
    return dqn.Learner(weights, weights if target is None else target, optimizers.init(weights))


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_gradients_are_those_of_the_chapters_training_step(loss):
    h, random = with_(loss=loss), np.random.default_rng(0)
    weights = networks.glorot_uniform(tf.constant(KEYS[:3].T), (4, 4, 2))
    experience = batch(random)

    @tf.function(jit_compile=True, autograph=False)
    def compiled():
        target = tf.stop_gradient(
            dqn.td_target(learner(weights), experience, tf.fill([3], 0.95), h)
        )
        with tf.GradientTape() as tape:
            tape.watch(weights)
            losses = dqn.td_loss(weights, experience, target, h)
        return losses, tape.gradient(losses, weights)

    losses, ours = compiled()
    arrays = networks.to_arrays(weights, "elu", "linear")
    function = {"mse": tf.keras.losses.MeanSquaredError(), "huber": tf.keras.losses.Huber()}[loss]
    for seed in range(3):
        model = networks.to_keras(arrays, seed)
        state, action, reward, next_state, terminated, truncated = (
            field[..., seed] for field in experience
        )
        runs = 1.0 - tf.cast(terminated | truncated, tf.float32)
        target = reward + runs * 0.95 * tf.reduce_max(model(next_state), axis=1)
        with tf.GradientTape() as tape:
            q = tf.reduce_sum(model(state) * tf.one_hot(action, 2), axis=1, keepdims=True)
            value = function(target[:, None], q)
        theirs = tape.gradient(value, model.trainable_variables)
        np.testing.assert_allclose(losses[seed], value, rtol=1e-4)
        for mine, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine.numpy()[..., seed].T, expected, rtol=1e-3, atol=1e-5)


def test_a_target_bootstraps_at_truncation_only_if_asked_to():
    weights = networks.glorot_uniform(tf.constant(KEYS[:3].T), (4, 4, 2))
    experience, discount = batch(np.random.default_rng(1)), tf.fill([3], 0.95)
    stops, goes_on = (
        dqn.td_target(learner(weights), experience, discount, h).numpy()
        for h in (TINY, with_(bootstrap_at_truncation=True))
    )
    reward, ended = experience.reward.numpy(), experience.truncated.numpy()
    np.testing.assert_array_equal(stops[ended], reward[ended])
    assert (goes_on[ended] != reward[ended]).all()
    np.testing.assert_array_equal(stops[~ended], goes_on[~ended])


def test_a_double_target_judges_with_the_target_network_what_the_online_one_chose():
    h, random = with_(double=True, target_network="hard"), np.random.default_rng(2)
    online, target = (
        networks.glorot_uniform(tf.constant(KEYS[i : i + 1].T), (4, 4, 2)) for i in (0, 1)
    )
    experience = batch(random, seeds=1)
    y = dqn.td_target(learner(online, target), experience, tf.fill([1], 0.9), h)
    chosen = dqn.q_values(online, experience.next_observation, h).numpy().argmax(1)  # [B, N]
    judged = np.take_along_axis(
        dqn.q_values(target, experience.next_observation, h).numpy(), chosen[:, None], 1
    )[:, 0]
    runs = ~(experience.terminated.numpy() | experience.truncated.numpy())
    np.testing.assert_allclose(y, experience.reward.numpy() + runs * 0.9 * judged, rtol=1e-5)


@pytest.mark.parametrize(
    ("target_network", "expected"), [("none", 9.0), ("hard", 2.0), ("soft", 8.3)]
)
def test_a_target_network_follows_by_its_rule(target_network, expected):
    weights, old = ([tf.fill([1, 1, 1], x), tf.zeros([1, 1])] for x in (2.0, 9.0))
    state = optimizers.init(weights)._replace(step=tf.constant(2))  # the next step is the third
    h = with_(target_network=target_network, target_update_period=3, tau=0.1, hidden_sizes=())
    numbers = dqn.Numbers(*(tf.zeros([1]) for _ in dqn.Numbers._fields))
    one = tf.ones([1, 1])
    experience = replay_buffer.Transitions(
        one[None], tf.zeros([1, 1], tf.int32), one, one[None], one > 0, one < 0
    )
    after, *_ = dqn.update(dqn.Learner(weights, old, state), experience, numbers, h)
    np.testing.assert_allclose(after.target[0], expected, rtol=1e-6)


def test_a_dueling_network_exports_as_plain_q_values():
    h = with_(dueling=True)
    final = train(h).weights["final"]
    observations = np.random.default_rng(0).normal(size=(6, 4, 4)).astype(np.float32)
    q = dqn.q_values(final, tf.constant(observations), h).numpy()
    arrays = dqn.export(final, h)
    for seed in range(4):
        model = networks.to_keras(arrays, seed)
        np.testing.assert_allclose(
            model(observations[..., seed]).numpy(), q[..., seed], rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"target_network": "hard", "double": True, "loss": "huber"},
        {"target_network": "soft", "dueling": True, "gradient_steps": 3},
        {"optimizer": "sgd", "activation": "relu", "epsilon_unit": "steps", "epsilon_decay": 100},
        {"train_every": 2, "replay_capacity": 8},
    ],
    ids=str,
)
def test_every_variant_changes_the_training_and_stays_finite(changes):
    plain, changed = (train(h) for h in (TINY, with_(**changes)))
    assert all(np.isfinite(weight).all() for weight in changed.weights["final"])
    assert any(
        (a.shape != b.shape) or (a != b).any()
        for a, b in zip(plain.weights["final"], changed.weights["final"], strict=True)
    )
    assert changed.returns.shape == (12, 4)


def test_training_every_n_steps_counts_steps():
    h = with_(train_every=4, total_episodes=None, total_steps=80, learning_starts=20)
    trained = train(h)
    np.testing.assert_array_equal(trained.steps[:, 0], np.arange(4, 81, 4))
    np.testing.assert_array_equal(np.isnan(trained.losses[:, 0]), trained.steps[:, 0] <= 20)
    ended = ~np.isnan(trained.returns)
    assert ended.any(axis=0).all()
    assert (trained.returns[ended] <= 30).all()


def test_learning_starts_late_and_the_best_weights_are_those_that_played_the_best_episode():
    keys = KEYS[:2]
    trained = train(TINY, keys)
    learnt = ~np.isnan(trained.losses).all(axis=1)
    np.testing.assert_array_equal(learnt, np.arange(12) > TINY.learning_starts)
    latest = len(trained.returns) - 1 - trained.returns[::-1].argmax(axis=0)
    shorter = [train(with_(total_episodes=int(k)), keys) if k else None for k in latest]
    untrained = networks.glorot_uniform(streams.fold_in(tf.constant(keys.T), 0), (4, 4, 2))
    for seed, run in enumerate(shorter):  # the weights that played episode k are those after k
        before = run.weights["final"] if run else [weight.numpy() for weight in untrained]
        for best, expected in zip(trained.weights["best"], before, strict=True):
            np.testing.assert_allclose(best[..., seed], expected[..., seed], rtol=1e-5)


def test_two_trainings_are_the_same_bytes_and_a_seed_ignores_its_neighbours():
    other = KEYS.copy()
    other[0] = 1
    first, second, changed = (train(TINY, keys) for keys in (KEYS, KEYS, other))
    assert first.returns.tobytes() == second.returns.tobytes()
    assert first.losses.tobytes() == second.losses.tobytes()
    np.testing.assert_array_equal(first.returns[:, 1:], changed.returns[:, 1:])
    assert len({first.weights["final"][0][..., seed].tobytes() for seed in range(4)}) == 4
