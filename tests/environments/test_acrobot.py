"""The compiled Acrobot against Gymnasium's, step by step.

Gymnasium computes in float64. Each of a step's few dozen float32 operations errs by half a unit in
the last place, 2^-24 of its result. So the two may differ by the effect on Gymnasium's own step of
a state that is off by some 2^-24, and by the result's rounding. ROUNDINGS is the number: the
longest way through a stage of Runge-Kutta has about 16 operations. 6.3 is the worst seen.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from gymnasium.envs.classic_control.acrobot import AcrobotEnv

from reprise.environments.acrobot import Acrobot, sine_and_cosine_of_any
from reprise.nn.determinism import tf

Arrays = tuple[np.ndarray, ...]
HALF_UNIT = 2.0**-24
ROUNDINGS = 16
NUDGE = 1e-6  # of the states, to see how Gymnasium's step answers
FASTEST = np.array([np.pi, np.pi, 4 * np.pi, 9 * np.pi])


@cache
def stepping(compiled: bool) -> tf.Function:
    return tf.function(Acrobot().step, jit_compile=compiled, autograph=False)


def ours(states: np.ndarray, actions: np.ndarray, compiled: bool = True) -> Arrays:
    """Return next states [N, 4], rewards and terminations [N], one state a seed."""
    seeds = tf.constant(states.T, tf.float32), tf.constant(actions, tf.int32)
    following, reward, terminated = (x.numpy() for x in stepping(compiled)(*seeds))
    return following.T.astype(float), reward, terminated


def theirs(states: np.ndarray, actions: np.ndarray) -> Arrays:
    """Return next states [N, 4], rewards, terminations [N] and observations [N, 6]."""
    environment = AcrobotEnv()
    following = np.empty((len(states), 4))
    steps = []
    for n, (state, action) in enumerate(zip(states.astype(float), actions.tolist(), strict=True)):
        environment.state = state
        steps.append(environment.step(action))
        following[n] = environment.state
    observation, reward, terminated = (np.array([step[k] for step in steps]) for k in range(3))
    return following, reward, terminated, observation


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a - b [N, 4], of angles the shorter way round."""
    found = a - b
    found[:, :2] = (found[:, :2] + np.pi) % (2 * np.pi) - np.pi
    return np.abs(found)


def bound(states: np.ndarray, actions: np.ndarray, following: np.ndarray) -> np.ndarray:
    """Return how much float32 may differ from Gymnasium's next states, [N, 4]."""
    reach = np.abs(following)
    for k, nudge in enumerate(np.eye(4) * NUDGE):
        slope = difference(theirs(states + nudge, actions)[0], following) / NUDGE
        reach = reach + slope * np.maximum(1, np.abs(states[:, k : k + 1]))
    return ROUNDINGS * HALF_UNIT * reach


@pytest.mark.parametrize("action", [0, 1, 2])
def test_a_step_from_any_state_is_gymnasiums_within_float32(action: int):
    random = np.random.default_rng(action)
    some = [random.uniform(-1, 1, (500, 4)) * FASTEST * share for share in (1.0, 0.3)]
    states, actions = np.concatenate(some).astype(np.float32), np.full(1000, action)
    following, reward, terminated, observation = theirs(states, actions)
    allowed = bound(states, actions, following)
    # A state that rounding may carry over the bar, or back, may end in either.
    height = -np.cos(following[:, 0]) - np.cos(following[:, 0] + following[:, 1])
    clear = np.abs(height - 1) > 2 * allowed[:, 0] + allowed[:, 1] + 4 * HALF_UNIT
    assert clear.mean() > 0.998
    for compiled in (True, False):
        here, our_reward, our_end = ours(states, actions, compiled)
        assert (difference(here, following) <= allowed).all()
        seen = Acrobot().observe(tf.constant(here.T, tf.float32)).numpy().T
        rounding = 4 * HALF_UNIT * np.maximum(1, np.abs(observation))
        assert (np.abs(seen - observation) <= allowed[:, [0, 0, 1, 1, 2, 3]] + rounding).all()
        np.testing.assert_array_equal(our_end[clear], terminated[clear])
        np.testing.assert_array_equal(our_reward[clear], reward[clear])
        np.testing.assert_array_equal(our_reward, np.where(our_end, 0, -1))
        assert 0.05 < our_end.mean() < 0.95


@pytest.mark.parametrize(("tilt", "ends"), [(1e-3, True), (-1e-3, False)])
def test_an_episode_ends_when_the_free_end_is_a_links_length_above_the_bar(tilt, ends):
    # Both links in line are at the height of -2 cos(angle), which is 1 at a third of a turn.
    state = np.array([[2 * np.pi / 3 + tilt, 0, 0, 0]], np.float32)
    still = Acrobot(time_step=1e-6)
    _, reward, terminated = still.step(tf.constant(state.T), tf.constant([1]))
    assert (bool(terminated[0]), float(reward[0])) == (ends, 0.0 if ends else -1.0)


def test_sine_and_cosine_are_exact_to_float32_up_to_a_hundred_radians():
    angles = np.linspace(-100, 100, 400_001, dtype=np.float32)
    sine, cosine = sine_and_cosine_of_any(tf.constant(angles))
    np.testing.assert_allclose(sine, np.sin(angles.astype(float)), rtol=0, atol=1.2e-7)
    np.testing.assert_allclose(cosine, np.cos(angles.astype(float)), rtol=0, atol=1.2e-7)
