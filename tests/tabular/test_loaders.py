"""Models from YAML files, transition tables and Gymnasium."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Discrete

from reprise.tabular import dynamic_programming as dp
from reprise.tabular.loaders import from_yaml
from reprise.tabular.problems import from_gymnasium, from_table, toy_text
from tests.tabular.refusal import refusal

STEP = (1.0, 1, -1.0, False)  # to state 1
END = (1.0, 1, 0.0, True)
LAST = {0: [END]}


def test_the_file_holds_the_chapters_model():
    model = from_yaml("data/inputs/three_state.yaml")
    assert list(model.state_names) == ["s0", "s1", "s2"]
    none = -np.inf
    expected = [[7.0, 0.0, 0.0], [0.0, none, -50.0], [none, 32.0, none]]
    np.testing.assert_allclose(model.expected_rewards, expected, rtol=1e-15)
    assert model.transitions.indices.tolist() == [0, 1, 0, 0, 1, 1, 2, 0, 1, 2]
    assert model.transitions.data.tolist() == [0.7, 0.3, 1.0, 0.8, 0.2, 1.0, 1.0, 0.8, 0.1, 0.1]
    assert np.flatnonzero(model.rewards).tolist() == [0, 6, 7]


HEAD = "states: [s0, s1]\nactions: [a0]\ntransitions:\n  s0: "
AT = ".transitions.s0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "{a0: {s1: {probability: 1}}}", ": state 's1' has no possible action; allowed: "),
        (HEAD + "{b: {s1: {probability: 1}}}", ": unknown action 'b'; allowed: a0"),
        (HEAD + "{a0: {}}", ": there are no transitions; allowed: one or more"),
        (HEAD + "{a0: {s1: {probabilty: 1}}}", f"{AT}.a0.s1.probabilty is unknown; did you"),
        (HEAD + "{a0: {s1: {reward: 1}}}", f"{AT}.a0.s1.probability is missing"),
        (HEAD + "{a0: {s1: {probability: true}}}", f"{AT}.a0.s1.probability is true; allowed:"),
        (HEAD + "{a0: s1}", f"{AT}.a0 is 's1'; allowed: a valid dictionary"),
        (
            "states: []\nactions: [a0]\ntransitions: {}",
            ".states is []: Tuple should have at least",
        ),
        ("states: [s0]\nactions: [a0]", ".transitions is missing"),
        ("- 1", " holds [1]; allowed: a mapping"),
        ("states: [s0\n", " is not YAML: "),
        (HEAD + "{}\n  s0: {}", " is not YAML: "),
    ],
)
def test_a_bad_file_is_an_error_of_one_line_that_names_file_and_place(tmp_path, text, message):
    path = tmp_path / "model.yaml"
    path.write_text(text)
    assert refusal(from_yaml, path).startswith(f"{path}{message}")


def values_from_the_table(table, discount, sweeps):
    """Dense value iteration without the project's code."""
    values = np.zeros(len(table))

    def q(outcomes):
        return sum(p * (r + discount * (not end) * values[to]) for p, to, r, end in outcomes)

    for _ in range(sweeps):
        values = np.array([max(map(q, table[s].values())) for s in range(len(table))])
    return values


STOCHASTIC = {
    "FrozenLake-v1": "is_slippery",
    "CliffWalking-v1": "is_slippery",
    "Taxi-v4": "is_rainy",
}


@pytest.mark.parametrize("environment_id", STOCHASTIC)
def test_optimal_values_equal_those_of_gymnasiums_table(environment_id):
    arguments: Any = {STOCHASTIC[environment_id]: environment_id != "FrozenLake-v1"}
    model = from_gymnasium(environment_id, **arguments)
    table = gymnasium.make(environment_id, **arguments).get_wrapper_attr("P")
    expected = values_from_the_table(table, 0.9, 60)
    tolerance = 0.9**60 * 200  # the rest of the largest value after so many sweeps
    solution = dp.policy_iteration(model, 0.9, 100)  # the other solvers agree
    np.testing.assert_allclose(solution.values[:-1], expected, rtol=0, atol=tolerance)
    assert abs(solution.values[-1]) < 1e-9
    assert model.state_names[-1] == "terminal"
    assert np.flatnonzero(model.absorbing).tolist() == [model.number_of_states - 1]


@pytest.mark.parametrize(("size", "value"), [("4x4", 14 / 17), ("8x8", 1)])
def test_the_frozen_lake_without_discount_is_won_as_often_as_is_known(size, value):
    model = from_gymnasium("FrozenLake-v1", map_name=size)
    assert dp.policy_iteration(model, 1.0).values[0] == pytest.approx(value, abs=1e-9)


@dataclass
class Table(gymnasium.Env):
    """An environment with a table."""

    P: Any
    initial_state_distrib: Any = (1.0, 0.0)
    observation_space = Discrete(2)
    action_space = Discrete(1)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register an environment as OfATest-v0 for one test."""

    def register(**arguments: Any) -> None:
        spec = EnvSpec("OfATest-v0", entry_point=lambda **_: Table(**arguments))
        monkeypatch.setitem(gymnasium.registry, "OfATest-v0", spec)

    return register


@pytest.mark.parametrize(
    "table",
    [
        {0: {0: [STEP]}, 1: LAST},
        [[[STEP]], [[END]]],  # lists in place of dictionaries
        {0: [[STEP]], 1: LAST},
        {0: {0: [(np.float64(1), np.int64(1), np.float32(-1), np.bool_(False))]}, 1: LAST},
        {0: {0: [(0.5, 1, -1.0, False), (0.5, 1, -1.0, False)]}, 1: LAST},
        {0: {0: [(np.float32(0.1), 1, -1.0, False)] * 10}, 1: LAST},  # sums to 1 to seven digits
        {0: {0: [(1.0, -1, -1.0, True)]}, 1: LAST},  # where an episode ends, any number will do
    ],
)
def test_a_clear_table_is_read(table: Any):
    model = from_table(table)
    assert list(model.state_names) == ["s0", "s1", "terminal"]
    assert dp.policy_iteration(model, 0.9).values.tolist() == pytest.approx([-1, 0, 0])


PAIR = "state 0, action 0:"
SUM = "state 's0', action 'a0': probabilities sum to 0.9; allowed: 1 within 1e-06"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({0: {0: [STEP]}, 2: LAST}, "state 's1' has no possible action; allowed: one or more (a "),
        ({0: {0: [STEP[:3]]}, 1: LAST}, f"{PAIR} not enough values to unpack (expected 4, got 3)"),
        ({(0, 0): {0: [STEP]}}, "transitions of a model of shape (2, 1): setting an array"),
        ({0: {"right": [STEP]}}, "state 0, action 'right': unsupported operand type"),
        ({0: {0: [(1.0, -1, 0.0, False)]}}, "transitions of a model of shape (2, 1): invalid"),
        ({0: {0: [("x", 1, 0.0, True)]}}, "probabilities: could not convert string to float"),
        ({0: {0: None}}, f"{PAIR} 'NoneType' object is not iterable; allowed: lists of"),
        ({0: None}, "the table: 'NoneType' object is not iterable; allowed: lists of"),
        ({0: {0: [(0.9, 1, 0.0, False)]}, 1: LAST}, SUM),
    ],
)
def test_a_table_that_means_nothing_is_refused_with_state_and_action(table: Any, message: str):
    assert refusal(from_table, table).startswith(message)


START = "initial_state_distrib"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({START: [1.0]}, f"{START} is [1.0]; allowed: a probability for each st"),
        ({START: [0.5, 0.6]}, f"{START}: probabilities sum to 1.1; allowed: 1 wit"),
        ({START: [1.5, -0.5]}, f"{START} is [1.5, -0.5]; allowed: a probability f"),
        ({START: ["a", "b"]}, f"{START}: could not convert string to float: 'a'"),
    ],
)
def test_an_environment_with_a_wrong_start_distribution_is_refused(
    change: dict, message: str, register: Any
):
    table = {0: {0: [STEP]}, 1: LAST}
    register(P=table)
    assert from_gymnasium("OfATest-v0").number_of_states == 3
    register(P=table, **change)
    for read in (from_gymnasium, lambda environment_id: toy_text(environment_id, 0.9)):
        assert refusal(read, "OfATest-v0").startswith(f"environment 'OfATest-v0': {message}")


@pytest.mark.parametrize(
    ("environment_id", "arguments", "message"),
    [
        ("CartPole-v1", {}, "it has no transition table P"),
        ("FrozenLak-v1", {}, "Did you mean: `FrozenLake`"),
        ("Taxi-v4", {"is_rainny": True}, "TypeError: .*unexpected keyword argument 'is_rainny'"),
        ("no_such_module:X-v0", {}, "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_an_environment_that_cannot_be_read_is_refused_in_one_line(
    environment_id: str, arguments: dict, message: str
):
    assert re.search(message, refusal(from_gymnasium, environment_id, **arguments))
