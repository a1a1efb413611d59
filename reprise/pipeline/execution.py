"""The section `execution` of params.yaml: how packs run.

No stage tracks it: the bytes are always the same, so a change makes no stage run again.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Literal

from reprise.hyperparameters import Frozen, PositiveInt

SECTION = "execution"
WORKERS = "REPRISE_WORKERS"


class Execution(Frozen):
    """The section of params.yaml."""

    engine: Literal["inline", "processes", "ray"]
    address: str | None  # HOST:PORT of a Ray cluster; without one, `ray` starts its own here
    workers: PositiveInt | None  # at most; by default one for each CPU, here or of the cluster


HERE = Execution(engine="processes", address=None, workers=None)

_current: ContextVar[Execution] = ContextVar("execution", default=HERE)
current = _current.get  # the engine in force


@contextlib.contextmanager
def used(execution: Execution) -> Iterator[None]:
    """Let all packs inside use an engine."""
    token = _current.set(execution)
    try:
        yield
    finally:
        _current.reset(token)
