"""Transition tables as Gymnasium's toy-text environments have them.

A table is P[state][action] = [(probability, next state, reward, terminated), ...].
"""

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

from reprise.tabular.mdp import MDP, from_transitions
from reprise.tabular.names import ModelError

TERMINAL = "terminal"


def from_table(table: Any, states: int | None = None, actions: int | None = None) -> MDP:
    """Read a transition table: a dictionary or list by state, of dictionaries or lists by action.

    A terminated transition leads to one more state, "terminal", the last, which is absorbing and
    worth 0: the table's next state counts for nothing where an episode ends. An action that a state
    does not list is impossible in it.

    >>> from_table([[[(0.5, 0, -1.0, False), (0.5, 0, -1.0, True)]]]).rewards.tolist()
    [-1.0, -1.0, 0.0]

    Args:
        table: P, with states and actions numbered from 0.
        states: how many states there are; if None, as many as the table has.
        actions: how many actions there are; if None, up to the last that occurs.

    Raises:
        ModelError: naming state, action, the value and what is allowed.
    """
    states = len(table) if states is None and hasattr(table, "__len__") else states
    if not states:
        raise ModelError("the table has no state; allowed: one or more")
    transitions = []
    for state, row in _items(table, "state", states, "the table"):
        for action, outcomes in _items(row, "action", actions, f"state {state}"):
            pair = f"state {state}, action {action}"
            if not isinstance(outcomes, Sequence):
                raise ModelError(f"{pair}: {outcomes!r} is no list; allowed: a list of outcomes")
            for outcome in outcomes:
                transitions.append((state, action, *_outcome(outcome, states, pair)))
    if actions is None:
        actions = 1 + max((action for _, action, *_ in transitions), default=0)
    transitions += [(states, action, states, 1.0, 0.0) for action in range(actions)]
    return from_transitions(
        *zip(*transitions, strict=True),
        shape=(states + 1, actions),
        state_names=[*(f"s{state}" for state in range(states)), TERMINAL],
    )


def _items(rows: Any, kind: str, size: int | None, place: str) -> Iterator[tuple[int, Any]]:
    """Yield the entries of a dictionary or a list, each with its number."""
    if isinstance(rows, Mapping):
        for number, row in rows.items():
            known = isinstance(number, Integral) and not isinstance(number, bool)
            if not known or int(number) < 0 or (size and int(number) >= size):
                allowed = f"0 to {size - 1}" if size else "0, 1, 2, ..."
                raise ModelError(f"{place}: {kind} {number!r}; allowed: {allowed}")
            yield int(number), row
    elif isinstance(rows, Sequence) and not isinstance(rows, str):
        if size and len(rows) > size:
            raise ModelError(f"{place}: {len(rows)} {kind}s; allowed: {size}")
        yield from enumerate(rows)
    else:
        raise ModelError(
            f"{place}: {type(rows).__name__}; allowed: a dictionary or a list by {kind}"
        )


def _outcome(outcome: Any, states: int, pair: str) -> tuple[int, float, float]:
    """Return an outcome's successor, probability and reward."""
    if not isinstance(outcome, Sequence) or len(outcome) != 4:
        raise ModelError(
            f"{pair}: outcome {outcome!r}; allowed: (probability, next state, reward, terminated)"
        )
    probability, successor, reward, terminated = outcome
    if not isinstance(successor, Integral) or not (terminated or 0 <= int(successor) < states):
        raise ModelError(
            f"{pair}: next state {successor!r}; allowed: 0 to {states - 1}, "
            "or any where the episode is terminated"
        )
    try:
        return states if terminated else int(successor), float(probability), float(reward)
    except (TypeError, ValueError):
        raise ModelError(
            f"{pair}: probability {probability!r} and reward {reward!r}; allowed: numbers"
        ) from None
