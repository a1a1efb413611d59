"""The compiled CartPole against Gymnasium's: whole episodes, under three policies.

Gymnasium plays, in float64, and its actions are recorded. Each of our steps begins anew from its
state, rounded to float32: two states that differ by rounding part by a factor of ten in 30 steps.

The rounding of a step is half a unit in the last place, 2^-24, of the state handed over and of the
result; and for speeds that of some dozen operations on terms up to 16 m/s^2 or rad/s^2, which enter
times 0.02 s: 4 half units of 1.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from gymnasium.envs.classic_control.cartpole import CartPoleEnv

from reprise import policies, seeds
from reprise.environments.cartpole import CartPole, sine_and_cosine
from reprise.nn.determinism import tf

EPISODES, LIMIT = 300, 500
HALF_UNIT = 2.0**-24
CARTPOLE = CartPole()
BOUNDS = np.array([CARTPOLE.position_limit, CARTPOLE.angle_limit])
KEYS = seeds.training_keys(1, "parity", range(1))
START = CARTPOLE.reset(tf.constant(KEYS.T), (EPISODES,)).numpy()[..., 0]  # [E, 4]


class Played(NamedTuple):
    """Gymnasium's episodes; T is the longest."""

    states: np.ndarray  # [T + 1, E, 4]
    actions: np.ndarray  # [T, E]
    rewards: np.ndarray  # [T, E]
    terminated: np.ndarray  # [T, E]
    lengths: np.ndarray  # [E]

    @property
    def played(self) -> np.ndarray:
        """Return which steps were, [T, E]."""
        return np.arange(len(self.actions))[:, None] < self.lengths


@cache
def played(name: str) -> Played:
    act = {
        "random": policies.chance(seeds.generator(1, "parity").random((LIMIT, EPISODES, 1))),
        "angle": policies.playing(policies.angle),
        "angle and velocity": policies.playing(policies.angle_and_velocity),
    }[name]
    environments = [CartPoleEnv() for _ in range(EPISODES)]
    state = START.astype(float)
    for environment, start in zip(environments, state, strict=True):
        environment.reset()
        environment.state = start
    running, lengths = np.ones(EPISODES, bool), np.full(EPISODES, LIMIT)
    states, steps = [state], []
    while running.any() and len(steps) < LIMIT:
        actions = act(state.astype(np.float32)[..., None], len(steps))[:, 0]
        state, reward, ended = state.copy(), np.zeros(EPISODES), np.zeros(EPISODES, bool)
        for e in np.flatnonzero(running):
            _, reward[e], ended[e], *_ = environments[e].step(int(actions[e]))
            state[e] = environments[e].state
        states.append(state)
        steps.append((actions, reward, ended))
        lengths[ended] = len(steps)
        running &= ~ended
    actions, rewards, terminated = (np.stack(x) for x in zip(*steps, strict=True))
    return Played(np.stack(states), actions, rewards, terminated, lengths)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("name", "shortest", "longest"),
    [("random", 15, 30), ("angle", 35, 50), ("angle and velocity", 150, 500)],
)
def test_every_step_of_hundreds_of_episodes_is_gymnasiums(name, shortest, longest, compiled):
    them = played(name)
    assert shortest < them.lengths.mean() <= longest
    which = them.played
    following = them.states[1:][which]  # [N, 4]
    step = tf.function(CARTPOLE.step, jit_compile=compiled, autograph=False)
    before = tf.constant(them.states[:-1][which].T, tf.float32)
    actions = tf.constant(them.actions[which], tf.int32)
    here, reward, fell = (x.numpy() for x in step(before, actions))
    error = HALF_UNIT * (2 * np.abs(following) + 4)
    assert (np.abs(here.T - following) <= error).all()
    np.testing.assert_array_equal(reward, them.rewards[which])
    distance = np.abs(np.abs(following[:, [0, 2]]) - BOUNDS)
    undecided = np.any(distance <= error[:, [0, 2]], axis=1)  # by the error
    assert undecided.sum() <= 2
    np.testing.assert_array_equal(fell[~undecided], them.terminated[which][~undecided])
    # An episode lasts until the first step that ours ends.
    ends = np.zeros(which.shape, bool)
    ends[which] = np.where(undecided, them.terminated[which], fell)
    lengths = np.where(ends.any(axis=0), ends.argmax(axis=0) + 1, LIMIT)
    np.testing.assert_array_equal(lengths, them.lengths)


def test_sine_and_cosine_are_exact_to_float32_within_half_a_radian():
    angles = np.linspace(-0.5, 0.5, 10_001, dtype=np.float32)
    sine, cosine = (x.numpy() for x in sine_and_cosine(tf.constant(angles)))
    np.testing.assert_allclose(sine, np.sin(angles.astype(float)), rtol=2.5e-7)
    np.testing.assert_allclose(cosine, np.cos(angles.astype(float)), rtol=1.5e-7)
