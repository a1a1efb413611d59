"""The solvers: book values, closed forms, QuantEcon's solutions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quantecon.markov import DiscreteDP
from scipy import sparse

from reprise.tabular.dynamic_programming import (
    ConvergenceError,
    converged_q_value_iteration,
    greedy_policy,
    modified_policy_iteration,
    policy_evaluation,
    policy_iteration,
    q_value_iteration,
    switching_discount,
    value_iteration,
)
from reprise.tabular.mdp import from_arrays
from reprise.tabular.td_learning import evaluate, uniform_policy
from tests.tabular.random_models import random_model
from tests.tabular.refusal import refusal

NONE = -np.inf
SOLVERS = {
    "value": lambda model, discount: value_iteration(model, discount, 1e-8, 10_000),
    "q": lambda model, discount: converged_q_value_iteration(model, discount, 1e-8, 10_000),
    "policy": lambda model, discount: policy_iteration(model, discount, 100),
    "modified": lambda model, discount: modified_policy_iteration(model, discount, 1e-8, 20, 1000),
}
EVALUATION = {"evaluation": lambda model, discount: policy_evaluation(model, [0, 0, 1], discount)}


def test_fifty_sweeps_of_q_value_iteration_give_the_books_values(three_state):
    history = q_value_iteration(three_state, 0.90, 50)
    assert history[0].tolist() == [[0, 0, 0], [0, NONE, 0], [NONE, 0, NONE]]
    book = [[18.91891892, 17.02702702, 13.62162162], [0, NONE, -4.87971488]]
    book += [[NONE, 50.13365013, NONE]]
    np.testing.assert_allclose(history[50], book, rtol=0, atol=5e-9)
    assert greedy_policy(history[50]).tolist() == [0, 0, 1]


def test_the_switching_discount_is_where_the_two_actions_are_worth_the_same(three_state):
    discount = switching_discount(three_state, 1, 0, 2, (0.90, 0.95))
    # While s1 stays for reward 0: V0 = 7/(1 - 0.7g), V2 = (32 + 0.8g V0)/(1 - 0.1g), and -50 + g V2
    # = 0 at the switch: (-50 + 5g + 32g)(1 - 0.7g) + 5.6g² = 0, or 20.3g² - 72g + 50 = 0.
    closed_form = (72 - np.sqrt(72**2 - 4 * 20.3 * 50)) / (2 * 20.3)
    assert discount == pytest.approx(closed_form, abs=1e-10)
    assert policy_iteration(three_state, discount - 1e-6, 10).policy.tolist() == [0, 0, 1]
    assert policy_iteration(three_state, discount + 1e-6, 10).policy.tolist() == [0, 2, 1]


def test_a_walk_to_the_corners_takes_the_steps_of_sutton_and_bartos_figure_4_1():
    """Each step costs 1; the random policy's values and the best ones."""
    moves, grid = np.zeros((16, 4, 16)), np.indices((4, 4)).reshape(2, 16).T
    for cell, action in np.ndindex(16, 4):
        to = np.clip(grid[cell] + [(-1, 0), (1, 0), (0, 1), (0, -1)][action], 0, 3)
        moves[cell, action, cell if cell in (0, 15) else 4 * to[0] + to[1]] = 1
    costs = -np.ones((16, 4)) * [[cell not in (0, 15)] for cell in range(16)]
    model = from_arrays(moves, costs)
    expected = [0, -14, -20, -22, -14, -18, -20, -20, -20, -20, -18, -14, -22, -20, -14, 0]
    random = evaluate(model, uniform_policy(model), 1.0)
    np.testing.assert_allclose(random, expected, rtol=0, atol=1e-9)
    best = np.minimum(grid.sum(axis=1), (3 - grid).sum(axis=1))
    np.testing.assert_allclose(policy_iteration(model, 1.0).values, -best, rtol=0, atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.97))
def test_all_solvers_agree_and_solve_the_bellman_equation(seed, discount):
    model, probabilities, rewards = random_model(seed)
    exact = policy_iteration(model, discount, 100)
    impossible = np.where(model.possible, 0.0, NONE)
    q = np.einsum("ijk,ijk->ij", probabilities, rewards + discount * exact.values) + impossible
    np.testing.assert_allclose(exact.values, q.max(axis=1), rtol=0, atol=1e-8)
    assert exact.residual < 1e-8
    for solve in SOLVERS.values():
        solution = solve(model, discount)
        np.testing.assert_allclose(solution.values, exact.values, rtol=0, atol=1.1e-8)
        chosen = q[np.arange(model.number_of_states), solution.policy]
        np.testing.assert_allclose(chosen, q.max(axis=1), rtol=0, atol=1e-6)
    history = q_value_iteration(model, discount, 40)
    gap = np.abs(history[-1].max(axis=1) - exact.values).max()
    assert gap <= discount**40 * np.abs(exact.values).max() + 1e-9


def test_the_solution_is_quantecons():
    model, _, _ = random_model(1, states=60, actions=4)
    pairs, states = model.possible, model.number_of_states
    starts = np.unique(model.transitions.indptr.astype(np.int64))
    arrows = model.transitions.data, model.transitions.indices, starts
    matrix = sparse.csr_matrix(arrows, shape=(len(starts) - 1, states))
    theirs = DiscreteDP(model.expected_rewards[pairs], matrix, 0.95, *np.nonzero(pairs)).solve(
        "modified_policy_iteration", epsilon=1e-9, max_iter=1000
    )
    for solve in SOLVERS.values():
        ours = solve(model, 0.95)
        np.testing.assert_allclose(ours.values, theirs.v, rtol=0, atol=2e-8)
        assert (ours.policy == theirs.sigma).all()


def test_of_actions_that_tie_to_rounding_the_first_is_greedy():
    q = np.array([[1.0, 1.0 + 1e-13, 0.5], [NONE, -3.0, -3.0 - 1e-13], [NONE, 0.0, 1e-9]])
    for c in (1.0, 1e20):
        assert greedy_policy(c * q).tolist() == [0, 1, 2]


@pytest.mark.parametrize("discount", [-0.1, 1.01, np.nan])
@pytest.mark.parametrize("solver", SOLVERS | EVALUATION)
def test_a_discount_outside_0_to_1_is_an_error(three_state, solver, discount):
    message = refusal((SOLVERS | EVALUATION)[solver], three_state, discount)
    assert message == f"discount is {discount}; allowed: from 0 to 1"


def test_too_few_sweeps_are_an_error_with_the_rest(three_state):
    # V(s2) = 32, 32 + 0.9 (0.8·7 + 0.1·32) = 39.92, 32 + 0.9 (0.8·11.41 + 0.1·39.92) = 43.808
    with pytest.raises(ConvergenceError) as caught:
        value_iteration(three_state, 0.9, 1e-6, 3)
    assert str(caught.value) == (
        "discount 0.9: after 3 sweeps the value of state 's2' still changes by 3.888; "
        "allowed: 1.11111e-07"
    )
    with pytest.raises(ConvergenceError, match="after 1 sweeps"):
        modified_policy_iteration(three_state, 0.9, 1e-6, 1, 1)
    with pytest.raises(ConvergenceError, match="the policy still changes after 1 evaluations"):
        policy_iteration(three_state, 0.95, 1)


CIRCLE = from_arrays(np.eye(2)[[[1, 0], [0, 1]]], np.zeros((2, 2)) - [[1], [1]])
FOR_EVER = from_arrays([[[0.0, 1.0]], [[1.0, 0.0]]], [[-1.0], [-1.0]])
REFUSED = "discount is 1, but from state 's0' rewards may come for ever; allowed: a discount"


@pytest.mark.parametrize(
    ("solve", "given", "message"),
    [
        (value_iteration, (0.9, 0, 100), "tolerance is 0; allowed: above 0"),
        (modified_policy_iteration, (1.0, 1e-6, 5, 100), "discount is 1; allowed for modified "),
        (policy_evaluation, ([0, 1, 1], 0.9), "state 's1': the policy's action 1 is impossible;"),
        (policy_evaluation, ([0, 0, 9], 0.9), "state 's2': the policy's action 9 is impossible;"),
        (policy_evaluation, ([0, 0], 0.9), "policy has shape (2,) and type int64; allowed: (3,), "),
        (switching_discount, (1, 0, 2, (0.5, 0.6)), "state 's1', actions 'a0' and 'a2': the Q-val"),
        (switching_discount, (1, 0, 1, (0.5, 0.6)), "state 's1', action 'a1': impossible action"),
    ],
)
def test_what_cannot_be_solved_is_an_error_that_names_it(three_state, solve, given, message):
    assert refusal(solve, three_state, *given).startswith(message)


def test_no_discount_where_no_episode_ends_is_an_error_that_names_the_state():
    assert refusal(policy_iteration, FOR_EVER, 1.0).startswith(REFUSED)
    assert refusal(policy_evaluation, CIRCLE, [1, 0], 1.0).startswith(REFUSED)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_episodes_that_end_are_solved_without_discount(seed):
    # Every action ends the episode with probability 0.2, in a last state: that is a discount of 0.8
    _, probabilities, rewards = random_model(seed, states=5)
    going_on, paid = np.zeros((2, 6, probabilities.shape[1], 6))
    possible = probabilities.any(axis=2)
    going_on[:5, :, :5], paid[:5, :, :5] = 0.8 * probabilities, rewards
    going_on[:5, :, 5] = 0.2 * possible
    going_on[5, :, 5] = 1.0
    paid[:5, :, 5] = (probabilities * rewards).sum(axis=2)
    discounted = from_arrays(probabilities, rewards)
    expected = policy_iteration(discounted, 0.8)
    for solver, solve in SOLVERS.items():
        if solver != "modified":
            found = solve(from_arrays(going_on, paid), 1.0)
            np.testing.assert_allclose(found.values[:5], expected.values, rtol=0, atol=1e-6)
            assert (found.policy[:5] == expected.policy).all()
