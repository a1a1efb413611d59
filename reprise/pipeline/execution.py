"""The section `execution` of params.yaml, and the processes' lives.

No stage tracks it: the bytes are always the same, so a change makes no stage run again.
"""

import contextlib
import os
import select
import signal
import threading
import time
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


def end_with(number: int, patience: float = 10) -> None:
    """End this process with another, even by kill -9.

    It is interrupted first, and ended after `patience` seconds.
    """

    def follow() -> None:
        with contextlib.suppress(ProcessLookupError):
            select.select([os.pidfd_open(number)], [], [])
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(patience)
        os._exit(130)

    threading.Thread(target=follow, daemon=True).start()
