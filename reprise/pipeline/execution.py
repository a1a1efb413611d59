"""The section `execution` of params.yaml; processes that end together.

No stage depends on the section, as it changes no result: after a change no stage runs again.
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
    """The engine that runs packs."""

    engine: Literal["inline", "processes", "ray"]
    address: str | None  # HOST:PORT of a Ray cluster; null starts one on this machine
    workers: PositiveInt | None  # at most; null means one for each CPU, here or in the cluster


HERE = Execution(engine="processes", address=None, workers=None)

_current: ContextVar[Execution] = ContextVar("execution", default=HERE)
current = _current.get


@contextlib.contextmanager
def used(execution: Execution) -> Iterator[None]:
    """Run all packs inside on an engine."""
    token = _current.set(execution)
    try:
        yield
    finally:
        _current.reset(token)


def end_with(number: int, patience: float = 10) -> None:
    """End this process when another ends, even by kill -9.

    First comes an interrupt, then, after `patience` seconds, an immediate exit.
    """

    def follow() -> None:
        with contextlib.suppress(ProcessLookupError):
            select.select([os.pidfd_open(number)], [], [])
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(patience)
        os._exit(130)

    threading.Thread(target=follow, daemon=True).start()
