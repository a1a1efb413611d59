"""Sensors: what is shown in compiled training is what is shown in Gymnasium."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.wrappers import FrameStackObservation, TransformObservation

from reprise import seeds
from reprise.environments.cartpole import CartPole
from reprise.environments.rollout import evaluate
from reprise.environments.sensors import Sensed, Sensing, Sensors
from reprise.nn.determinism import tf

PLAIN = Sensors((0, 2), (0.0, 0.0), 3)
RATES = PLAIN._replace(frequency=50.0, history=2)
NOISY = Sensors((2, 1), (0.1, 0.5), 2)
KEYS = tf.constant(seeds.training_keys(1, "test", range(3)).T)
NOTHING = tf.zeros([0, 3])


def played(sensors: Sensors, steps: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the true observations [O, N] of some steps and what sensors show of them."""
    environment = Sensed(CartPole(), sensors)
    state = environment.reset(KEYS)
    random = np.random.default_rng(0)
    true, shown = [], []
    for _ in range(steps + 1):
        true.append(CartPole().observe(state[:4]).numpy())
        shown.append(environment.observe(state).numpy())
        action = tf.constant(random.integers(2, size=3), tf.int32)
        errors = tf.constant(random.random((environment.draws, 3)), tf.float32)
        state = environment.step(state, action, errors)[0]
    return true, shown


def test_the_latest_measurements_come_first_and_the_first_fills_all_places():
    true, shown = played(PLAIN, 4)
    seen = [observation[[0, 2]] for observation in true]
    for t, here in enumerate(shown):
        places = [seen[max(t - back, 0)] for back in range(3)]
        np.testing.assert_array_equal(here, np.concatenate(places))


def test_rates_of_change_are_the_hidden_velocities():
    true, shown = played(RATES, 4)
    np.testing.assert_array_equal(shown[0][2:], 0)
    for before, here in zip(true[:-1], shown[1:], strict=True):
        np.testing.assert_allclose(here[2:], before[[1, 3]], atol=2e-5)


def test_errors_are_uniform_within_their_bound_and_differ_between_seeds_and_steps():
    environment, places = Sensed(CartPole(), NOISY), list(NOISY.features)
    first = environment.reset(KEYS, (500,))
    errors = tf.constant(np.random.default_rng(0).random((500, 2, 3)), tf.float32)
    second = environment.step(first, tf.zeros([500, 3], tf.int32), errors)[0]
    for state in (first, second):
        wrong = environment.observe(state).numpy()[:, :2] - state.numpy()[:, places]
        for place, bound in enumerate(NOISY.noise):
            here = wrong[:, place]
            assert 0.98 * bound < np.abs(here).max() <= bound * 1.00001
            assert abs(here.mean()) < 0.1 * bound
            assert here.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)
            assert len(np.unique(here)) > 1400  # of 1500
    kept = environment.observe(second)[:, 2:]  # a measurement keeps its error
    np.testing.assert_array_equal(kept, environment.observe(first)[:, :2])


def test_the_environment_behind_the_sensors_is_unchanged():
    environment, state = Sensed(CartPole(), PLAIN), CartPole().reset(KEYS)
    through = environment.reset(KEYS)
    np.testing.assert_array_equal(through[:4], state)
    ended = False
    while not ended:
        action = tf.ones([3], tf.int32)
        state, reward, fell = CartPole().step(state, action)
        through, their_reward, their_fell = environment.step(through, action, NOTHING)
        np.testing.assert_array_equal(through[:4], state)
        np.testing.assert_array_equal(reward, their_reward)
        np.testing.assert_array_equal(fell, their_fell)
        ended = bool(fell[0])


def test_a_policy_in_gymnasium_sees_what_gymnasiums_own_wrappers_show():
    seen: list[np.ndarray] = []

    def act(observations, step):
        seen.append(observations[0, :, 0])
        return np.array([[step % 2]])

    evaluate(Sensing(act, PLAIN, np.random.default_rng(0)), "CartPole-v1", [5], 1, [20])
    wrapped = FrameStackObservation(
        TransformObservation(
            gymnasium.make("CartPole-v1"), lambda o: o[[0, 2]], Box(-9, 9, (2,), np.float32)
        ),
        PLAIN.history, padding_type="reset",
    )  # fmt: skip
    observation = wrapped.reset(seed=5)[0]
    for step, here in enumerate(seen):
        np.testing.assert_array_equal(here, np.flip(observation, 0).ravel())
        observation = wrapped.step(step % 2)[0]
    assert len(seen) == 20


def test_a_new_episode_in_gymnasium_forgets_the_last():
    seen = []
    sensing = Sensing(
        lambda o, _: seen.append(o) or np.zeros((1, 1), int), PLAIN, np.random.default_rng(0)
    )
    for step, value in ((0, 1.0), (1, 2.0), (0, 3.0)):
        sensing(np.full((1, 4, 1), value, np.float32), step)
    assert seen[1][0, :, 0].tolist() == [2, 2, 1, 1, 1, 1]
    assert seen[2][0, :, 0].tolist() == [3] * 6
