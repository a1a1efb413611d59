"""TD(0), and the exact values of random policies."""

from types import SimpleNamespace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.tabular import td_learning as td
from reprise.tabular.mdp import sampler


def schedule(learning_rate, decay=0.0, count: Literal["steps", "visits"] = "steps"):
    return td.Schedule(learning_rate=learning_rate, learning_rate_decay=decay, count=count)


def test_the_random_policys_values_solve_the_equations_written_out(three_state):
    s0, s1, s2 = td.evaluate(three_state, td.uniform_policy(three_state), 0.9)
    assert s0 == pytest.approx((7 + 0.9 * (2.5 * s0 + 0.5 * s1)) / 3, rel=1e-13)
    assert s1 == pytest.approx((0.9 * s1 - 50 + 0.9 * s2) / 2, rel=1e-13)
    assert s2 == pytest.approx(32 + 0.9 * (0.8 * s0 + 0.1 * s1 + 0.1 * s2), rel=1e-13)


def test_the_values_converge_to_the_linear_solve_where_the_rate_decays(three_state):
    policy = td.uniform_policy(three_state)
    truth = td.evaluate(three_state, policy, 0.9)
    schedules = [schedule(0.05, 5e-4), schedule(0.05)]
    h = td.Hyperparameters(discount=0.9, iterations=60_000, record_every=6000)
    generators = [np.random.default_rng([5, seed]) for seed in range(50)]
    values = td.td_learning(three_state, policy, h, schedules, generators, "s0")
    decaying, constant = td.errors(values, truth).mean(axis=0)  # [K]
    assert decaying[-1] < 0.75 * decaying[4] < 0.75 * decaying[0]
    assert constant[-1] == pytest.approx(constant[1:].mean(), rel=0.2)
    assert decaying[-1] < constant[-1] / 3
    np.testing.assert_allclose(values[:, 0, -1].mean(axis=0), truth, atol=0.5)


def trained(three_state, loop, generator, rates, every, records):
    """Learn by the rates, the second by visits."""
    source = sampler(td.following(three_state, td.uniform_policy(three_state)))
    by_visits, counts = np.array([False, True]), (every * records.shape[1], every)
    loop(generator, source, source.successors, 0, rates, by_visits, 0.9, counts, records)
    return records


def test_the_first_updates_are_those_of_the_equation(three_state):
    # The policy's rows: s0 to s0 by a0 (+10), by a0 to s1, ... ; each number picks one of them.
    numbers = iter([0.1, 0.3, 0.9, 0.5])  # +10, to s1, -50 to s2, +40 to s0
    generator = SimpleNamespace(random=numbers.__next__)
    rates = np.array([[0.5, 1.0], [1.0, 1.0]])
    records = trained(three_state, td.learn.py_func, generator, rates, 1, np.empty((2, 4, 3)))
    first = 0.5 * 10
    second = 0.75 * first + 0.25 * 0.9 * 0
    third = 0.5 / 3 * -50
    fourth = 0.5 / 4 * (40 + 0.9 * second)
    expected = [[first, 0, 0], [second, 0, 0], [second, third, 0], [second, third, fourth]]
    np.testing.assert_allclose(records[0], expected, rtol=1e-14)
    # By visits, V(s0) is the mean of its two targets; s1 and s2 take their first target whole.
    np.testing.assert_allclose(records[1, -1], [5, -50, 40 + 0.9 * 5], rtol=1e-14)


def test_the_compiled_loop_equals_plain_python(three_state):
    rates = np.array([[0.05, 0.005], [1.0, 1.0]])
    compiled, plain = (
        trained(three_state, loop, np.random.default_rng(4), rates, 10, np.empty((2, 40, 3)))
        for loop in (td.learn, td.learn.py_func)
    )
    assert (compiled == plain).all()


@given(st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=2, max_size=9))
@settings(max_examples=50, deadline=None)
def test_bias_and_spread_make_up_the_mean_squared_error(values):
    seeds, truth = np.array(values), np.array([1.0, -2.0, 3.0])
    bias, spread = td.bias_and_spread(seeds, truth)
    mean_squared = (td.errors(seeds, truth) ** 2).mean()
    assert bias**2 + spread**2 == pytest.approx(mean_squared, rel=1e-9, abs=1e-9)
