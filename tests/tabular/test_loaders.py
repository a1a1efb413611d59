"""Models from YAML files and from Gymnasium's tables."""

import gymnasium
import numpy as np
import pytest

from reprise.tabular.dynamic_programming import (
    modified_policy_iteration,
    policy_iteration,
    value_iteration,
)
from reprise.tabular.loaders import from_gymnasium, from_yaml
from reprise.tabular.names import ModelError
from reprise.tabular.tables import TERMINAL
from reprise.tabular.undiscounted import absorbing_states

TOY_TEXT = [
    ("FrozenLake-v1", {"is_slippery": False}),
    ("CliffWalking-v1", {"is_slippery": True}),
    ("Taxi-v4", {"is_rainy": True}),
]
HEAD = "states: [s0, s1]\nactions: [a0]\ntransitions:\n"


def values_from_the_table(table, discount, sweeps):
    """Dense value iteration on env.unwrapped.P, without any of the project's code."""
    values = np.zeros(len(table))
    for _ in range(sweeps):
        values = np.array(
            [
                max(
                    sum(
                        probability * (reward + discount * (not terminated) * values[successor])
                        for probability, successor, reward, terminated in outcomes
                    )
                    for outcomes in table[state].values()
                )
                for state in range(len(table))
            ]
        )
    return values


def test_the_file_holds_the_chapters_model():
    model = from_yaml("data/inputs/three_state.yaml")
    assert list(model.state_names) == ["s0", "s1", "s2"]
    assert model.possible.tolist() == [
        [True, True, True],
        [True, False, True],
        [False, True, False],
    ]
    none = -np.inf
    expected = [[7.0, 0.0, 0.0], [0.0, none, -50.0], [none, 32.0, none]]
    np.testing.assert_allclose(model.expected_rewards, expected, rtol=1e-15)
    assert model.transitions.indices.tolist() == [0, 1, 0, 0, 1, 1, 2, 0, 1, 2]
    assert model.transitions.data.tolist() == [0.7, 0.3, 1.0, 0.8, 0.2, 1.0, 1.0, 0.8, 0.1, 0.1]
    assert np.flatnonzero(model.rewards).tolist() == [0, 6, 7]


S0, A0 = "state 's0'", "state 's0', action 'a0'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEAD + "  s0: {a0: {s1: {probability: 1}}}",
            "state 's1' has no possible action; allowed: one or more "
            "(a terminal state has one that leads back to it)",
        ),
        (HEAD + "  s0: {b0: {}}", f"{S0}: unknown action 'b0'; allowed: a0; closest match: 'a0'"),
        (
            HEAD + "  s0: {a0: {s1: {probabilty: 1}}}",
            f"{A0}, successor 's1': unknown key 'probabilty'; "
            "allowed: probability, reward; closest match: 'probability'",
        ),
        (
            HEAD + "  s0: {a0: {s1: {reward: 1}}}",
            f"{A0}, successor 's1': key 'probability' is missing; allowed: from 0 to 1",
        ),
        (
            HEAD + "  s0: {a0: {s1: {probability: true}}}",
            f"{A0}, successor 's1': probability is True; allowed: a number",
        ),
        (HEAD + "  s0: {a0: s1}", f"{A0}: 's1' is no mapping; allowed: a mapping by state"),
        (
            "states: []\nactions: [a0]\ntransitions: {}",
            "states are []; allowed: a list of names, not empty",
        ),
        (
            "states: [s0]\nactions: [a0]",
            "key 'transitions' is missing; allowed: states, actions, transitions",
        ),
        ("- 1", "the file: [1] is no mapping; allowed: a mapping by key"),
    ],
)
def test_a_bad_file_is_an_error_that_names_file_and_place(tmp_path, text, message):
    path = tmp_path / "model.yaml"
    path.write_text(text)
    with pytest.raises(ModelError) as caught:
        from_yaml(path)
    assert str(caught.value) == f"{path}: {message}"


@pytest.mark.parametrize("text", ["states: [s0\n", HEAD + "  s0: {}\n  s0: {}"])
def test_a_file_that_is_no_yaml_is_an_error_of_one_line(tmp_path, text):
    path = tmp_path / "model.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match="no YAML") as caught:
        from_yaml(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("environment_id", "arguments"), TOY_TEXT)
def test_optimal_values_equal_those_of_gymnasiums_table(environment_id, arguments):
    model = from_gymnasium(environment_id, **arguments)
    table = gymnasium.make(environment_id, **arguments).get_wrapper_attr("P")
    expected = values_from_the_table(table, 0.9, 100)
    tolerance = 0.9**100 * 200  # the rest of the largest value after so many sweeps
    for solution in (
        value_iteration(model, 0.9, 1e-10, 10_000),
        policy_iteration(model, 0.9, 100),
        modified_policy_iteration(model, 0.9, 1e-10, 20, 1000),
    ):
        np.testing.assert_allclose(solution.values[:-1], expected, rtol=0, atol=tolerance)
        assert abs(solution.values[-1]) < 1e-9
    assert model.state_names[-1] == TERMINAL
    assert np.flatnonzero(absorbing_states(model)).tolist() == [model.number_of_states - 1]


def test_the_optimal_policy_wins_the_undiscounted_frozen_lake_as_often_as_is_known():
    # 14/17 on the 4x4 map; on the 8x8 map the goal can be reached for certain
    small = policy_iteration(from_gymnasium("FrozenLake-v1", map_name="4x4"), 1.0, 100)
    large = policy_iteration(from_gymnasium("FrozenLake-v1", map_name="8x8"), 1.0, 100)
    assert small.values[0] == pytest.approx(14 / 17, abs=1e-12)
    assert large.values[0] == pytest.approx(1.0, abs=1e-12)
