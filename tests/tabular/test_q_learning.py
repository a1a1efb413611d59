"""Tabular Q-learning: its updates, its optimum, its seeds."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reprise.tabular.dynamic_programming import best_actions, optimal_q_values
from reprise.tabular.exploration import RANDOM, epsilon_greedy, with_bonus
from reprise.tabular.mdp import from_arrays
from reprise.tabular.problems import from_gymnasium
from reprise.tabular.q_learning import Hyperparameters, episodes, learn, optimal_seeds, q_learning

CHAPTER = Hyperparameters(
    learning_rate=0.05, learning_rate_decay=0.005, discount=0.9, iterations=10_000, record_every=1
)
AT_S0 = np.array([1.0, 0.0, 0.0])


def learnt(model, seeds, start="s0", recorded=("s0", "a0"), **changes: Any):
    generators = [np.random.default_rng([0, seed]) for seed in range(seeds)]
    return q_learning(model, CHAPTER.model_copy(update=changes), generators, start, recorded)


def test_many_seeds_come_close_to_the_optimal_q_values(three_state):
    q, _ = learnt(three_state, 200)
    optimal = optimal_q_values(three_state, 0.9)
    assert q.shape == (200, 3, 3)
    assert (np.isneginf(q) == ~three_state.possible).all()
    assert np.median(q[:, 0, 0]) == pytest.approx(optimal[0, 0], rel=0.1)
    assert optimal_seeds(q, best_actions(three_state, optimal.max(axis=1), 0.9)).mean() > 0.9


def test_the_first_updates_are_those_of_the_equation(three_state):
    # a0 to s0 (+10), a0 to s1, a2 to s2 (-50), a1 to s0 (+40): a number for each.
    uniforms = iter([0.0, 0.5, 0.2, 0.75, 0.99, 0.5, 0.5, 0.3])
    generator: Any = SimpleNamespace(random=uniforms.__next__)
    q, visits = np.where(three_state.possible, 0.0, -np.inf), np.zeros((3, 3), np.int64)
    model, curve = episodes(three_state, AT_S0, 0.9), np.zeros(4)
    given = generator, model, RANDOM, (0.5, 1.0), q, visits, 0, (0, 4, 1), (0, 0), curve
    assert learn.py_func(*given) == 0
    first = 0.5 * 10
    second = 0.75 * first + 0.25 * 0.9 * 0
    assert curve.tolist() == pytest.approx([first, second, second, second], rel=1e-15)
    assert q[1, 2] == pytest.approx(0.5 / 3 * -50, rel=1e-15)
    assert q[2, 1] == pytest.approx(0.5 / 4 * (40 + 0.9 * second), rel=1e-15)
    assert visits.tolist() == [[2, 0, 0], [0, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("behaviour", [RANDOM, epsilon_greedy(0.5, 0.1, 300.0), with_bonus(2.0)])
@pytest.mark.parametrize("start", [AT_S0, np.array([0.25, 0.25, 0.5])])
def test_the_compiled_loop_equals_plain_python(behaviour, start):
    model = from_arrays(  # s2 is absorbing
        [[[0.5, 0.5, 0.0], [0.0, 0.4, 0.6]], [[0.3, 0.0, 0.7], [1.0, 0.0, 0.0]], [[0, 0, 1]] * 2],
        [[1.0, -1.0], [2.0, 0.0], [0.0, 0.0]],
    )
    results = []
    for loop in (learn, learn.py_func):
        q, visits, curve = np.zeros((3, 2)), np.zeros((3, 2), np.int64), np.zeros(500)
        given = np.random.default_rng(4), episodes(model, start, 0.9), behaviour, (0.05, 0.005)
        state = loop(*given, q, visits, 0, (0, 500, 1), (1, 1), curve)
        results.append((q, curve, visits, np.array(state)))
    for compiled, plain in zip(*results, strict=True):
        assert (compiled == plain).all()
    assert (results[0][2].sum(axis=1) > 0).tolist() == [True, True, start[2] > 0]


def test_an_absorbing_state_sends_the_agent_back_to_the_start_and_is_worth_nothing():
    model = from_gymnasium("FrozenLake-v1", is_slippery=False)
    rates: dict[str, Any] = {"learning_rate": 0.5, "learning_rate_decay": 0.0}
    q, _ = learnt(model, 2, iterations=100_000, record_every=1000, **rates)
    optimal = optimal_q_values(model, 0.9)
    best = optimal[:16].max(axis=1)
    np.testing.assert_allclose(q[:, :16].max(axis=2), [best] * 2, atol=1e-6)
    assert (q[:, 16] == 0).all()
    assert optimal_seeds(q, best_actions(model, optimal.max(axis=1), 0.9)).all()
