"""Markov decision processes from YAML files and from Gymnasium's toy-text environments."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import gymnasium

from reprise.mdp.files import listed_names, mapping, number, read_model, top_level
from reprise.mdp.model import MDP, from_transitions
from reprise.mdp.names import ModelError

TERMINAL = "terminal"


def from_yaml(path: str | PathLike[str]) -> MDP:
    """Read a model from a file such as data/inputs/three_state.yaml.

    The file has the lists `states` and `actions` and the mapping `transitions`: state, action,
    successor, and there a `probability` and, unless it is 0, a `reward`. An action that a state
    does not name is impossible in it.

    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> list(mdp.state_names), list(mdp.action_names)
    (['s0', 's1', 's2'], ['a0', 'a1', 'a2'])

    Args:
        path: the file.

    Raises:
        ModelError: as `from_transitions`, and if a key or a name is unknown; the message begins
        with the path.
    """
    return read_model(path, _from_mapping)


def from_gymnasium(environment_id: str, **arguments: Any) -> MDP:
    """Read the transition table `env.unwrapped.P` of one of Gymnasium's toy-text environments.

    A terminated transition leads to one more state, "terminal", the last, which is absorbing and
    worth 0: nothing is bootstrapped from what the table says of the state in which an episode ends.
    Gymnasium's time limits are left out.

    >>> from_gymnasium("FrozenLake-v1").number_of_states  # 16 fields, and the end
    17

    Args:
        environment_id: such as "FrozenLake-v1".
        arguments: of the environment, such as map_name="8x8".

    Raises:
        ModelError: if there is no such environment, or it has no transition table.
    """
    try:
        environment = gymnasium.make(environment_id, **arguments)
    except gymnasium.error.Error as error:
        raise ModelError(
            f"environment {environment_id!r}: {' '.join(str(error).split())}"
        ) from error
    table = getattr(environment.unwrapped, "P", None)
    environment.close()
    if not isinstance(table, Mapping):
        raise ModelError(
            f"environment {environment_id!r} has no transition table P; allowed: toy-text "
            "environments that have one, such as FrozenLake-v1, CliffWalking-v1, Taxi-v4"
        )
    number_of_states = len(table)
    transitions = [
        (state, action, number_of_states if terminated else int(successor), probability, reward)
        for state, actions in table.items()
        for action, outcomes in actions.items()
        for probability, successor, reward, terminated in outcomes
    ]
    number_of_actions = 1 + max(action for _, action, *_ in transitions)
    transitions += [
        (number_of_states, action, number_of_states, 1.0, 0.0)
        for action in range(number_of_actions)
    ]
    return _from_tuples(
        transitions,
        [*(f"s{state}" for state in range(number_of_states)), TERMINAL],
        [f"a{action}" for action in range(number_of_actions)],
    )


def _from_mapping(content: object) -> MDP:
    """Build a model from what a YAML file says."""
    content = top_level(content, ["states", "actions", "transitions"])
    states = listed_names(content["states"], "state")
    actions = listed_names(content["actions"], "action")
    transitions = []
    for state, rows in mapping(content["transitions"], states, "state", "transitions").items():
        place = f"state {state!r}"
        for action, row in mapping(rows, actions, "action", place).items():
            pair = f"{place}, action {action!r}"
            for successor, cell in mapping(row, states, "state", pair).items():
                there = f"{pair}, successor {successor!r}"
                cell = mapping(cell, ["probability", "reward"], "key", there)
                if "probability" not in cell:
                    raise ModelError(f"{there}: key 'probability' is missing; allowed: from 0 to 1")
                transitions.append(
                    (
                        states.index(state),
                        actions.index(action),
                        states.index(successor),
                        number(cell["probability"], f"{there}: probability"),
                        number(cell.get("reward", 0.0), f"{there}: reward"),
                    )
                )
    return _from_tuples(transitions, states, actions)


def _from_tuples(
    transitions: Sequence[tuple[int, int, int, float, float]],
    state_names: Sequence[str],
    action_names: Sequence[str],
) -> MDP:
    """Build a model from tuples of state, action, successor, probability, reward."""
    columns = list(zip(*transitions, strict=True)) or [(), (), (), (), ()]
    return from_transitions(
        *columns,
        shape=(len(state_names), len(action_names)),
        state_names=state_names,
        action_names=action_names,
    )
