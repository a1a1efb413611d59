"""Problems: a model, its discount, and where its episodes begin.

Gymnasium's toy-text environments have a table, P[state][action] = [(probability, next state,
reward, terminated), ...], which their steps have to follow.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from numbers import Integral
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from reprise.tabular.mdp import MDP, divisors, from_transitions, numbers
from reprise.tabular.names import ModelError

TERMINAL = "terminal"


class Problem(NamedTuple):
    """A model, its name, its discount, and its episodes' start."""

    name: str
    mdp: MDP
    discount: float
    start: np.ndarray  # probability of each state to be the first of an episode, float64 [S]

    def start_value(self, values: np.ndarray) -> float:
        """Return an episode's expected return, from the states' values."""
        return float((self.start * values).sum())


def from_state(name: str, mdp: MDP, discount: float, start_state: str) -> Problem:
    """Return the problem with episodes that begin in one state."""
    start = np.zeros(mdp.number_of_states)
    start[mdp.state(start_state)] = 1.0
    return Problem(name, mdp, discount, start)


@cache  # to read a table takes longer than many a run
def toy_text(environment_id: str, discount: float) -> Problem:
    """Return a toy-text environment, beginning as `env.reset` does."""
    mdp, start = _read(environment_id)
    if start is None:
        raise ModelError(
            f"environment {environment_id!r} has no initial_state_distrib; allowed: toy-text "
            "environments that have one, such as FrozenLake-v1"
        )
    return Problem(environment_id, mdp, discount, start)


def from_gymnasium(environment_id: str, **arguments: Any) -> MDP:
    """Read the table `env.unwrapped.P` of a toy-text environment.

    The arguments are the environment's, such as map_name="8x8". Its time limit is left out.

    >>> from_gymnasium("FrozenLake-v1").number_of_states  # 16 fields, and the end
    17
    """
    return _read(environment_id, **arguments)[0]


def from_table(table: Any, states: int | None = None, actions: int | None = None) -> MDP:
    """Read a transition table of dictionaries or lists.

    A terminated transition leads to one more state, "terminal", the last, which is absorbing and
    worth 0: the table's next state counts for nothing where an episode ends. An action that a state
    does not list is impossible in it. States and actions are as many as occur by default.

    >>> from_table([[[(0.5, 0, -1.0, False), (0.5, 0, -1.0, True)]]]).rewards.tolist()
    [-1.0, -1.0, 0.0]
    """
    states = len(table) if states is None else states
    transitions, place = [], "the table"
    try:
        for state, row in _numbered(table, "state", states):
            place = f"state {state}"
            for action, outcomes in _numbered(row, "action", actions):
                place = f"state {state}, action {action}"
                for probability, successor, reward, terminated in outcomes:
                    if not (terminated or successor in range(states)):
                        raise ValueError(f"next state {successor!r} is none of 0 to {states - 1}")
                    end = states if terminated else int(successor)
                    transitions.append((state, action, end, float(probability), float(reward)))
    except (TypeError, ValueError) as error:
        allowed = "lists of (probability, next state, reward, terminated), by state and action"
        raise ModelError(f"{place}: {error}; allowed: {allowed}") from None
    if actions is None:
        actions = 1 + max((action for _, action, *_ in transitions), default=0)
    transitions += [(states, action, states, 1.0, 0.0) for action in range(actions)]
    return from_transitions(
        *zip(*transitions, strict=True),
        shape=(states + 1, actions),
        state_names=[*(f"s{state}" for state in range(states)), TERMINAL],
    )


def _numbered(rows: Any, kind: str, size: int | None) -> Iterator[tuple[int, Any]]:
    for number, row in rows.items() if isinstance(rows, Mapping) else enumerate(rows):
        if not isinstance(number, Integral) or (size and number not in range(size)):
            raise ValueError(f"{kind} {number!r} is none of 0 to {size - 1 if size else '...'}")
        yield int(number), row


def _read(environment_id: str, **arguments: Any) -> tuple[MDP, np.ndarray | None]:
    """Read a table, and the start distribution, [S], if any."""
    name = f"environment {environment_id!r}"
    try:
        environment = gymnasium.make(environment_id, disable_env_checker=True, **arguments)
    except Exception as error:
        kind = "" if isinstance(error, gymnasium.error.Error) else f"{type(error).__name__}: "
        raise ModelError(f"{name}: {' '.join(f'{kind}{error}'.split())}") from error
    with closing(environment):
        table = getattr(environment.unwrapped, "P", None)
        if not isinstance(table, Mapping | Sequence):
            raise ModelError(
                f"{name} has no transition table P; allowed: toy-text environments that have one, "
                "such as FrozenLake-v1, CliffWalking-v1, Taxi-v4"
            )
        spaces = environment.observation_space, environment.action_space
        sizes = (int(space.n) if isinstance(space, Discrete) else None for space in spaces)
        try:
            mdp = from_table(table, *sizes)
            return mdp, _start(environment, mdp)
        except ModelError as error:
            raise ModelError(f"{name}: {error}") from None


def _start(environment: gymnasium.Env, mdp: MDP) -> np.ndarray | None:
    given = getattr(environment.unwrapped, "initial_state_distrib", None)
    if given is None:
        return None
    name, size = "initial_state_distrib", mdp.number_of_states - 1
    start = numbers(name, given)
    if start.shape != (size,) or not (start >= 0).all():
        allowed = f"{size} probabilities, one for each state"
        raise ModelError(f"{name} is {start.tolist()}; allowed: {allowed}")
    start = np.append(start, 0.0)  # no episode begins in "terminal"
    start /= divisors(start.sum(keepdims=True), lambda _: f"{name}: probabilities")
    start.setflags(write=False)
    return start
