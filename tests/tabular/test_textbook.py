"""Textbook values, found by every solver that takes the model's discount."""

import numpy as np
import pytest

from reprise.tabular.dynamic_programming import (
    modified_policy_iteration,
    policy_evaluation,
    policy_iteration,
    value_iteration,
)
from reprise.tabular.mdp import MDP
from reprise.tabular.stochastic_policy import evaluate, uniform_policy
from tests.tabular import textbook


def optimal(model: MDP, discount: float) -> np.ndarray:
    """V* by policy iteration; the other solvers agree."""
    exact = policy_iteration(model, discount, 100)
    others = [value_iteration(model, discount, 1e-9, 100_000)]
    if discount < 1:
        others.append(modified_policy_iteration(model, discount, 1e-9, 20, 100_000))
    for other in others:
        np.testing.assert_allclose(other.values, exact.values, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        policy_evaluation(model, others[0].policy, discount), exact.values, rtol=0, atol=1e-6
    )
    return exact.values


def test_the_random_walk_to_the_corners_takes_14_18_20_and_22_steps():
    # S&B, figure 4.1
    model, places = textbook.corners()
    values = evaluate(model, uniform_policy(model), 1.0)
    expected = [0, -14, -20, -22, -14, -18, -20, -20, -20, -20, -18, -14, -22, -20, -14, 0]
    grid = [places.get(cell, places[textbook.END]) for cell in textbook.cells(4, 4)]
    assert values[grid] == pytest.approx(expected, abs=1e-9)


def test_the_shortest_way_to_the_corners_is_up_to_three_steps():
    # S&B, figure 4.1, the values of its last policy
    model, places = textbook.corners()
    values = optimal(model, 1.0)
    assert values[places[0, 3]] == pytest.approx(-3)
    assert values[places[1, 1]] == pytest.approx(-2)


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


def test_the_gambler_wins_as_often_as_bold_play_does():
    # S&B, example 4.3: of 25, 50 and 75, with heads at 0.4, bold play wins .4², .4, .4 + .6·.4
    model, places = textbook.gambler()
    values = optimal(model, 1.0)
    assert [values[places[n]] for n in (25, 50, 75)] == pytest.approx([0.16, 0.4, 0.64])


def test_the_car_rental_is_worth_what_figure_4_2_shows():
    # S&B, example 4.2; its plot begins near 420 and ends near 612; to two places as solved often
    values = optimal(textbook.car_rental(), 0.9).reshape(21, 21)
    assert values[0, 0] == pytest.approx(421.41, abs=0.01)
    assert values[10, 10] == pytest.approx(574.95, abs=0.01)
    assert values[20, 20] == pytest.approx(636.99, abs=0.01)


def test_the_way_through_the_wind_is_fifteen_steps():
    # S&B, example 6.5
    model, places = textbook.windy()
    assert optimal(model, 1.0)[places[3, 0]] == pytest.approx(-15)


def test_the_way_along_the_cliff_is_thirteen_steps():
    # S&B, example 6.6
    model, places = textbook.cliff()
    assert optimal(model, 1.0)[places[3, 0]] == pytest.approx(-13)


def test_the_walk_of_nineteen_states_is_worth_tenths():
    # S&B, example 7.1: the true values are -18/20, -16/20, ..., 18/20
    model, _ = textbook.random_walk(19)
    expected = [*(np.arange(-9, 10) / 10), 0]
    assert policy_evaluation(model, np.zeros(20, int), 1.0) == pytest.approx(expected, abs=1e-12)
    assert optimal(model, 1.0) == pytest.approx(expected, abs=1e-6)


def test_putermans_two_states_are_worth_minus_8_57_and_minus_20():
    # Puterman, section 6.2: at 0.95, (5 - 0.95·0.5·20) / (1 - 0.95·0.5) and -1 / (1 - 0.95)
    values = optimal(textbook.putermans(), 0.95)
    assert values == pytest.approx([-60 / 7, -20])
    assert values[0] == pytest.approx(-8.5714, abs=5e-5)


def test_the_world_of_four_by_three_has_the_utilities_of_figure_17_3():
    # AIMA, figure 17.3; by (column, row)
    model, places = textbook.four_by_three()
    values = optimal(model, 1.0)
    utilities = {
        (1, 3): 0.812, (2, 3): 0.868, (3, 3): 0.918, (4, 3): 1.0,
        (1, 2): 0.762, (3, 2): 0.660, (4, 2): -1.0,
        (1, 1): 0.705, (2, 1): 0.655, (3, 1): 0.611, (4, 1): 0.388,
    }  # fmt: skip
    for cell, utility in utilities.items():
        assert values[places[cell]] == pytest.approx(utility, abs=6e-4), cell
