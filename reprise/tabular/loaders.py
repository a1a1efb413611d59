"""Models from YAML files, tables and Gymnasium's toy-text environments."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reprise.tabular.mdp import MDP, from_transitions
from reprise.tabular.names import ModelError, checked_names, find
from reprise.tabular.problems import from_gymnasium, from_table

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
    """

    def build(transitions: object, states: Sequence[str], actions: Sequence[str]) -> MDP:
        found = []
        s, a, t = ("state", "state", states), ("action", "action", actions), ("state", "successor")
        for place, at, cell in entries(transitions, (s, a, (*t, states))):
            cell = mapping(cell, ["probability", "reward"], "key", place)
            if "probability" not in cell:
                raise ModelError(f"{place}: key 'probability' is missing; allowed: from 0 to 1")
            probability = number(cell["probability"], f"{place}: probability")
            found.append((*at, probability, number(cell.get("reward", 0.0), f"{place}: reward")))
        cells = zip(*found, strict=True) if found else [()] * 5
        named = {"state_names": states, "action_names": actions}
        return from_transitions(*cells, shape=(len(states), len(actions)), **named)

    return read_model(path, ["states", "actions", "transitions"], build)


def read_model(
    path: str | PathLike[str], keys: Sequence[str], build: Callable[..., Model]
) -> Model:
    """Build a model from a file; errors name it."""
    try:
        content = mapping(YAML(typ="safe", pure=True).load(Path(path)), keys, "key", "the file")
        for key in keys:
            if key not in content:
                raise ModelError(f"key {key!r} is missing; allowed: {', '.join(keys)}")
        transitions = content.pop("transitions")
        for key, names in content.items():
            if not isinstance(names, list) or not names:
                raise ModelError(f"{key} are {names!r}; allowed: a list of names, not empty")
            checked_names(names, len(names), key.removesuffix("s"))
        return build(transitions, **content)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", error)
        raise ModelError(f"{path}: cannot be read: {reason}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: no YAML: {' '.join(str(error).split())}") from error


def entries(
    value: object, axes: Sequence[tuple[str, str, Sequence[str]]], place: str = ""
) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    """Yield the entries of nested mappings: place, indices, value.

    Each axis has the kind of its keys, their part in a transition, and the names allowed.
    """
    (kind, part, names), *inner = axes
    for name, row in mapping(value, names, kind, place or "transitions").items():
        here, at = f"{place}{', ' if place else ''}{part} {name!r}", (names.index(name),)
        if inner:
            yield from ((there, at + rest, x) for there, rest, x in entries(row, inner, here))
        else:
            yield here, at, row


def mapping(value: object, known: Sequence[str], kind: str, place: str) -> dict[str, Any]:
    """Return a mapping of known keys."""
    if not isinstance(value, Mapping):
        raise ModelError(f"{place}: {value!r} is no mapping; allowed: a mapping by {kind}")
    for key in value:
        find(key, known, kind, context=f"{place}: ")
    return dict(value)


def number(value: object, place: str) -> float:
    """Return a number as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"{place} is {value!r}; allowed: a number")
    return float(value)
