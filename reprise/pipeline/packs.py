"""Packs of seeds, run here, on processes or on Ray.

A pack is what is compiled, reported and sent to a worker. Its result depends on nothing but the
pack: not on the engine, the number of workers, the order of completion or further packs.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import NamedTuple, TypeVar

from reprise.errors import PlainError, UserError
from reprise.pipeline import checkpoints, execution
from reprise.pipeline.progress import duration


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


R = TypeVar("R")
Task = Callable[[Pack], R]
Finished = Generator[tuple[Pack, R]]  # in the order of completion


def cut(
    seeds: int | Callable[[str], int], pack_size: int, variants: Iterable[str] = ("",)
) -> list[Pack]:
    """Return packs of each variant's seeds, the last maybe smaller.

    >>> [list(pack.seeds) for pack in cut(seeds=5, pack_size=3)]
    [[0, 1, 2], [3, 4]]
    """
    numbers = {variant: seeds(variant) if callable(seeds) else seeds for variant in variants}
    each = [(of, first, n) for of, n in numbers.items() for first in range(0, n, pack_size)]
    return [Pack(i, at, min(pack_size, n - at), of) for i, (of, at, n) in enumerate(each)]


def by_variant(packs: Sequence[Pack], results: Sequence[R]) -> dict[str, list[R]]:
    """Return the results of each variant's packs, in their order."""
    grouped: dict[str, list[R]] = {}
    for pack, result in zip(packs, results, strict=True):
        grouped.setdefault(pack.variant, []).append(result)
    return grouped


def run(
    task: Task[R],
    packs: Sequence[Pack],
    *,
    label: str = "packs",
    describe: Callable[[list[R]], str] | None = None,
) -> list[R]:
    """Return the task's result for each pack, in their order.

    The task is a function at the top of a module, or a partial of one. `describe` returns the
    metric of the results so far. A stage keeps finished packs until it ends: a second run resumes.
    """
    start, of = time.monotonic(), f"of {len(packs)} packs"
    results, keep = checkpoints.resume(task, packs)
    if results:
        print(f"{label}: {len(results)} {of} are kept from before", file=sys.stderr)
    # The first of each variant first: while a worker compiles one variant's program, which all
    # share, another compiles the next one's.
    due = sorted((p for p in packs if p not in results), key=lambda pack: pack.first)
    with contextlib.closing(_finished(task, due)) as finished:
        for pack, result in finished:
            results[pack] = result
            keep(pack, result)
            said = f"{label}: {len(results)} {of} done, {duration(time.monotonic() - start)}"
            if describe:
                said += f", {describe([results[pack] for pack in packs if pack in results])}"
            print(said, file=sys.stderr, flush=True)
    return [results[pack] for pack in packs]


def _finished(task: Task[R], packs: list[Pack]) -> Finished[R]:
    used = execution.current()
    most = sys.maxsize if used.address else len(os.sched_getaffinity(0))
    said = os.environ.get(execution.WORKERS, str(used.workers or most))
    if not said.isdecimal() or not int(said):
        raise UserError(f"{execution.WORKERS} is {said!r}; allowed: a positive integer")
    workers = min(int(said), len(packs))
    if workers and (used.engine == "ray" or used.address):
        from reprise.pipeline import ray_cluster  # here, as Ray takes a second

        return ray_cluster.finished(task, packs, used.address, workers)
    if workers > 1 and used.engine == "processes":
        return _on_processes(task, packs, workers)
    return ((pack, named(task, pack)) for pack in packs)


def named(task: Task[R], pack: Pack) -> R:
    """Return a pack's result; its error names the seeds."""
    try:
        return task(pack)
    except Exception as error:
        error.add_note(f"{pack.variant} seeds {pack.seeds[0]} to {pack.seeds[-1]}".strip())
        raise


def _on_processes(task: Task[R], packs: list[Pack], workers: int) -> Finished[R]:
    pool = ProcessPoolExecutor(workers, get_context("spawn"), execution.end_with, (os.getpid(), 0))
    processes = pool._processes
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # workers inherit it
        futures = {pool.submit(named, task, pack): pack for pack in packs}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenExecutor as error:
        pool.shutdown()  # ends the other workers by SIGTERM
        codes = [p.exitcode for p in processes.values() if p.exitcode not in (0, -signal.SIGTERM)]
        raise PlainError(f"a worker died, exit codes {codes}; is memory short? {error}") from error
    finally:
        for process in processes.values():
            process.kill()
        pool.shutdown()
