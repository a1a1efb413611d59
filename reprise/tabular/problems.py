"""Problems: a model, its discount, and where its episodes begin.

Gymnasium's toy-text environments have a transition table, which decides their steps:

    P[state][action] = [(probability, next state, reward, terminated), ...]
"""

from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from reprise.tabular.mdp import MDP, check_sums, from_transitions, numbers
from reprise.tabular.names import ModelError

TERMINAL = "terminal"
START = "initial_state_distrib"  # an attribute of toy-text environments


class Problem(NamedTuple):
    """A model, its discount, and the start of its episodes."""

    name: str
    mdp: MDP
    discount: float
    start: np.ndarray  # probability that an episode begins in each state, float64 [S]

    def start_value(self, values: np.ndarray) -> float:
        """Compute the expected return of an episode from state values."""
        return float((self.start * values).sum())


def from_state(name: str, mdp: MDP, discount: float, start_state: str) -> Problem:
    """Return a problem with episodes that begin in one state."""
    start = np.zeros(mdp.number_of_states)
    start[mdp.state(start_state)] = 1.0
    return Problem(name, mdp, discount, start)


@cache  # reading a table can take longer than learning
def toy_text(environment_id: str, discount: float) -> Problem:
    """Return a toy-text environment, with the start of `env.reset`."""
    mdp, start = _read(environment_id)
    return Problem(environment_id, mdp, discount, start)


def from_gymnasium(environment_id: str, **arguments: Any) -> MDP:
    """Read the table `env.unwrapped.P` of a toy-text environment.

    The arguments are the environment's, such as map_name="8x8". The time limit is ignored.

    >>> from_gymnasium("FrozenLake-v1").number_of_states  # 16 fields, and the end
    17
    """
    return _read(environment_id, **arguments)[0]


def from_table(table: Any) -> MDP:
    """Read a transition table of dictionaries or lists.

    One more state, "terminal", is added as the last; it is absorbing and has the value 0.
    Terminated transitions lead there instead of to the table's next state. Actions that a state
    does not list are impossible in it.

    >>> from_table([[[(0.5, 0, -1.0, False), (0.5, 0, -1.0, True)]]]).rewards.tolist()
    [-1.0, -1.0, 0.0]
    """
    transitions, place = [], "the table"
    try:
        states = len(table)
        for state, row in _numbered(table):
            for action, outcomes in _numbered(row):
                place = f"state {state!r}, action {action!r}"
                for probability, successor, reward, terminated in outcomes:
                    end = states if terminated else successor
                    transitions.append((state, action, end, probability, reward))
        actions = 1 + max(action for _, action, *_ in transitions)
    except (TypeError, ValueError) as error:
        allowed = "lists of (probability, next state, reward, terminated), by state and action"
        raise ModelError(f"{place}: {error}; allowed: {allowed}") from None
    transitions += [(states, action, states, 1.0, 0.0) for action in range(actions)]
    return from_transitions(
        *zip(*transitions, strict=True),
        shape=(states + 1, actions),
        state_names=[*(f"s{state}" for state in range(states)), TERMINAL],
    )


def _numbered(rows: Any) -> Iterable[tuple[int, Any]]:
    return rows.items() if isinstance(rows, Mapping) else enumerate(rows)


def _read(environment_id: str, **arguments: Any) -> tuple[MDP, np.ndarray]:
    """Read a table and the start's probabilities, [S]."""
    try:
        environment = gymnasium.make(environment_id, disable_env_checker=True, **arguments)
        with closing(environment):
            table = getattr(environment.unwrapped, "P", None)
            if table is None:
                raise ModelError("it has no transition table P; allowed: toy-text environments")
            mdp = from_table(table)
            start = numbers(START, environment.get_wrapper_attr(START))
        start = np.append(start, 0.0)  # no episode begins in "terminal"
        if start.shape != (mdp.number_of_states,) or not (start >= 0).all():
            allowed = "a probability for each state"
            raise ModelError(f"{START} is {start[:-1].tolist()}; allowed: {allowed}")
        check_sums(start.sum(keepdims=True), lambda _: START)
    except Exception as error:
        kind = "" if isinstance(error, ModelError) else f"{type(error).__name__}: "
        reason = " ".join(f"{kind}{error}".split())
        raise ModelError(f"environment {environment_id!r}: {reason}") from error
    start.setflags(write=False)
    return mdp, start
