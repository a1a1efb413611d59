"""The section `execution` of params.yaml: the engine that runs packs, its place and its workers.

No stage tracks it: the bytes are always the same, so a change makes no stage run again.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Literal, Self

from pydantic import model_validator

from reprise.errors import UserError
from reprise.hyperparameters import Frozen, PositiveInt

SECTION = "execution"
WORKERS = "REPRISE_WORKERS"


class Execution(Frozen):
    """The section of params.yaml."""

    engine: Literal["inline", "processes", "ray"]
    address: str | None
    """HOST:PORT of a Ray cluster; without one, `ray` starts its own on this machine."""
    workers: PositiveInt | None
    """How many at most; without a number, one for each CPU of the machine or the cluster."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.address is None:
            return self
        if not re.fullmatch(r"[\w.-]+:\d{1,5}", self.address, flags=re.ASCII):
            raise ValueError(f"address is {self.address!r}; allowed: HOST:PORT, or null")
        if self.engine != "ray":
            raise ValueError(
                f"address is {self.address!r}; allowed: null, unless engine is ray (it is "
                f"{self.engine})"
            )
        return self


HERE = Execution(engine="processes", address=None, workers=None)

_current: ContextVar[Execution] = ContextVar("execution")


def current() -> Execution:
    """Return the engine in force: that of `used`, or else processes on this machine."""
    return _current.get(HERE)


@contextlib.contextmanager
def used(execution: Execution) -> Iterator[None]:
    """Let all packs inside use an engine."""
    token = _current.set(execution)
    try:
        yield
    finally:
        _current.reset(token)


def worker_count(workers: int | None = None) -> int | None:
    """Return the number of workers: given, from REPRISE_WORKERS, or from the parameters.

    Raises:
        UserError: if it is not a positive integer.
    """
    name, said = ("workers", workers) if workers is not None else (WORKERS, os.environ.get(WORKERS))
    if said is None:
        return current().workers
    if not re.fullmatch("[1-9][0-9]*", str(said)):
        shown = said if workers is not None else repr(said)
        raise UserError(f"{name} is {shown}; allowed: a positive integer")
    return int(said)


def cpu_count() -> int:
    """Return how many CPUs this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
