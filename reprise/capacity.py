"""Refuses, before anything starts, parameters that ask for more than a machine has.

A model of parameters yields its needs: memory, work, numbers to count to. Each is a lower bound,
computed from the parameters alone, so refused parameters cannot work.
"""

import math
import os
import resource
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from reprise.errors import UserError

INT32 = 2**31 - 1  # what compiled programs count to
FLOAT32 = 2**24  # up to here float32 holds every whole number
YEAR = 365 * 24 * 3600 * 10**9  # nanoseconds

# Bytes that an object takes at the least. Measured: a generator 1,024, an environment of Gymnasium
# 3,100, a setting of a grid 3,400, a pack 250, a feature of a dense layer in a traced program
# 23,000.
GENERATOR, ENVIRONMENT, SETTING, PACK, FEATURE = 500, 1_000, 1_000, 100, 10_000

Given = Mapping[str, object]
"""The values of parameters, by their names in their section."""


class Need(NamedTuple):
    """A lower bound of the memory, time or count that parameters need."""

    kind: Literal["memory", "work", "count"]
    what: str
    amount: int
    """Bytes, nanoseconds of one CPU, or a number."""
    given: Given
    most: int = 0
    """The highest number of a counter."""


class CapacityError(UserError):
    """Parameters that ask for more than there is; the message is one line."""


def memory(what: str, size: int, given: Given) -> Need:
    """Return the need of memory, in bytes."""
    return Need("memory", what, size, given)


def work(what: str, steps: int, given: Given, nanoseconds: int = 1) -> Need:
    """Return the need of time for steps that each take at least so many nanoseconds."""
    return Need("work", what, steps * nanoseconds, given)


def count(what: str, number: int, most: int, given: Given) -> Need:
    """Return the need to count to a number with a counter that ends at `most`."""
    return Need("count", what, number, given, most)


def product(*factors: Given) -> int:
    """Return the product of all values.

    >>> product({"episodes": 2, "seeds": 48}, {})
    96
    """
    return math.prod(value for given in factors for value in given.values())  # pyright: ignore


def check(section: str, needs: Iterable[Need]) -> None:
    """Check that this machine is large enough.

    Args:
        section: the name of the parameters' section.
        needs: their needs.

    Raises:
        CapacityError: names the parameters, their values, their need and the machine's limit.
    """
    most = {"memory": machine_memory(), "work": YEAR * (os.cpu_count() or 1)}
    for need in needs:
        allowed = most.get(need.kind, need.most)
        if need.amount > allowed:
            given = sorted(need.given.items(), key=lambda item: -_size(item[1]))
            shown = ", ".join(f"{section}.{name} {_shown(value)}" for name, value in given)
            match need.kind:
                case "memory":
                    asked = f"at least {_bytes(need.amount)} of memory"
                    reason = f"{asked}; this machine has {_bytes(allowed)}"
                case "work":
                    years = _number(need.amount * 10 // allowed / 10)
                    reason = f"at least {years} years on this machine; allowed: up to 1 year"
                case "count":
                    reason = f"up to {_number(need.amount)}; allowed: at most {allowed}"
            raise CapacityError(f"{shown}: {need.what}: {reason}")


def machine_memory() -> int:
    """Return the most bytes this process can use: RAM and swap, or a lower limit."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") + _swap()
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    own = [] if limit == resource.RLIM_INFINITY else [limit]
    return min([installed, *own, *_cgroup_limits()])


def _swap() -> int:
    lines = _read(Path("/proc/meminfo")).splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("SwapTotal:"))


def _cgroup_limits() -> Iterator[int]:
    """Yield the memory limits of this process's control group and of its parents.

    With swap, a group may use more than its limit.
    """
    if _swap():
        return
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            root, name = Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"
        elif not controllers:
            root, name = Path("/sys/fs/cgroup"), "memory.max"
        else:
            continue
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):
            if (text := _read(folder / name).strip()).isdigit():
                yield int(text)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


def _bytes(size: int) -> str:
    """Return a size in words.

    >>> _bytes(25_276_059_648)
    '25.3 GB'
    """
    power = min(int(math.log10(max(size, 1))) // 3, 6)
    unit = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")[power]
    return f"{_number(size / 1000**power)} {unit}"


def _number(value: float) -> str:
    """Return a number with three digits, or all of a whole one if they are few."""
    return f"{value:,}" if isinstance(value, int) and value < 10**15 else f"{value:,.3g}"


def _size(value: object) -> float:
    """Return the size of a parameter; the largest is named first."""
    numbers = value if isinstance(value, tuple) else (value,)
    return max((n for n in numbers if isinstance(n, int | float)), default=0)


def _shown(value: object) -> str:
    text = str(list(value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
