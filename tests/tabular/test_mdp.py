"""The sparse model: arrays, names, and impossible models."""

import numpy as np
import pytest
from scipy import sparse

from reprise.tabular.loaders import from_yaml
from reprise.tabular.mdp import draw, from_arrays, from_transitions, sampler
from reprise.tabular.names import metric_keys
from tests.tabular.refusal import refusal

# Two states: a0 moves from s0 to s1 half of the time, a1 is possible in s1 only and leads back.
PROBABILITIES = [[[0.5, 0.5], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]]
REWARDS = [[[1.0, 3.0], [0.0, 0.0]], [[0.0, 0.0], [-2.0, 0.0]]]


def test_dense_arrays_become_rows_of_transitions():
    model = from_arrays(PROBABILITIES, REWARDS)
    assert model.transitions.indptr.tolist() == [0, 2, 2, 3, 4]
    assert model.transitions.indices.tolist() == [0, 1, 1, 0]
    assert model.transitions.data.tolist() == [0.5, 0.5, 1.0, 1.0]
    assert model.rewards.tolist() == [1.0, 3.0, 0.0, -2.0]
    expected = from_arrays(PROBABILITIES, [[2.0, 0.0], [0.0, -2.0]]).expected_rewards
    assert model.expected_rewards.tolist() == expected.tolist() == [[2, -np.inf], [0, -2]]
    assert (model.number_of_states, model.number_of_actions) == (2, 2)


def test_two_transitions_to_the_same_successor_keep_their_rewards():
    model = from_transitions([0, 0], [0, 0], [0, 0], [0.25, 0.75], [4.0, 0.0], shape=(1, 1))
    assert model.rewards.tolist() == [4.0, 0.0]
    assert model.expected_rewards.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        ((0, 0, 1), 0.4, "0', action 'a0': probabilities sum to 0.9; allowed: 1 within 1e-06"),
        ((0, 0, 1), -0.5, "0', action 'a0', successor 's1': probability is -0.5, reward is"),
        ((1, 0, 1), np.nan, "1', action 'a0', successor 's1': probability is nan, reward is"),
        (1, 0.0, "1' has no possible action; allowed: one or more (a terminal state has one that "),
    ],
)
def test_dense_probabilities_that_cannot_be_are_refused_with_the_place(cell, value, message):
    probabilities = np.array(PROBABILITIES)
    probabilities[cell] = value
    assert refusal(from_arrays, probabilities, REWARDS).startswith(f"state 's{message}")


SHAPE = "transitions of a model of shape (2, 1)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"successors": [0, 2]}, f"{SHAPE}: invalid entry in coordinates array"),
        ({"states": [0, -1]}, f"{SHAPE}: invalid entry in coordinates array"),
        ({"actions": [0.0, 0.0]}, f"{SHAPE}: only int indices permitted"),
        ({"rewards": [0.0]}, "transitions have shapes (2,), (2,), (2,), (1,); allowed: (N,)"),
        ({"rewards": [0, np.inf]}, "state 's1', action 'a0', successor 's0': probability is 1.0"),
        ({"rewards": [np.nan, 0]}, "state 's0', action 'a0', successor 's1': probability is 1.0"),
        ({"shape": (0, 1)}, "transitions of a model of shape (0, 1): cannot"),
        ({"probabilities": [1, 0]}, "state 's1', action 'a0': probabilities sum to 0; allowed: 1"),
        ({"state_names": ["a", "a"]}, "'a' occurs twice in the state names; allowed: each"),
        ({"state_names": ["a"]}, "there are 1 state names; allowed: 2, one per state"),
    ],
)
def test_transitions_that_cannot_be_are_refused_with_the_place(change, message):
    arguments = {"states": [0, 1], "actions": [0, 0], "successors": [1, 0], "shape": (2, 1)}
    arguments |= {"probabilities": [1.0, 1.0], "rewards": [0.0, 0.0]}
    assert refusal(from_transitions, **(arguments | change)).startswith(message)


T = "transition_probabilities"


@pytest.mark.parametrize(
    ("probabilities", "rewards", "message"),
    [
        (np.zeros((2, 2)), REWARDS, f"{T} have shape (2, 2); allowed: [S, A, S]"),
        (PROBABILITIES, np.zeros((2, 3)), "rewards have shape (2, 3); allowed: (2, 2, 2) or (2, "),
        (sparse.eye_array(2), [[0], [0]], f"{T}: float() argument must be a string or a real n"),
        ([[[1, 0], [0, 1]], [[1, 0]]], [[0, 0]] * 2, f"{T}: setting an array element with"),
        ([[[1, 0]], None], [[0], [0]], f"{T}: setting an array element with"),
        ([], [[0]], f"{T} have shape (0,); allowed: [S, A, S]"),
    ],
)
def test_what_is_no_dense_array_is_refused_in_one_line(probabilities, rewards, message):
    assert refusal(from_arrays, probabilities, rewards).startswith(message)


def test_rows_in_single_precision_are_accepted_and_divided_by_their_sum():
    single = np.array([[[0.1, 0.2, 0.7]], [[0.3, 0.3, 0.4]], [[1, 0, 0]]], np.float32)
    assert single.astype(float).sum(axis=2).ravel()[0] != 1
    model = from_arrays(single, np.array([[1.0], [2.0], [3.0]], np.float32))
    assert np.add.reduceat(model.transitions.data, [0, 3, 6]) == pytest.approx(1, abs=1e-15)
    assert model.expected_rewards.ravel() == pytest.approx([1, 2, 3], abs=1e-15)


def test_an_unknown_name_is_an_error_with_the_closest_match():
    model = from_arrays(PROBABILITIES, REWARDS, ["home", "away"], ["stay", "return"])
    known = "allowed: home, away; closest match: 'home'"
    assert refusal(model.state, "hom") == f"unknown state 'hom'; {known}"
    message = "state 'home', action 'return': impossible action; allowed: stay"
    assert refusal(model.pair, "home", "return") == message


def test_a_number_draws_the_transition_in_whose_share_it_lies():
    source = sampler(from_yaml("data/inputs/three_state.yaml"))
    drawn = [draw(source, 2 * 3 + 1, u) for u in (0.0, 0.79, 0.81, 0.89, 0.91)]  # s2, a1
    assert source.successors[drawn].tolist() == [0, 0, 1, 1, 2]
    assert source.rewards[drawn].tolist() == [40.0, 40.0, 0.0, 0.0, 0.0]


def test_names_that_have_the_same_key_in_the_metrics_are_refused():
    assert metric_keys(["worn, 1.5 years", "broken"]) == ["worn, 1_5 years", "broken"]
    message = refusal(metric_keys, ["v.1", "x", "v_1"])
    assert message == "'v_1' occurs twice in metrics.json; allowed: each name once"
