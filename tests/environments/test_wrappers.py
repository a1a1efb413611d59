"""Wrappers of compiled environments: what training sees is what a policy sees in Gymnasium."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.wrappers import FrameStackObservation, TransformObservation

from reprise import seeds
from reprise.environments.cartpole import CartPole
from reprise.environments.rollout import evaluate
from reprise.environments.wrappers import (
    FEATURES,
    SCALES,
    Featured,
    Sensed,
    Sensors,
    Shaped,
    features,
    through_features,
    through_sensors,
)
from reprise.nn.determinism import tf

EVEN = FEATURES[4:]  # the same in a mirror
PLACES = [0, 2]  # of position and angle
EXACT = [0.0] * 4
PLAIN = Sensors.of(PLACES, EXACT, 3)
RATES = Sensors.of(PLACES, EXACT, 2, frequency=50.0)
NOISY = Sensors.of([1, 2], [9.0, 0.5, 0.1, 9.0], 2)
KEYS = tf.constant(seeds.training_keys(1, "test", range(3)).T)
NOTHING = tf.zeros([0, 3])
RANDOM = np.random.default_rng(0)
OBSERVATIONS = (RANDOM.uniform(-1.2, 1.2, (50, 4, 3)) * np.array(SCALES)[:, None]).astype("f4")


@pytest.mark.parametrize("penalty", [0.0, 5.0])
def test_the_penalty_is_proportional_to_the_angle_after_the_step(penalty: float):
    state, action = CartPole().reset(KEYS), tf.constant([0, 1, 0])
    following, reward, _ = CartPole().step(state, action)
    charged = Shaped(penalty=penalty).step(state, action, NOTHING)[1]
    np.testing.assert_allclose(charged, reward - penalty * np.abs(following[2]), rtol=1e-6)


@pytest.mark.parametrize(
    ("wrapped", "size"),
    [(Shaped(penalty=0.0), 4), (Featured(chosen=EVEN), 6), (Sensed.by(PLAIN), 16)],
)
def test_the_environment_behind_a_wrapper_is_unchanged(wrapped, size):
    assert (wrapped.observation_size, wrapped.actions, wrapped.draws) == (size, 2, 0)
    state, through = CartPole().reset(KEYS), wrapped.reset(KEYS)
    np.testing.assert_array_equal(through[:4], state)
    for _ in range(15):  # to the right until all have fallen
        state, *rest = CartPole().step(state, tf.ones([3], tf.int32))
        through, *same = wrapped.step(through, tf.ones([3], tf.int32), NOTHING)
        for ours, theirs in zip((through[:4], *same), (state, *rest), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert rest[1].numpy().all()


def test_the_features_of_a_state_are_those_computed_by_hand():
    state = np.array([1.2, -0.6, 0.1 * SCALES[2], 0.5 * SCALES[3]], np.float32)[:, None]
    expected = [0.5, -0.25, 0.1, 0.5, 0.25, 0.0625, 0.01, 0.25, -0.125, 0.05]
    found = features(tf.constant(state), FEATURES).numpy()[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    chosen = features(tf.constant(state), ("angle_squared", "position")).numpy()[:, 0]
    np.testing.assert_array_equal(chosen, found[[6, 0]])
    assert np.abs(features(tf.constant(100 * OBSERVATIONS), FEATURES).numpy()).max() == 1.0


def test_a_policy_in_gymnasium_sees_the_features_that_it_saw_in_training():
    seen = []
    act = through_features(lambda found, step: seen.append((found, step)) or "actions", EVEN)  # pyright: ignore
    assert act(OBSERVATIONS, 7) == "actions"
    trained_on = Featured(chosen=EVEN).observe(tf.constant(OBSERVATIONS)).numpy()
    np.testing.assert_allclose(seen[0][0], trained_on, rtol=1e-6)
    assert seen[0][1] == 7


def played(sensors: Sensors, steps: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the true observations [O, N] of some steps and what sensors show of them."""
    environment = Sensed.by(sensors)
    state = environment.reset(KEYS)
    true, shown = [], []
    for step in range(steps + 1):
        true.append(CartPole().observe(state[:4]).numpy())
        shown.append(environment.observe(state).numpy())
        state = environment.step(state, tf.constant([step % 2, 0, 1]), NOTHING)[0]
    return true, shown


def test_the_latest_measurements_come_first_and_the_first_fills_all_places():
    true, shown = played(PLAIN, 4)
    hidden = np.array([[1], [0], [1], [0]])
    for t, here in enumerate(shown):
        places = [hidden * true[max(t - back, 0)] for back in range(3)]
        np.testing.assert_array_equal(here, np.concatenate([*places, np.zeros((4, 3))]))


def test_rates_of_change_are_the_hidden_velocities():
    true, shown = played(RATES, 4)
    np.testing.assert_array_equal(shown[0][4:], 0)
    for before, here in zip(true[:-1], shown[1:], strict=True):
        np.testing.assert_allclose(here[[4, 6]], before[[1, 3]], atol=2e-5)
        np.testing.assert_array_equal(here[[5, 7]], 0)


def test_errors_are_uniform_within_their_bound_and_differ_between_seeds_and_steps():
    environment, places = Sensed.by(NOISY), [1, 2]
    first = environment.reset(KEYS, (500,))
    errors = tf.constant(np.random.default_rng(0).random((500, 4, 3)), tf.float32)
    second = environment.step(first, tf.zeros([500, 3], tf.int32), errors)[0]
    for state in (first, second):
        wrong = environment.observe(state).numpy()[:, places] - state.numpy()[:, places]
        for place, bound in enumerate((0.5, 0.1)):
            here = wrong[:, place]
            assert 0.98 * bound < np.abs(here).max() <= bound * 1.00001
            assert abs(here.mean()) < 0.1 * bound
            assert here.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)
            assert len(np.unique(here)) > 1400  # of 1500
    kept = environment.observe(second)[:, 4:]  # a measurement keeps its error
    np.testing.assert_array_equal(kept, environment.observe(first)[:, :4])
    assert not environment.observe(second).numpy()[:, [0, 3, 4, 7]].any()  # hidden


def test_a_policy_in_gymnasium_sees_what_gymnasiums_own_wrappers_show():
    seen: list[np.ndarray] = []

    def act(observations, step):
        seen.append(observations[0, :, 0])
        return np.array([[step % 2]])

    sensing = through_sensors(act, PLAIN, np.random.default_rng(0))
    evaluate(sensing, "CartPole-v1", [8], 1, [20])
    seen.clear()
    evaluate(sensing, "CartPole-v1", [5], 1, [20])  # a new episode forgets the last
    space, cart = Box(-9, 9, (2,), np.float32), gymnasium.make("CartPole-v1")
    partial = TransformObservation(cart, lambda o: o[[0, 2]], space)
    wrapped = FrameStackObservation(partial, 3, padding_type="reset")
    observation = wrapped.reset(seed=5)[0]
    for step, here in enumerate(seen):
        measured = here.reshape(4, 4)  # the last is hidden, as it only makes their number even
        np.testing.assert_array_equal(measured[:3, PLACES], np.flip(observation, 0))
        observation = wrapped.step(step % 2)[0]
    assert len(seen) == 20
