"""Whole episodes of the compiled CartPole against Gymnasium's, under three policies.

Gymnasium plays, in float64, and its actions are recorded; both begin from the same states.

Each step begins anew from Gymnasium's state, rounded to float32, so that what is compared is exact
for every step of every episode, however long. Left alone, two states that differ by rounding part
as the pole falls: by sqrt(g / (l (4/3 - m_p / m))) = 4 per second for an upright one, which is 8%
a step, a factor of ten in 30 steps and of 10^16 in 500. So the free run is compared, with a bound
that grows so, under policies with short episodes; a trained one's outlast it.

The rounding of a step is half a unit in the last place, 2^-24, of the state handed over and of the
result; and for speeds that of some dozen operations on terms up to 16 m/s^2 or rad/s^2, which enter
times 0.02 s: 4 half units of 1.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.classic_control.cartpole import CartPoleEnv

from reprise import policies, seeds
from reprise.agents import reinforce
from reprise.environments.cartpole import CartPole
from reprise.environments.rollout import Act
from reprise.nn.determinism import tf

EPISODES, LIMIT = 1000, 500
HALF_UNIT = 2.0**-24
GROWTH = 1.09
CARTPOLE = CartPole()
BOUNDS = np.array([CARTPOLE.physics.position_limit, CARTPOLE.physics.angle_limit])


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


def initial_states() -> np.ndarray:
    """Return float32 [E, 4]."""
    keys = seeds.training_keys(1, "parity", range(1))
    return CARTPOLE.reset(tf.constant(keys.T), (EPISODES,)).numpy()[..., 0]


def trained() -> Act:
    """Return the greedy policy of the best of four short trainings."""
    h = reinforce.Hyperparameters(
        hidden_sizes=(5,), activation="relu", iterations=60, episodes_per_iteration=10,
        maximum_steps=200, behaviour="sampled", credit="advantage", discount=0.95,
        optimizer="nadam", learning_rate=0.01,
    )  # fmt: skip
    found = reinforce.train(h, CARTPOLE, seeds.training_keys(42, "training", range(4)))
    best = int(found.returns[-5:].mean(axis=0).argmax())
    return reinforce.policy([weight[..., best : best + 1] for weight in found.weights["final"]], h)


@cache
def played(name: str) -> Played:
    act = {
        "random": lambda: policies.chance(
            seeds.generator(1, "parity").random((LIMIT, EPISODES, 1))
        ),
        "angle": lambda: policies.playing(policies.angle),
        "trained": trained,
    }[name]()  # fmt: skip
    environments = [gymnasium.make("CartPole-v1").unwrapped for _ in range(EPISODES)]
    state = initial_states().astype(float)
    for environment, start in zip(environments, state, strict=True):
        assert isinstance(environment, CartPoleEnv)
        environment.reset()
        environment.state = start
    running, lengths = np.ones(EPISODES, bool), np.full(EPISODES, LIMIT)
    states, steps = [state], []
    while running.any() and len(steps) < LIMIT:
        actions = act(state.astype(np.float32)[..., None], len(steps))[:, 0]
        state, reward, ended = state.copy(), np.zeros(EPISODES), np.zeros(EPISODES, bool)
        for e in np.flatnonzero(running):
            _, reward[e], ended[e], *_ = environments[e].step(int(actions[e]))
            state[e] = environments[e].state  # pyright: ignore[reportAttributeAccessIssue]
        states.append(state)
        steps.append((actions, reward, ended))
        lengths[ended] = len(steps)
        running &= ~ended
    actions, rewards, terminated = (np.stack(x) for x in zip(*steps, strict=True))
    return Played(np.stack(states), actions, rewards, terminated, lengths)


def allowed(following: np.ndarray) -> np.ndarray:
    """Return by how much a step's float32 may differ, [..., 4]."""
    return HALF_UNIT * (2 * np.abs(following) + 4)


def near_a_bound(following: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return which states are so near a bound that the error decides whether they end, [...]."""
    distance = np.abs(np.abs(following[..., [0, 2]]) - BOUNDS)
    return np.any(distance <= error[..., [0, 2]], axis=-1, keepdims=True)[..., 0]


@pytest.mark.parametrize(
    ("name", "shortest", "longest"), [("random", 15, 30), ("angle", 35, 50), ("trained", 150, 500)]
)
def test_every_step_of_a_thousand_episodes_is_gymnasiums(name: str, shortest: int, longest: int):
    them = played(name)
    assert shortest < them.lengths.mean() <= longest
    which = them.played
    following = them.states[1:][which]  # [N, 4]
    step = tf.function(CARTPOLE.step, jit_compile=True, autograph=False)
    seeds = them.states[:-1][which].T, them.actions[which]
    here, reward, fell = (
        x.numpy() for x in step(tf.constant(seeds[0], tf.float32), tf.constant(seeds[1], tf.int32))
    )
    error = allowed(following)
    assert (np.abs(here.T - following) <= error).all()
    np.testing.assert_array_equal(reward, them.rewards[which])
    undecided = near_a_bound(following, error)
    assert undecided.sum() <= 2
    np.testing.assert_array_equal(fell[~undecided], them.terminated[which][~undecided])
    # An episode lasts until the first step that ours ends.
    ends = np.zeros(which.shape, bool)
    ends[which] = np.where(undecided, them.terminated[which], fell)
    np.testing.assert_array_equal(
        np.where(ends.any(axis=0), ends.argmax(axis=0) + 1, LIMIT), them.lengths
    )


@pytest.mark.parametrize("name", ["random", "angle"])
def test_episodes_left_to_themselves_part_no_faster_than_the_pole_falls(name: str):
    them = played(name)
    state = tf.constant(initial_states().T)
    step = tf.function(CARTPOLE.step, jit_compile=True, autograph=False)
    alive, undecided = np.ones(EPISODES, bool), np.zeros(EPISODES, bool)
    lengths, total, worst = np.zeros(EPISODES, int), np.zeros(EPISODES), 0.0
    growth = 1.0
    for t, actions in enumerate(them.actions):
        state, reward, fell = step(state, tf.constant(actions, tf.int32))
        following, growth = them.states[t + 1], growth * GROWTH
        scale = (growth - 1) / (GROWTH - 1)  # the errors of all steps so far, each grown since
        error = scale * allowed(following)
        going = alive & them.played[t]
        found = np.abs(state.numpy().T - following)[going]
        worst = max(worst, float((found / error[going]).max(initial=0)))
        undecided |= going & near_a_bound(following, error)
        lengths += alive
        total += np.where(alive, reward.numpy(), 0)
        alive &= ~fell.numpy()
    assert worst <= 1
    assert undecided.mean() < 0.03
    np.testing.assert_array_equal(lengths[~undecided], them.lengths[~undecided])
    np.testing.assert_array_equal(total[~undecided], them.rewards.sum(axis=0)[~undecided])
