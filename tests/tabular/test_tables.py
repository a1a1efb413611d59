"""Transition tables as users write them: read where the meaning is clear, else refused."""

from collections.abc import Callable, Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Discrete

from reprise.tabular.dynamic_programming import policy_iteration
from reprise.tabular.names import ModelError
from reprise.tabular.problems import from_gymnasium, toy_text
from reprise.tabular.tables import from_table

STEP = (1.0, 1, -1.0, False)  # to state 1
END = (1.0, 1, 0.0, True)
LAST = {0: [END]}


class Table(gymnasium.Env):
    """An environment that lives by its table, unless a test gives it other steps."""

    def __init__(
        self, P: Any, start: Any = (1.0, 0.0), first: Any = 0, play: Callable | None = None
    ) -> None:
        self.P, self.first, self.play = P, first, play
        self.observation_space, self.action_space = Discrete(2), Discrete(1)
        self.initial_state_distrib = start

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict]:
        super().reset(seed=seed)
        self.state = self.first
        return self.state, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        outcome = self.play(self.np_random) if self.play else self.P[self.state][action][0]
        _, self.state, reward, terminated = outcome
        return self.state, reward, terminated, False, {}


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Register an environment for one test, and return its id."""

    def register(**arguments: Any) -> str:
        monkeypatch.delitem(gymnasium.registry, "OfATest-v0", raising=False)
        gymnasium.register("OfATest-v0", entry_point=lambda **_: Table(**arguments))
        return "OfATest-v0"

    yield register
    gymnasium.registry.pop("OfATest-v0", None)


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
    model = from_table(table, 2, 1)
    assert list(model.state_names) == ["s0", "s1", "terminal"]
    assert policy_iteration(model, 0.9, 10).values.tolist() == pytest.approx([-1, 0, 0])


def test_a_table_is_read_without_any_space():
    model = from_table({0: {0: [STEP], 2: [STEP]}, 1: LAST})
    assert model.possible.tolist() == [[True, False, True], [True, False, False], [True] * 3]


def test_a_reward_on_leaving_counts():
    model = from_table({0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 10.0, True)]}})
    assert policy_iteration(model, 0.9, 10).values.tolist() == pytest.approx([9, 10, 0])


ALLOWED_NEXT = "allowed: 0 to 1, or any where the episode is terminated"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({0: {0: [STEP]}}, "state 's1' has no possible action; allowed: one or more (a terminal"),
        ({0: {0: [STEP]}, 2: LAST}, "the table: state 2; allowed: 0 to 1"),
        ({0: {0: [STEP[:3]]}, 1: LAST}, "state 0, action 0: outcome (1.0, 1, -1.0); allowed: (pro"),
        ({(0, 0): {0: [STEP]}}, "the table: state (0, 0); allowed: 0 to 1"),
        ({0: {"right": [STEP]}}, "state 0: action 'right'; allowed: 0 to 0"),
        ({0: {True: [STEP]}}, "state 0: action True; allowed: 0 to 0"),
        ([[[STEP]], [[END]], [[END]]], "the table: 3 states; allowed: 2"),
        ({0: {0: [(1.0, -1, 0.0, False)]}}, f"state 0, action 0: next state -1; {ALLOWED_NEXT}"),
        ({0: {0: [(1.0, "s1", 0.0, True)]}}, f"state 0, action 0: next state 's1'; {ALLOWED_NEXT}"),
        ({0: {0: [("x", 1, 0.0, True)]}}, "state 0, action 0: probability 'x' and reward 0.0; all"),
        ({0: {0: None}}, "state 0, action 0: None is no list; allowed: a list of outcomes"),
        ({0: None}, "state 0: NoneType; allowed: a dictionary or a list by action"),
        (
            {0: {0: [(0.9, 1, 0.0, False)]}, 1: LAST},
            "state 's0', action 'a0': probabilities sum to 0.9; allowed: 1 within 1e-06",
        ),
    ],
)
def test_a_table_that_means_nothing_is_refused_with_state_and_action(table: Any, message: str):
    with pytest.raises(ModelError) as caught:
        from_table(table, 2, 1)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


PAIR = "state 's0', action 'a0': a step led to state"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"play": lambda _: (1, 0, -1.0, False)},
            f"{PAIR} 's0' with reward -1, which is not in its table P; allowed: environments with "
            "steps that follow the table (tables.from_table reads a table alone)",
        ),
        ({"play": lambda _: (1, 1, 0.0, False)}, f"{PAIR} 's1' with reward 0, which is not in"),
        ({"first": 1}, "an episode begins in state 's1'; its probability in initial_state_dist"),
        ({"play": lambda _: 1 / 0}, "it cannot be played: ZeroDivisionError: division by zero"),
        ({"first": (0, 0)}, "it observes (0, 0); allowed: 0 to 1, the states of its table P"),
    ],
)
def test_an_environment_that_does_not_follow_its_table_is_refused(
    change: dict, message: str, register: Any
):
    table = {0: {0: [STEP]}, 1: LAST}
    assert from_gymnasium(register(P=table)).number_of_states == 3
    with pytest.raises(ModelError) as caught:
        from_gymnasium(register(P=table, **change))
    assert str(caught.value).startswith(f"environment 'OfATest-v0': {message}")


def test_steps_in_other_shares_than_those_of_the_table_are_refused(register: Any):
    outcomes = [(0.5, 0, -1.0, False), (0.5, 1, -1.0, True)]
    often = register(P={0: {0: outcomes}, 1: LAST}, play=lambda g: outcomes[g.random() < 0.6])
    with pytest.raises(ModelError, match=r"do not follow its table P: \d{4} of 5000 of prob"):
        from_gymnasium(often)


@pytest.mark.parametrize("start", [[1.0], [0.5, 0.6], [1.5, -0.5], ["a", "b"]])
def test_a_start_that_is_no_distribution_over_the_states_is_refused(start: Any, register: Any):
    environment_id = register(P={0: {0: [STEP]}, 1: LAST}, start=start)
    for read in (from_gymnasium, lambda environment_id: toy_text(environment_id, 0.9)):
        with pytest.raises(ModelError, match="environment 'OfATest-v0': initial_state_distrib"):
            read(environment_id)


def test_arguments_that_change_the_table_are_followed():
    for arguments, changed in (({}, False), ({"success_rate": 0.9}, True)):
        model = from_gymnasium("FrozenLake-v1", **arguments)
        assert np.isclose(model.transitions.data, 0.9).any() == changed


def test_a_fickle_passenger_is_not_in_the_table():
    with pytest.raises(ModelError, match=r"environment 'Taxi-v4': .* is not in its table P"):
        from_gymnasium("Taxi-v4", fickle_passenger=True, fickle_probability=0.05)


@pytest.mark.parametrize(
    ("environment_id", "arguments", "message"),
    [
        ("CartPole-v1", {}, "environment 'CartPole-v1' has no transition table P"),
        ("FrozenLak-v1", {}, "Did you mean: `FrozenLake`"),
        ("Taxi-v4", {"is_rainny": True}, "TypeError: .*unexpected keyword argument 'is_rainny'"),
        ("no_such_module:X-v0", {}, "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_an_environment_that_cannot_be_read_is_refused_in_one_line(
    environment_id: str, arguments: dict, message: str
):
    with pytest.raises(ModelError, match=message) as caught:
        from_gymnasium(environment_id, **arguments)
    assert "\n" not in str(caught.value)
