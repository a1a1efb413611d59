"""Packs of seeds, run here, on processes or on Ray.

A pack is what is compiled, reported and sent to a worker. Its result depends on nothing but the
pack: not on the engine, the number of workers, the order of completion or further packs.
"""

import contextlib
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from multiprocessing import get_context, resource_tracker
from typing import Any, NamedTuple, TypeVar

import psutil

from reprise.errors import PlainError, UserError
from reprise.pipeline import checkpoints, execution
from reprise.pipeline.execution import WORKERS
from reprise.pipeline.progress import duration

BAR = "{desc}: {bar:20} {n_fmt} of {total_fmt} packs, {elapsed}{postfix}"

R = TypeVar("R")


class WorkerError(PlainError, RuntimeError):
    """A worker that died; the message says how."""


class Pack(NamedTuple):
    """Consecutive seeds, all of one variant of an experiment."""

    index: int
    first: int
    size: int
    variant: str = ""

    @property
    def seeds(self) -> range:
        """Return its seeds' numbers, counted over its variant's packs."""
        return range(self.first, self.first + self.size)

    @property
    def shown(self) -> str:
        """Return its variant and its seeds in words."""
        of = f"{self.variant}, " if self.variant else ""
        return f"{of}seeds {self.seeds[0]} to {self.seeds[-1]}"


def cut(
    seeds: int | Callable[[str], int], pack_size: int, variants: Iterable[str] = ("",)
) -> list[Pack]:
    """Return packs of each variant's seeds, the last maybe smaller.

    >>> [list(pack.seeds) for pack in cut(seeds=5, pack_size=3)]
    [[0, 1, 2], [3, 4]]
    """
    numbers = {variant: seeds(variant) if callable(seeds) else seeds for variant in variants}
    each = [(v, first, n) for v, n in numbers.items() for first in range(0, n, pack_size)]
    return [
        Pack(index, first, min(pack_size, number - first), variant)
        for index, (variant, first, number) in enumerate(each)
    ]


def by_variant(packs: Sequence[Pack], results: Sequence[R]) -> dict[str, list[R]]:
    """Return the results of each variant's packs, in their order."""
    grouped: dict[str, list[R]] = {}
    for pack, result in zip(packs, results, strict=True):
        grouped.setdefault(pack.variant, []).append(result)
    return grouped


def run(
    task: Callable[[Pack], R],
    packs: Sequence[Pack],
    *,
    label: str = "packs",
    describe: Callable[[list[R]], str] | None = None,
) -> list[R]:
    """Return the task's result for each pack, in their order.

    While a stage runs, finished packs are kept for its next run, should this one be interrupted.

    The task is a function at the top of a module, or a partial of one. `describe` returns the
    metric so far, from the results so far in the order of their packs. A UserError says that the
    number of workers is not a positive integer or that no cluster answers, a WorkerError that a
    worker died; notes name the packs that it may have run.
    """
    from tqdm import tqdm  # here, as loading takes long

    files = checkpoints.files(task, packs)
    found = map(checkpoints.read, files)
    results = {place: result for place, result in enumerate(found) if result is not None}
    if results:
        kept = f"{len(results)} of {len(packs)} packs are kept from before"
        print(f"{label}: {kept}", file=sys.stderr)
    missing = [place for place in range(len(packs)) if place not in results]
    engine, most = _engine(task, len(missing))
    waiting, running = iter(missing), dict[Future[R], int]()
    start = time.monotonic()
    bar = tqdm(
        total=len(packs), initial=len(results), desc=label, bar_format=BAR, leave=False,
        disable=None,  # unless this is a terminal
    )  # fmt: skip
    with bar, engine as submit:
        while True:
            for place in islice(waiting, most - len(running)):
                running[submit(packs[place])] = place
            if not running:
                break
            for future in wait(running, timeout=1, return_when=FIRST_COMPLETED).done:
                place = running[future]
                try:
                    results[place] = future.result()
                except Exception as error:
                    lost = running.values() if isinstance(error, BrokenExecutor) else [place]
                    names = (f"pack {n + 1} of {len(packs)}, {packs[n].shown}" for n in lost)
                    error.add_note(" or ".join(names))
                    raise
                del running[future]
                if files:
                    checkpoints.write(files[place], results[place])
                metric = describe([results[key] for key in sorted(results)]) if describe else ""
                bar.set_postfix_str(metric, refresh=False)
                bar.update()
                if bar.disable:
                    said = f"{label}: {len(results)} of {len(packs)} packs done, "
                    said += duration(time.monotonic() - start) + (metric and f", {metric}")
                    print(said, file=sys.stderr, flush=True)
            bar.refresh()
    return [results[place] for place in range(len(packs))]


Submit = Callable[[Pack], Future[Any]]


def _engine(
    task: Callable[[Pack], Any], count: int
) -> tuple[contextlib.AbstractContextManager[Submit], int]:
    """Return the engine for so many packs, and its workers."""
    used = execution.current()
    said = os.environ.get(WORKERS)
    if said is not None and not re.fullmatch("[1-9][0-9]*", said):
        raise UserError(f"{WORKERS} is {said!r}; allowed: a positive integer")
    asked = int(said) if said else used.workers
    most = max(1, min(asked or len(os.sched_getaffinity(0)), count))
    if used.engine == "ray" and count:
        from reprise.pipeline.ray_cluster import cluster  # here, as Ray takes a second

        return cluster(task, used.address, most), count if used.address and not asked else most
    if used.engine == "processes" and most > 1:
        return _processes(task, most), most
    return contextlib.nullcontext(partial(_here, task)), 1


def _here(task: Callable[[Pack], R], pack: Pack) -> Future[R]:
    """Run a task in this process."""
    future: Future[R] = Future()
    try:
        future.set_result(task(pack))
    except Exception as error:
        future.set_exception(error)
    return future


@contextlib.contextmanager
def _processes(task: Callable[[Pack], Any], count: int) -> Iterator[Submit]:
    """Open processes that end with this block or this process."""
    resource_tracker.ensure_running()  # its start would unblock Ctrl-C in `submit`
    pool = ProcessPoolExecutor(
        count, get_context("spawn"), initializer=end_with, initargs=(os.getpid(), 0)
    )
    workers = pool._processes

    def submit(pack: Pack) -> Future[Any]:
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
        raise lost from error
    finally:
        for worker in workers.values():
            worker.kill()
        pool.shutdown()


def end_with(number: int, patience: float = 10) -> None:
    """End this process with another, even by kill -9.

    It is interrupted first, and ended after `patience` seconds.
    """

    def follow() -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(number)
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(patience)
        os._exit(130)

    threading.Thread(target=follow, daemon=True).start()
