"""Models from hand-written YAML files, transition tables and Gymnasium's toy-text environments."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reprise.tabular.mdp import MDP, from_transitions
from reprise.tabular.names import ModelError, checked_names, find
from reprise.tabular.problems import from_gymnasium
from reprise.tabular.tables import from_table

__all__ = ["from_gymnasium", "from_table", "from_yaml"]

Model = TypeVar("Model")


def from_yaml(path: str | PathLike[str]) -> MDP:
    """Read a model from a file such as data/inputs/three_state.yaml.

    The file has the lists `states` and `actions` and the mapping `transitions`: state, action,
    successor, and there a `probability` and, unless it is 0, a `reward`. An action that a state
    does not name is impossible in it.

    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> list(mdp.state_names), list(mdp.action_names)
    (['s0', 's1', 's2'], ['a0', 'a1', 'a2'])

    Raises:
        ModelError: as `from_transitions`, and if a key or a name is unknown; the message begins
            with the path.
    """
    return read_model(path, _from_mapping)


def _from_mapping(content: object) -> MDP:
    """Build a model from the content of a YAML file."""
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
                probability = number(cell["probability"], f"{there}: probability")
                reward = number(cell.get("reward", 0.0), f"{there}: reward")
                at = states.index(state), actions.index(action), states.index(successor)
                transitions.append((*at, probability, reward))
    return from_transitions(
        *(zip(*transitions, strict=True) if transitions else [()] * 5),
        shape=(len(states), len(actions)),
        state_names=states,
        action_names=actions,
    )


def read_model(path: str | PathLike[str], build: Callable[[object], Model]) -> Model:
    """Read a YAML file and build a model from its content; an error begins with the path."""
    try:
        return build(YAML(typ="safe", pure=True).load(Path(path)))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", error)
        raise ModelError(f"{path}: cannot be read: {reason}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: no YAML: {' '.join(str(error).split())}") from error


def top_level(content: object, keys: Sequence[str]) -> dict[str, Any]:
    """Return a file's content if it is a mapping of exactly these keys."""
    content = mapping(content, keys, "key", "the file")
    for key in keys:
        if key not in content:
            raise ModelError(f"key {key!r} is missing; allowed: {', '.join(keys)}")
    return content


def listed_names(value: object, kind: str) -> Sequence[str]:
    """Return a file's list of names, such as its states; the kind is "state" or "action"."""
    if not isinstance(value, list) or not value:
        raise ModelError(f"{kind}s are {value!r}; allowed: a list of names, not empty")
    return checked_names(value, len(value), kind)


def mapping(value: object, known: Sequence[str], kind: str, place: str) -> dict[str, Any]:
    """Return the value if it is a mapping of known keys, or a ModelError that names the place."""
    if not isinstance(value, Mapping):
        raise ModelError(f"{place}: {value!r} is no mapping; allowed: a mapping by {kind}")
    for key in value:
        find(key, known, kind, context=f"{place}: ")
    return dict(value)


def number(value: object, place: str) -> float:
    """Return the value as a float if it is a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"{place} is {value!r}; allowed: a number")
    return float(value)
