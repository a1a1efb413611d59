"""Worker processes of this machine, and what a worker of any engine says of a pack.

A worker takes a pack, answers, takes the next, and keeps what it has compiled. One that dies costs
the pack it had, which another worker then runs from the beginning.
"""

import contextlib
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Hashable
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.context import SpawnProcess
from os import _exit
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from reprise.errors import PlainError

if TYPE_CHECKING:
    from reprise.pipeline.packs import Pack

Task = Callable[["Pack"], Any]


class WorkerError(PlainError, RuntimeError):
    """A worker that died, again and again; the message names its pack."""


class Death(NamedTuple):
    """How a worker ended."""

    how: str


class Pool(Protocol):
    """Workers of an engine; a context manager that ends them."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def free(self, wanted: int) -> list[Hashable]:
        """Return at most so many workers that are free; start more if there is room."""
        ...

    def give(self, worker: Hashable, pack: "Pack") -> None:
        """Let a free worker run the task on a pack."""
        ...

    def answers(self, seconds: float) -> list[tuple[Hashable, bytes | Death]]:
        """Return who has answered what, or died; wait so long if nobody has."""
        ...


class ProcessPool:
    """Processes that are started afresh and that end with this one; Ctrl-C does not reach them."""

    def __init__(self, task: Task, count: int) -> None:
        """Start none yet.

        Args:
            task: a function at the top of a module, or a partial of one.
            count: how many processes at most.
        """
        self._task, self._count = task, count
        self._processes: dict[connection.Connection, SpawnProcess] = {}
        self._free: list[connection.Connection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for line, process in self._processes.items():
            process.kill()
            process.join()
            line.close()

    def free(self, wanted: int) -> list[Hashable]:
        """Return at most so many workers that are free."""
        while len(self._free) < wanted and len(self._processes) < self._count:
            self._free.append(self._start())
        return list(self._free[:wanted])

    def give(self, worker: Hashable, pack: "Pack") -> None:
        """Let a free worker run the task on a pack."""
        line = self._free.pop(self._free.index(worker))  # pyright: ignore[reportArgumentType]
        with contextlib.suppress(ConnectionError):  # a dead worker is found when it is listened to
            line.send(pack)

    def answers(self, seconds: float) -> list[tuple[Hashable, bytes | Death]]:
        """Return who has answered what, or died."""
        busy = [line for line in self._processes if line not in self._free]
        ready = connection.wait(busy, timeout=seconds)
        return [(line, self._received(line)) for line in busy if line in ready]

    def _received(self, line: connection.Connection) -> bytes | Death:
        try:
            answer = line.recv_bytes()
        except (EOFError, OSError):
            process = self._processes.pop(line)
            process.join()
            line.close()
            code = process.exitcode or 0
            if code >= 0:
                return Death(f"ended with exit code {code}")
            hint = "; is memory short?" if code == -signal.SIGKILL else ""
            return Death(f"was killed by {signal.Signals(-code).name}{hint}")
        self._free.append(line)
        return answer

    def _start(self) -> connection.Connection:
        """Start a worker in which Ctrl-C is blocked: this process ends it."""
        ours, theirs = get_context("spawn").Pipe()
        process = get_context("spawn").Process(
            target=_serve, args=(theirs, self._task), daemon=True
        )
        resource_tracker.ensure_running()  # starting it, as the first start does, unblocks Ctrl-C
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()
        self._processes[ours] = process
        return ours


class _WorkerTraceback(Exception):
    """Shows, as the cause of a task's exception, where in the worker it was raised."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def answer(task: Task, pack: "Pack") -> bytes:
    """Return what a task gives for a pack, or the exception it raises, as `opened` takes it."""
    try:
        return pickle.dumps((task(pack), None, ""))
    except Exception as error:
        trace = traceback.format_exc()
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 ours
            told = error
        except Exception:  # an exception whose constructor takes something else than its args
            told = RuntimeError(f"{type(error).__name__}: {error}")
        return pickle.dumps((None, told, trace))


def opened(answered: bytes, name: str) -> Any:
    """Return a worker's result, or raise the exception of its task.

    Args:
        answered: what `answer` returned in the worker.
        name: the pack's, for the exception.
    """
    result, error, trace = pickle.loads(answered)  # noqa: S301 our own process's
    if error is not None:
        error.add_note(name)
        raise error from _WorkerTraceback(trace)
    return result


def _serve(line: connection.Connection, task: Task) -> None:
    """Run the task on each pack that comes, until this process or its parent is ended."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, ConnectionError):  # the parent was killed just now
        while True:
            line.send_bytes(answer(task, line.recv()))


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent
    connection.wait([parent.sentinel])
    _exit(1)
