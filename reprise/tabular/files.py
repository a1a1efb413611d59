"""Hand-written models in YAML: read, and refused in one line that names the file and the place."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reprise.tabular.names import ModelError, checked_names, find

Model = TypeVar("Model")


def read_model(path: str | PathLike[str], build: Callable[[object], Model]) -> Model:
    """Read a file and build a model from what it holds.

    Args:
        path: a YAML file.
        build: from the content to the model; its ModelErrors name the place in the file.

    Raises:
        ModelError: as `build`, and if the file cannot be read or is no YAML; the message begins
        with the path.
    """
    try:
        content = YAML(typ="safe", pure=True).load(Path(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", error)
        raise ModelError(f"{path}: cannot be read: {reason}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: no YAML: {' '.join(str(error).split())}") from error
    try:
        return build(content)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def top_level(content: object, keys: Sequence[str]) -> dict[str, Any]:
    """Return a file's content if it is a mapping of exactly these keys."""
    content = mapping(content, keys, "key", "the file")
    for key in keys:
        if key not in content:
            raise ModelError(f"key {key!r} is missing; allowed: {', '.join(keys)}")
    return content


def listed_names(value: object, kind: str) -> Sequence[str]:
    """Return a file's list of names, such as its states.

    Args:
        value: what the file says.
        kind: "state" or "action".
    """
    if not isinstance(value, list) or not value:
        raise ModelError(f"{kind}s are {value!r}; allowed: a list of names, not empty")
    return checked_names(value, len(value), kind)


def mapping(value: object, known: Sequence[str], kind: str, place: str) -> dict[str, Any]:
    """Return the value if it is a mapping of known keys, else say what is wrong where."""
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
