"""Refuses parameters that ask for more than a machine has.

A model of parameters yields its needs: memory, work, numbers to count to. Each is a lower bound,
computed from the parameters alone, so refused parameters cannot work. Nothing has started then.
"""

import math
import os
import resource
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import psutil

from reprise.errors import UserError

INT32 = 2**31 - 1  # what compiled programs count to
FLOAT32 = 2**24  # up to here float32 holds every whole number
CONTAINER = Path("/sys/fs/cgroup/memory.max")
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
YEAR = 365 * 24 * 3600 * 10**9  # nanoseconds

# Bytes that an object takes at the least. Measured: a generator 1,024, an environment of Gymnasium
# 3,100, a setting of a grid 3,400, a pack 250, a feature of a dense layer in a traced program
# 23,000.
GENERATOR, ENVIRONMENT, SETTING, PACK, FEATURE = 500, 1_000, 1_000, 100, 10_000

Given = Mapping[str, Any]
"""The values of parameters, by their names in their section."""


class Need(NamedTuple):
    """A lower bound of needed memory, time or count."""

    kind: Literal["memory", "work", "count"]
    what: str
    amount: int  # bytes, nanoseconds of one CPU, or a number
    given: Given
    most: int = 0  # the highest number of a counter


Needs = Iterator[Need]
memory, work, count = (partial(Need, kind) for kind in ("memory", "work", "count"))


class CapacityError(UserError):
    """Parameters that ask for more than there is."""


def product(*factors: Given) -> int:
    """Return the product of all values.

    >>> product({"episodes": 2, "seeds": 48}, {})
    96
    """
    return math.prod(value for given in factors for value in given.values())


def check(section: str, needs: Iterable[Need]) -> None:
    """Check that this machine suffices for a section's needs.

    Raises:
        CapacityError: names the parameters, their values, their need and the machine's limit.
    """
    most = {"memory": machine_memory(), "work": YEAR * (os.cpu_count() or 1)}
    for kind, what, amount, given, highest in needs:
        allowed = most.get(kind, highest)
        if amount <= allowed:
            continue
        reason = f"up to {_number(amount)}; allowed: at most {allowed}"
        if kind == "memory":
            reason = f"at least {_bytes(amount)} of memory; this machine has {_bytes(allowed)}"
        elif kind == "work":
            years = _number(amount * 10 // allowed / 10)
            reason = f"at least {years} years on this machine; allowed: up to 1 year"
        largest_first = sorted(given.items(), key=lambda item: -_size(item[1]))
        shown = ", ".join(f"{section}.{name} {_shown(value)}" for name, value in largest_first)
        raise CapacityError(f"{shown}: {what}: {reason}")


def machine_memory() -> int:
    """Return the bytes that this process can use."""
    limits = [psutil.virtual_memory().total + psutil.swap_memory().total]
    if (own := resource.getrlimit(resource.RLIMIT_AS)[0]) != resource.RLIM_INFINITY:
        limits.append(own)
    if CONTAINER.exists() and (most := CONTAINER.read_text("ascii").strip()).isdigit():
        limits.append(int(most))
    return min(limits)


def _bytes(size: int) -> str:
    """Return a size in words.

    >>> _bytes(25_276_059_648)
    '25.3 GB'
    """
    power = min(int(math.log10(max(size, 1))) // 3, 6)
    return f"{_number(size / 1000**power)} {UNITS[power]}"


def _number(value: float) -> str:
    """Return three digits, or those of a whole number."""
    return f"{value:,}" if isinstance(value, int) and value < 10**15 else f"{value:,.3g}"


def _shown(value: object) -> str:
    text = str(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _size(value: object) -> float:
    numbers = value if isinstance(value, tuple) else (value,)
    return max((n for n in numbers if isinstance(n, int | float)), default=0)
