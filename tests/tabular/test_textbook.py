"""Textbook values, found by every solver."""

import numpy as np
import pytest

from reprise.tabular.dynamic_programming import (
    modified_policy_iteration,
    policy_evaluation,
    policy_iteration,
    value_iteration,
)
from reprise.tabular.mdp import MDP
from reprise.tabular.td_learning import evaluate, uniform_policy
from tests.tabular import textbook


def optimal(model: MDP, discount: float) -> np.ndarray:
    """V* by policy iteration; the other solvers agree."""
    exact = policy_iteration(model, discount, 100).values
    others = [value_iteration(model, discount, 1e-9, 100_000)]
    if discount < 1:
        others.append(modified_policy_iteration(model, discount, 1e-9, 20, 100_000))
    followed = policy_evaluation(model, others[0].policy, discount)
    for values in [followed, *(other.values for other in others)]:
        np.testing.assert_allclose(values, exact, rtol=0, atol=1e-6)
    return exact


def test_the_random_walk_to_the_corners_takes_14_18_20_and_22_steps():
    # S&B, figure 4.1
    model, places = textbook.corners()
    values = evaluate(model, uniform_policy(model), 1.0)
    expected = [0, -14, -20, -22, -14, -18, -20, -20, -20, -20, -18, -14, -22, -20, -14, 0]
    grid = [places.get(cell, places[textbook.END]) for cell in np.ndindex(4, 4)]
    assert values[grid] == pytest.approx(expected, abs=1e-9)


def test_the_grid_with_two_shortcuts_is_worth_what_figures_3_2_and_3_5_say():
    # S&B, figures 3.2 (the random policy) and 3.5 (the optimal one)
    model, _ = textbook.shortcuts()
    random = [
        [3.3, 8.8, 4.4, 5.3, 1.5],
        [1.5, 3.0, 2.3, 1.9, 0.5],
        [0.1, 0.7, 0.7, 0.4, -0.4],
        [-1.0, -0.4, -0.4, -0.6, -1.2],
        [-1.9, -1.3, -1.2, -1.4, -2.0],
    ]
    best = [
        [22.0, 24.4, 22.0, 19.4, 17.5],
        [19.8, 22.0, 19.8, 17.8, 16.0],
        [17.8, 19.8, 17.8, 16.0, 14.4],
        [16.0, 17.8, 16.0, 14.4, 13.0],
        [14.4, 16.0, 14.4, 13.0, 11.7],
    ]
    found = evaluate(model, uniform_policy(model), 0.9).reshape(5, 5)
    np.testing.assert_allclose(found, random, atol=0.051)
    np.testing.assert_allclose(optimal(model, 0.9).reshape(5, 5), best, atol=0.051)


BOLD = {25: 0.16, 50: 0.4, 75: 0.64}  # with heads at 0.4: .4², .4, .4 + .6·.4


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (textbook.corners, {(0, 3): -3, (1, 1): -2}),  # S&B, figure 4.1, its last policy
        (textbook.gambler, BOLD),  # S&B, example 4.3
        (textbook.cliff, {(3, 0): -13}),  # S&B, example 6.6
    ],
)
def test_the_states_are_worth_what_the_book_says(build, expected):
    model, places = build()
    values = optimal(model, 1.0)[[places[state] for state in expected]]
    assert values == pytest.approx(list(expected.values()), rel=1e-6, abs=6e-4)
