"""The compiled CartPole against Gymnasium's, step by step."""

import gymnasium
import numpy as np
import pytest

from reprise import seeds
from reprise.environments.cartpole import CartPole, sine_and_cosine
from reprise.nn.determinism import tf

STATE = np.array([0.01, -0.02, 0.03, -0.04], np.float32)


@pytest.mark.parametrize("compiled", [True, False])
def test_each_step_of_fifty_random_episodes_is_gymnasiums_within_float32(compiled):
    step = tf.function(CartPole().step, jit_compile=compiled, autograph=False)
    real = gymnasium.make("CartPole-v1", max_episode_steps=200)
    random = np.random.default_rng(0)
    for seed in range(50):
        observation, _ = real.reset(seed=seed)
        ended = False
        while not ended:
            action = int(random.integers(2))
            ours, reward, fell = step(tf.constant(observation[:, None]), tf.constant([action]))
            observation, their_reward, terminated, truncated, _ = real.step(action)
            np.testing.assert_allclose(ours.numpy()[:, 0], observation, rtol=2e-6, atol=2e-7)
            assert (float(reward[0]), bool(fell[0])) == (their_reward, terminated)
            ended = terminated or truncated


@pytest.mark.parametrize(
    ("place", "value", "falls"),
    [(0, 2.41, True), (0, -2.41, True), (0, 2.39, False), (2, 0.2096, True), (2, 0.2, False)],
)
def test_an_episode_ends_beyond_the_track_or_twelve_degrees(place, value, falls):
    state = np.zeros((4, 1), np.float32)
    state[place] = value
    assert bool(CartPole().step(tf.constant(state), tf.constant([0]))[2][0]) is falls


def test_initial_states_lie_within_a_twentieth_and_differ_between_seeds_and_episodes():
    keys = tf.constant(seeds.training_keys(1, "test", range(4)).T)
    states = CartPole().reset(keys, (100,)).numpy()
    assert states.shape == (100, 4, 4)
    assert np.abs(states).max() <= 0.05
    assert np.abs(states).max() > 0.049
    assert len(np.unique(states)) == states.size


def test_sine_and_cosine_are_exact_to_float32_within_half_a_radian():
    angles = np.linspace(-0.5, 0.5, 10_001, dtype=np.float32)
    sine, cosine = (x.numpy() for x in sine_and_cosine(tf.constant(angles)))
    np.testing.assert_allclose(sine, np.sin(angles.astype(float)), rtol=2.5e-7)
    np.testing.assert_allclose(cosine, np.cos(angles.astype(float)), rtol=1.5e-7)
