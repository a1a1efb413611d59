"""The section `execution` of params.yaml: how packs run.

No stage tracks it: the bytes are always the same, so a change makes no stage run again.
"""

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Literal, Self

from pydantic import model_validator

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
    def _has_an_address_for_ray(self) -> Self:
        if self.address is None:
            return self
        said = f"address is {self.address!r}; allowed: "
        if not re.fullmatch(r"[\w.-]+:\d{1,5}", self.address, flags=re.ASCII):
            raise ValueError(f"{said}HOST:PORT, or null")
        if self.engine != "ray":
            raise ValueError(f"{said}null, unless engine is ray (it is {self.engine})")
        return self


HERE = Execution(engine="processes", address=None, workers=None)

_current: ContextVar[Execution] = ContextVar("execution", default=HERE)
current = _current.get
"""Return the engine in force."""


@contextlib.contextmanager
def used(execution: Execution) -> Iterator[None]:
    """Let all packs inside use an engine."""
    token = _current.set(execution)
    try:
        yield
    finally:
        _current.reset(token)
