"""Cuts lanes into packs and runs them: here, or on processes of their own.

A pack is what is compiled, reported and sent to a worker. Its result depends on nothing but the
pack: not on the number of workers, not on the order of completion, not on further packs.
"""

import contextlib
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple, TypeVar

from reprise.errors import PlainError, UserError
from reprise.pipeline.progress import Progress

WORKERS = "REPRISE_WORKERS"

R = TypeVar("R")


class Pack(NamedTuple):
    """A number of consecutive lanes, all of one variant of an experiment."""

    index: int
    first: int
    size: int
    variant: str = ""
    program: Hashable = None
    """What is compiled for it; a worker prefers packs of the program that it has."""

    @property
    def lanes(self) -> range:
        """Return the numbers of its lanes, counted over all packs of its variant."""
        return range(self.first, self.first + self.size)


class WorkerError(PlainError, RuntimeError):
    """A worker that died; the message names its pack."""


def cut(
    packs: int, lanes_per_pack: int, variants: Mapping[str, Hashable] | None = None
) -> list[Pack]:
    """Return packs of equal size, one after the other.

    Args:
        packs: how many, of each variant if there are any.
        lanes_per_pack: the size of each.
        variants: the names of an experiment's variants, and what is compiled for each.

    Raises:
        ValueError: if there would be no pack, or no lane in one.
    """
    if packs < 1 or lanes_per_pack < 1:
        raise ValueError(f"{packs} packs of {lanes_per_pack} lanes; allowed: at least 1 of 1")
    each = [
        (number * lanes_per_pack, lanes_per_pack, variant, program)
        for variant, program in ({"": None} if variants is None else variants).items()
        for number in range(packs)
    ]
    return [Pack(index, *pack) for index, pack in enumerate(each)]


def by_variant(packs: Sequence[Pack], results: Sequence[R]) -> dict[str, list[R]]:
    """Return the results of each variant's packs, in their order."""
    grouped: dict[str, list[R]] = {}
    for pack, result in zip(packs, results, strict=True):
        grouped.setdefault(pack.variant, []).append(result)
    return grouped


def run(
    task: Callable[[Pack], R],
    packs: Sequence[Pack],
    workers: int | None = None,
    *,
    label: str = "packs",
    describe: Callable[[list[R]], str] | None = None,
) -> list[R]:
    """Return the task's result for each pack, in the order of the packs.

    With one worker, or one pack, the task runs in this process; otherwise in processes that are
    started afresh and that end with this one.

    Args:
        task: a function at the top of a module, or a partial of one.
        packs: what to run it on.
        workers: how many processes at most; by default the environment variable REPRISE_WORKERS,
            or else as many as there are CPUs for this process.
        label: what the progress is called, the stage's name.
        describe: from the results so far, in the order of their packs, to the metric so far.

    Raises:
        UserError: if the number of workers is not a positive integer.
        WorkerError: if a worker died.
    """
    count = min(worker_count(workers), len(packs))
    stream = _inline(task, packs) if count <= 1 else _on_processes(task, packs, count)
    results: dict[int, R] = {}
    with contextlib.closing(stream), Progress(label, len(packs)) as progress:
        for finished in stream:
            if finished is None:
                progress.tick()
                continue
            place, result = finished
            results[place] = result
            so_far = [results[key] for key in sorted(results)]
            progress.advance(describe(so_far) if describe else "")
    return [results[place] for place in range(len(packs))]


def worker_count(workers: int | None = None) -> int:
    """Return how many workers to use: the given number, or what the environment says."""
    if workers is not None:
        if workers < 1:
            raise UserError(f"workers is {workers}; allowed: a positive integer")
        return workers
    text = os.environ.get(WORKERS)
    if text is None:
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity else os.cpu_count() or 1
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise UserError(f"{WORKERS} is {text!r}; allowed: a positive integer")
    return int(text)


# The place of a pack and its result, as each is done; None when none was for a second.
Finished = Generator[tuple[int, R] | None, None, None]


def _inline(task: Callable[[Pack], R], packs: Sequence[Pack]) -> Finished[R]:
    for place, pack in enumerate(packs):
        try:
            result = task(pack)
        except Exception as error:
            error.add_note(_named(packs, place))
            raise
        yield place, result


def _on_processes(task: Callable[[Pack], R], packs: Sequence[Pack], count: int) -> Finished[R]:
    waiting = list(range(len(packs)))
    workers: dict[connection.Connection, SpawnProcess] = {}
    busy: dict[connection.Connection, int] = {}
    latest: dict[connection.Connection, Hashable] = {}  # what a worker compiled last
    begun: set[Hashable] = set()

    def give(line: connection.Connection) -> None:
        def compiles(place: int) -> tuple[bool, bool]:
            program = packs[place].program
            return line not in latest or program != latest[line], program in begun

        busy[line] = min(waiting, key=compiles)  # the first among equals
        waiting.remove(busy[line])
        latest[line] = packs[busy[line]].program
        begun.add(latest[line])
        with contextlib.suppress(ConnectionError):  # a dead worker is found when it is listened to
            line.send(packs[busy[line]])

    try:
        for _ in range(count):
            line, process = _start(task)
            workers[line] = process
            give(line)
        while busy:
            ready = connection.wait(list(busy), timeout=1)
            if not ready:
                yield None
            for line in [line for line in busy if line in ready]:
                place = busy.pop(line)
                result = _received(line, workers[line], _named(packs, place))
                if waiting:
                    give(line)
                yield place, result
    finally:
        for line, process in workers.items():
            process.kill()
            process.join()
            line.close()


def _start(task: Callable[[Pack], R]) -> tuple[connection.Connection, SpawnProcess]:
    """Start a worker in which Ctrl-C is blocked: this process ends it."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=(theirs, task), daemon=True)
    resource_tracker.ensure_running()  # starting it, as the first start does, would unblock Ctrl-C
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    theirs.close()
    return ours, process


def _received(line: connection.Connection, process: SpawnProcess, name: str) -> Any:
    try:
        answer = line.recv_bytes()
    except (EOFError, OSError):
        process.join()
        code = process.exitcode or 0
        if code < 0:
            died = f"was killed by {signal.Signals(-code).name}"
            hint = "; is memory short?" if code == -signal.SIGKILL else ""
        else:
            died, hint = f"ended with exit code {code}", ""
        raise WorkerError(f"the worker of {name} {died}{hint}") from None
    result, error, trace = pickle.loads(answer)
    if error is not None:
        error.add_note(name)
        raise error from _WorkerTraceback(trace)
    return result


class _WorkerTraceback(Exception):
    """Shows, as the cause of a task's exception, where in the worker it was raised."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def _serve(line: connection.Connection, task: Callable[[Pack], R]) -> None:
    """Run the task on each pack that comes, until this process or its parent is ended."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        line.send_bytes(_answer(task, line.recv()))


def _answer(task: Callable[[Pack], R], pack: Pack) -> bytes:
    try:
        return pickle.dumps((task(pack), None, ""))
    except Exception as error:
        trace = traceback.format_exc()
        try:
            pickle.loads(pickle.dumps(error))
            told = error
        except Exception:  # an exception whose constructor takes something else than its args
            told = RuntimeError(f"{type(error).__name__}: {error}")
        return pickle.dumps((None, told, trace))


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent
    connection.wait([parent.sentinel])
    os._exit(1)


def _named(packs: Sequence[Pack], place: int) -> str:
    lanes, variant = packs[place].lanes, packs[place].variant
    of = f"{variant}, " if variant else ""
    return f"pack {place + 1} of {len(packs)}, {of}lanes {lanes[0]} to {lanes[-1]}"
