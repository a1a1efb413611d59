"""Names of states and actions."""

from collections.abc import Sequence

import numpy as np

from reprise.errors import UserError, closest

HINT_LIMIT = 10_000  # among more names, the search for the closest match takes seconds


class ModelError(UserError, ValueError):
    """An impossible Markov decision process, chain or policy."""


def checked_names(names: Sequence[str] | None, size: int, kind: str) -> Sequence[str]:
    """Check names; return them, by default s0, s1, ..."""
    if names is None:
        return tuple(f"{kind[0]}{number}" for number in range(size))
    if len(names) != size:
        raise ModelError(f"there are {len(names)} {kind} names; allowed: {size}, one per {kind}")
    check_distinct(names, f"the {kind} names")
    return tuple(names)


def check_distinct(names: Sequence[str], what: str) -> None:
    """Check that no name occurs twice."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ModelError(f"{twice!r} occurs twice in {what}; allowed: each name once")


def find(name: str, names: Sequence[str], kind: str) -> int:
    """Return a name's index."""
    if name in names:
        return names.index(name)
    known = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    close = closest(name, names[:HINT_LIMIT])
    hint = f"; closest match: {close!r}" if close else ""
    raise ModelError(f"unknown {kind} {name!r}; allowed: {known}{hint}")


def first_state(name: str, names: Sequence[str], absorbing: np.ndarray) -> int:
    """Return the index of a start state, never absorbing."""
    state = find(name, names, "state")
    if absorbing[state]:
        allowed = ", ".join(np.array(names)[~absorbing][:6]) or "none"
        raise ModelError(f"start state {name!r} is absorbing; allowed: {allowed}")
    return state


def quoted(name: str) -> str:
    """Return the name, quoted unless it is one word."""
    return name if name.isalnum() else repr(name)


def metric_keys(names: Sequence[str]) -> list[str]:
    """Return keys for metrics.json, without dots, which split them."""
    keys = [name.replace(".", "_") for name in names]
    check_distinct(keys, "metrics.json")
    return keys
