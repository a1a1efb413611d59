"""The names of states and actions: numbered on demand, checked, and looked up with a hint."""

import difflib
from collections.abc import Sequence
from typing import overload

from reprise.errors import UserError

HINT_LIMIT = 10_000  # a search for the closest match among more names than this takes seconds


class ModelError(UserError, ValueError):
    """What a Markov decision process cannot be, named in one line."""


class NumberedNames(Sequence[str]):
    """The names s0, s1, ... of which none is stored, so that a million states carry no strings."""

    def __init__(self, prefix: str, size: int) -> None:
        """Name `size` things by the prefix and their number."""
        self._prefix = prefix
        self._size = size

    def __len__(self) -> int:
        """Return the number of names."""
        return self._size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        """Return the name of one number, or those of a slice."""
        numbers = range(self._size)[index]
        if isinstance(numbers, range):
            return tuple(f"{self._prefix}{number}" for number in numbers)
        return f"{self._prefix}{numbers}"


def checked_names(names: Sequence[str] | None, size: int, kind: str) -> Sequence[str]:
    """Return the names as a tuple, or numbered ones if there are none.

    Args:
        names: one name for each state or action, or None.
        size: how many there must be.
        kind: "state" or "action"; its first letter is the prefix of numbered names.

    Raises:
        ModelError: if their number is wrong, one is no text, or one occurs twice.
    """
    if names is None:
        return NumberedNames(kind[0], size)
    if len(names) != size:
        raise ModelError(f"there are {len(names)} {kind} names; allowed: {size}, one per {kind}")
    seen: set[str] = set()
    for name in names:
        if not isinstance(name, str) or not name:
            raise ModelError(f"{kind} name {name!r} is not a name; allowed: text, not empty")
        if name in seen:
            raise ModelError(f"{kind} name {name!r} occurs twice; allowed: each name once")
        seen.add(name)
    return tuple(names)


def quoted(name: str) -> str:
    """Return the name, quoted unless it is one word: names side by side can then be told apart.

    >>> print(quoted("a0"), quoted("run it"))
    a0 'run it'
    """
    return name if name.isalnum() else repr(name)


def metric_keys(names: Sequence[str], kind: str) -> list[str]:
    """Return the key of each name in metrics.json, where a dot would part two keys: "_" for a dot.

    Args:
        names: as of a model's states.
        kind: "state" or "action".

    Raises:
        ModelError: if two names have the same key.
    """
    keys = [name.replace(".", "_") for name in names]
    for place, key in enumerate(keys):
        if (first := keys.index(key)) < place:
            raise ModelError(
                f"{kind} names {names[first]!r} and {names[place]!r} are both {key!r} in "
                "metrics.json; allowed: names that differ by more than a dot for a _"
            )
    return keys


def find(name: object, names: Sequence[str], kind: str, context: str = "") -> int:
    """Return the index of a name.

    Args:
        name: what is looked for.
        names: the known names.
        kind: what they name, for the message.
        context: how the message begins, such as the place where the name was read.

    Raises:
        ModelError: if it is not among them, with the closest match.
    """
    if isinstance(name, str) and name in names:
        return names.index(name)
    known = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    message = f"{context}unknown {kind} {name!r}; allowed: {known}"
    if len(names) <= HINT_LIMIT and (close := difflib.get_close_matches(str(name), names, 1, 0.5)):
        message += f"; closest match: {close[0]!r}"
    raise ModelError(message)
