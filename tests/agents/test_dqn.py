"""DQN over lanes: its equations against plain ones, every variant, and lanes against each other."""

import numpy as np
import pytest
from pydantic import ValidationError

from reprise import seeds
from reprise.agents import dqn, q_networks
from reprise.environments.cartpole import CartPole
from reprise.nn import networks, optimizers, replay_buffer, streams
from reprise.nn.determinism import tf

TINY = dqn.Hyperparameters(
    hidden_sizes=(4,), activation="elu", dueling=False, length=12, length_unit="episodes",
    maximum_steps=30, epsilon_start=1.0, epsilon_end=0.01, epsilon_decay=10,
    epsilon_unit="episodes",
    train_every=1, train_unit="episodes", learning_start=3, gradient_steps=1, replay_capacity=64,
    batch_size=4, optimiser="nadam", learning_rate=0.01, loss="mse", discount=0.95,
    bootstrap_at_truncation=False, double=False, target_network="none", target_every=3,
    target_rate=0.1,
)  # fmt: skip
KEYS = seeds.lane_keys(42, "training", range(4))


def with_(**changes) -> dqn.Hyperparameters:
    """Return the tiny hyperparameters with some changed."""
    return dqn.Hyperparameters(**{**TINY.model_dump(), **changes})


def batch(random, lanes=3, size=8) -> replay_buffer.Transitions:
    """Return random transitions, some terminated and others truncated."""
    ends = random.random((size, lanes))
    return replay_buffer.Transitions(
        tf.constant(random.normal(size=(size, 4, lanes)), tf.float32),
        tf.constant(random.integers(2, size=(size, lanes)), tf.int32),
        tf.constant(random.normal(size=(size, lanes)), tf.float32),
        tf.constant(random.normal(size=(size, 4, lanes)), tf.float32),
        tf.constant(ends < 0.3), tf.constant(ends > 0.8),
    )  # fmt: skip


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_gradients_are_those_of_the_chapters_training_step(loss):
    h, random = with_(loss=loss), np.random.default_rng(0)
    weights = networks.glorot_uniform(tf.constant(KEYS[:3].T), (4, 4, 2))
    learner, experience = (
        q_networks.Learner(weights, weights, optimizers.initial(weights)),
        batch(random),
    )
    *ours, losses, _ = tf.function(q_networks.gradients, jit_compile=True, autograph=False)(
        learner, experience, dqn.numbers_of([h] * 3), h
    )
    arrays = networks.to_arrays(weights, "elu", "linear")
    function = {"mse": tf.keras.losses.MeanSquaredError(), "huber": tf.keras.losses.Huber()}[loss]
    for lane in range(3):
        model = networks.to_keras(arrays, lane)
        state, action, reward, following, terminated, truncated = (
            field[..., lane] for field in experience
        )
        runs = 1.0 - tf.cast(terminated | truncated, tf.float32)
        target = reward + runs * 0.95 * tf.reduce_max(model(following), axis=1)
        with tf.GradientTape() as tape:
            q = tf.reduce_sum(model(state) * tf.one_hot(action, 2), axis=1, keepdims=True)
            value = function(target[:, None], q)
        theirs = tape.gradient(value, model.trainable_variables)
        np.testing.assert_allclose(losses[lane], value, rtol=1e-4)
        for mine, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine.numpy()[..., lane].T, expected, rtol=1e-3, atol=1e-5)


def test_a_target_bootstraps_at_truncation_only_if_asked_to():
    random = np.random.default_rng(1)
    weights = networks.glorot_uniform(tf.constant(KEYS[:3].T), (4, 4, 2))
    learner, experience = (
        q_networks.Learner(weights, weights, optimizers.initial(weights)),
        batch(random),
    )
    stops = q_networks.targets(learner, experience, tf.fill([3], 0.95), TINY).numpy()
    goes_on = q_networks.targets(
        learner, experience, tf.fill([3], 0.95), with_(bootstrap_at_truncation=True)
    ).numpy()
    reward, ended = experience.reward.numpy(), experience.truncated.numpy()
    np.testing.assert_array_equal(stops[ended], reward[ended])
    assert (goes_on[ended] != reward[ended]).all()
    np.testing.assert_array_equal(stops[~ended], goes_on[~ended])


def test_a_double_target_judges_with_the_target_network_what_the_online_one_chose():
    h, random = with_(double=True, target_network="hard"), np.random.default_rng(2)
    online, target = (
        networks.glorot_uniform(tf.constant(KEYS[i : i + 1].T), (4, 4, 2)) for i in (0, 1)
    )
    experience = batch(random, lanes=1)
    y = q_networks.targets(
        q_networks.Learner(online, target, optimizers.initial(online)),
        experience,
        tf.fill([1], 0.9),
        h,
    )
    chosen = q_networks.q_values(online, experience.following, h).numpy().argmax(1)  # [B, L]
    judged = np.take_along_axis(
        q_networks.q_values(target, experience.following, h).numpy(), chosen[:, None], 1
    )[:, 0]
    runs = ~(experience.terminated.numpy() | experience.truncated.numpy())
    np.testing.assert_allclose(y, experience.reward.numpy() + runs * 0.9 * judged, rtol=1e-5)


def test_a_dueling_network_exports_as_plain_q_values():
    h = with_(dueling=True)
    trained = dqn.train(h, CartPole(), KEYS)
    observations = np.random.default_rng(0).normal(size=(6, 4, 4)).astype(np.float32)
    q = q_networks.q_values(trained.final, tf.constant(observations), h).numpy()
    arrays = dqn.export(trained.final, h)
    for lane in range(4):
        model = networks.to_keras(arrays, lane)
        np.testing.assert_allclose(
            model(observations[..., lane]).numpy(), q[..., lane], rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"target_network": "hard"}, {"target_network": "soft"}, {"double": True, "target_network":
        "soft"}, {"dueling": True}, {"gradient_steps": 3}, {"loss": "huber"}, {"optimiser": "sgd",
        "activation": "relu"}, {"epsilon_unit": "steps", "epsilon_decay": 100}, {"train_every": 2},
        {"replay_capacity": 8},
    ],
    ids=str,
)  # fmt: skip
def test_every_variant_changes_the_training_and_stays_finite(changes):
    plain, changed = (dqn.train(h, CartPole(), KEYS) for h in (TINY, with_(**changes)))
    assert all(np.isfinite(weight).all() for weight in changed.final)
    assert any(
        (a.shape != b.shape) or (a != b).any()
        for a, b in zip(plain.final, changed.final, strict=True)
    )
    assert changed.returns.shape == (12, 4)


def test_learning_starts_after_the_episode_that_params_name():
    trained = dqn.train(TINY, CartPole(), KEYS)
    np.testing.assert_array_equal(np.isnan(trained.losses).all(axis=1), np.arange(12) <= 3)


def test_training_every_n_steps_counts_steps():
    h = with_(train_unit="steps", train_every=4, length=80, length_unit="steps", learning_start=20)
    trained = dqn.train(h, CartPole(), KEYS)
    np.testing.assert_array_equal(trained.steps[:, 0], np.arange(4, 81, 4))
    np.testing.assert_array_equal(np.isnan(trained.losses[:, 0]), trained.steps[:, 0] <= 20)
    ended = ~np.isnan(trained.returns)
    assert ended.any(axis=0).all()
    assert (trained.returns[ended] <= 30).all()


def test_a_length_in_episodes_with_training_by_steps_plays_that_many_in_every_lane():
    h = with_(train_unit="steps", train_every=1, length=5, learning_start=10)
    trained = dqn.train(h, CartPole(), KEYS)
    np.testing.assert_array_equal((~np.isnan(trained.returns)).sum(axis=0), 5)


def test_a_length_in_steps_with_training_by_episodes_ends_with_the_episode_that_passes_it():
    trained = dqn.train(with_(length=100, length_unit="steps"), CartPole(), KEYS)
    played = np.nansum(trained.returns, axis=0)
    np.testing.assert_array_equal(played, trained.steps[-1])
    last = [lane[~np.isnan(lane)][-1] for lane in trained.returns.T]
    assert ((played >= 100) & (played - last < 100)).all()


def test_an_epsilon_of_one_never_asks_the_network():
    random = with_(epsilon_end=1.0)
    a, b = (
        dqn.train(h, CartPole(), KEYS) for h in (random, with_(epsilon_end=1.0, learning_rate=0.1))
    )
    np.testing.assert_array_equal(a.returns, b.returns)


def test_the_best_weights_are_those_that_played_the_best_episode():
    trained = dqn.train(TINY, CartPole(), KEYS)
    latest = len(trained.returns) - 1 - trained.returns[::-1].argmax(axis=0)
    np.testing.assert_array_equal(trained.best_round, latest)
    before_learning = trained.best_round <= 3
    untrained = networks.glorot_uniform(streams.fold(tf.constant(KEYS.T), 0), (4, 4, 2))
    for lane in np.flatnonzero(before_learning):
        np.testing.assert_allclose(
            trained.best[0][..., lane], untrained[0].numpy()[..., lane], rtol=1e-6
        )


def test_two_trainings_are_the_same_bytes_and_a_lane_ignores_its_neighbours():
    other = KEYS.copy()
    other[0] = 1
    first, second, changed = (dqn.train(TINY, CartPole(), keys) for keys in (KEYS, KEYS, other))
    assert first.returns.tobytes() == second.returns.tobytes()
    assert first.losses.tobytes() == second.losses.tobytes()
    np.testing.assert_array_equal(first.returns[:, 1:], changed.returns[:, 1:])
    assert len({first.final[0][..., lane].tobytes() for lane in range(4)}) == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 65}, "batch_size is 65; allowed: at most replay_capacity, 64"),
        (
            {"epsilon_end": 0.5, "epsilon_start": 0.1},
            "epsilon_end is 0.5; allowed: at most epsilon_start, 0.1",
        ),
        ({"double": True}, "double is true; allowed: only with a target_network"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        with_(**changes)
