"""Markov decision processes from YAML files and from Gymnasium's toy-text environments."""

from os import PathLike
from typing import Any

from reprise.tabular.files import listed_names, mapping, number, read_model, top_level
from reprise.tabular.model import MDP, from_tuples
from reprise.tabular.names import ModelError
from reprise.tabular.tables import TERMINAL, from_table, read_environment

__all__ = ["TERMINAL", "from_gymnasium", "from_table", "from_yaml"]


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

    It is read as by `tables.from_table`; Gymnasium's time limits are left out.

    >>> from_gymnasium("FrozenLake-v1").number_of_states  # 16 fields, and the end
    17

    A sample of steps of the environment is compared with its table.

    Args:
        environment_id: such as "FrozenLake-v1".
        arguments: of the environment, such as map_name="8x8".

    Raises:
        ModelError: if there is no such environment, it has no transition table, or its steps do not
        follow the table.
    """
    return read_environment(environment_id, **arguments)[0]


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
    return from_tuples(transitions, states, actions)
