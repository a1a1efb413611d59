"""Names of states and actions."""

import difflib
from collections.abc import Sequence

from reprise.errors import UserError

HINT_LIMIT = 10_000  # a search for the closest match among more names takes seconds


class ModelError(UserError, ValueError):
    """An impossible Markov decision process, chain or policy."""


def checked_names(names: Sequence[str] | None, size: int, kind: str) -> Sequence[str]:
    """Return names as a tuple, by default s0, s1, ..."""
    if names is None:
        return tuple(f"{kind[0]}{number}" for number in range(size))
    if len(names) != size:
        raise ModelError(f"there are {len(names)} {kind} names; allowed: {size}, one per {kind}")
    for name in names:
        if not isinstance(name, str) or not name:
            raise ModelError(f"{kind} name {name!r} is not a name; allowed: text, not empty")
    if len(set(names)) < size:
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ModelError(f"{kind} name {twice!r} occurs twice; allowed: each name once")
    return tuple(names)


def find(name: object, names: Sequence[str], kind: str, context: str = "") -> int:
    """Return a name's index; the context begins the error."""
    if isinstance(name, str) and name in names:
        return names.index(name)
    known = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    message = f"{context}unknown {kind} {name!r}; allowed: {known}"
    if len(names) <= HINT_LIMIT and (close := difflib.get_close_matches(str(name), names, 1, 0.5)):
        message += f"; closest match: {close[0]!r}"
    raise ModelError(message)


def quoted(name: str) -> str:
    """Return the name, quoted unless it is one word."""
    return name if name.isalnum() else repr(name)


def metric_keys(names: Sequence[str]) -> list[str]:
    """Return keys for metrics.json, where a dot would split them."""
    keys = [name.replace(".", "_") for name in names]
    if len(set(keys)) < len(names):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ModelError(f"two names are both {twice!r} in metrics.json; allowed: one")
    return keys
