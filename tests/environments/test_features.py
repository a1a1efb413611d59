"""Features of CartPole: their values, their mirror, and the same ones in Gymnasium."""

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import dqn
from reprise.environments.cartpole import CartPole
from reprise.environments.features import FEATURES, SCALES, Featured, features, through_features
from reprise.nn import networks, streams
from reprise.nn.determinism import tf

ODD = FEATURES[:4]
EVEN = FEATURES[4:]
LINEAR = dqn.Hyperparameters(
    hidden_sizes=(), activation="linear", dueling=False, total_episodes=None, total_steps=6,
    maximum_steps=30, epsilon_start=0.0, epsilon_end=0.0, epsilon_decay=10,
    epsilon_unit="episodes", train_every=1, learning_starts=0, gradient_steps=1,
    replay_capacity=1, batch_size=1, optimizer="sgd", learning_rate=0.02, loss="mse", discount=0.9,
    bootstrap_at_truncation=False, double=False, target_network="none", target_update_period=3,
    tau=0.1,
)  # fmt: skip


def observations(size: int = 50, seeds: int = 3) -> np.ndarray:
    """Return observations [E, O, N] as they occur in episodes."""
    random = np.random.default_rng(0)
    return (
        random.uniform(-1.2, 1.2, (size, 4, seeds)) * np.array(SCALES)[:, None]
    ).astype(np.float32)  # fmt: skip


def test_the_features_of_a_state_are_those_computed_by_hand():
    state = np.array([1.2, -0.6, 0.1 * SCALES[2], 0.5 * SCALES[3]], np.float32)[:, None]
    expected = [0.5, -0.25, 0.1, 0.5, 0.25, 0.0625, 0.01, 0.25, -0.125, 0.05]
    found = features(tf.constant(state), FEATURES).numpy()[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_no_feature_exceeds_one():
    found = features(tf.constant(100 * observations()), FEATURES).numpy()
    assert np.abs(found).max() == 1.0


def test_in_a_mirror_the_observed_change_their_sign_and_the_products_do_not():
    seen = tf.constant(observations())
    for names, sign in ((ODD, -1), (EVEN, 1)):
        here, mirrored = features(seen, names).numpy(), features(-seen, names).numpy()
        np.testing.assert_array_equal(mirrored, sign * here)
        assert (here != 0).all()


def test_features_come_in_the_order_they_are_named_in():
    chosen = ("angle_squared", "position")
    every = features(tf.constant(observations()), FEATURES).numpy()
    found = features(tf.constant(observations()), chosen).numpy()
    np.testing.assert_array_equal(found, every[:, [FEATURES.index(name) for name in chosen]])


def test_only_what_is_observed_differs_from_the_environment():
    cartpole, featured = CartPole(), Featured(CartPole(), EVEN)
    keys = tf.constant(seeds.training_keys(1, "test", range(3)).T)
    state = cartpole.reset(keys)
    np.testing.assert_array_equal(featured.reset(keys), state)
    assert (featured.observation_size, featured.actions, featured.draws) == (6, 2, 0)
    nothing = tf.zeros([0, 3])
    for ours, theirs in zip(
        featured.step(state, tf.constant([0, 1, 1]), nothing),
        cartpole.step(state, tf.constant([0, 1, 1]), nothing),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(featured.observe(state), features(state, EVEN))


@pytest.mark.parametrize("chosen", [ODD, EVEN, FEATURES], ids=len)
def test_a_policy_in_gymnasium_sees_what_it_saw_in_training(chosen):
    seen = []

    def act(found: np.ndarray, step: int) -> np.ndarray:
        seen.append((found, step))
        return np.zeros((50, 3), int)

    actions = through_features(act, chosen)(observations(), 7)
    trained_on = Featured(CartPole(), chosen).observe(tf.constant(observations())).numpy()
    np.testing.assert_allclose(seen[0][0], trained_on, rtol=1e-6)
    assert (seen[0][1], actions.shape) == (7, (50, 3))


def test_learning_from_each_step_is_the_textbooks_semi_gradient_update():
    """Play greedily without an end, and follow the weights in plain NumPy."""
    keys, rate = seeds.training_keys(3, "test", range(1)), LINEAR.learning_rate
    environment = Featured(CartPole(), FEATURES)
    key = tf.constant(keys.T, tf.uint32)
    kernel, bias = networks.glorot_uniform(streams.fold_in(key, 0), (10, 2))
    w = np.concatenate([kernel.numpy()[..., 0], bias.numpy()], axis=1)  # [A, F + 1]
    state = environment.reset(streams.fold_in(key, 2))

    def phi(state):
        return np.append(environment.observe(state).numpy()[:, 0], 1.0)

    for _ in range(6):
        action = int(np.argmax(w @ phi(state)))
        following, reward, terminated = CartPole().step(state, tf.constant([action]))
        assert not terminated.numpy()[0]
        target = reward.numpy()[0] + LINEAR.discount * (w @ phi(following)).max()
        w[action] += 2 * rate * (target - w[action] @ phi(state)) * phi(state)
        state = following
    trained = dqn.train(LINEAR, environment, keys)
    assert trained.steps[-1, 0] == 6
    np.testing.assert_allclose(trained.weights["final"][0][..., 0], w[:, :-1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(trained.weights["final"][1][:, 0], w[:, -1], rtol=1e-4, atol=1e-6)
