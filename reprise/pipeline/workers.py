"""Worker processes on this machine."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, resource_tracker
from typing import TYPE_CHECKING, Any, TypeVar

from reprise.errors import PlainError
from reprise.pipeline import orphans

if TYPE_CHECKING:
    from reprise.pipeline.packs import Pack

Task = Callable[["Pack"], Any]
Submit = Callable[["Pack"], Future[Any]]
E = TypeVar("E", bound=Exception)


class WorkerError(PlainError, RuntimeError):
    """A worker that died; the message says how."""


def noted(new: E, old: Exception) -> E:
    """Return an exception with the notes of another, which name packs."""
    new.__notes__ = getattr(old, "__notes__", [])
    return new


@contextlib.contextmanager
def processes(task: Task, count: int) -> Iterator[Submit]:
    """Open at most so many processes; they end with this block, or with this process."""
    resource_tracker.ensure_running()  # its start would unblock Ctrl-C in `submit`
    pool = ProcessPoolExecutor(
        count, get_context("spawn"), initializer=orphans.end_with, initargs=(os.getpid(), 0)
    )
    workers = pool._processes

    def submit(pack: "Pack") -> Future[Any]:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # workers inherit it
        try:
            return pool.submit(task, pack)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    try:
        yield submit
    except BrokenProcessPool as error:
        pool.shutdown()  # has ended the other workers by SIGTERM
        codes = {worker.exitcode for worker in workers.values()} - {0, -signal.SIGTERM}
        if not codes:
            raise  # an exception that cannot be pickled; the cause shows it
        hint = ", it was killed; is memory short?" if -signal.SIGKILL in codes else ""
        lost = WorkerError(f"a worker ended with exit code {codes.pop()}{hint}")
        raise noted(lost, error) from error
    finally:
        for worker in workers.values():
            worker.kill()
        pool.shutdown()
