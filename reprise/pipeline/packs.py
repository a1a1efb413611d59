"""Packs of seeds, run here, on processes or on Ray.

A pack is the unit of compilation, of progress and of work for a worker. Its result depends only on
the pack itself, not on the engine, the number of workers, the order of completion or other packs.
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
    """Consecutive seeds of one variant of an experiment."""

    index: int
    first: int
    size: int
    variant: str = ""

    @property
    def seeds(self) -> range:
        """Its seeds' numbers, counted over its variant's packs."""
        return range(self.first, self.first + self.size)


R = TypeVar("R")
Task = Callable[[Pack], R]
Finished = Generator[tuple[Pack, R]]  # in the order of completion


def cut(
    seeds: int | Callable[[str], int], pack_size: int, variants: Iterable[str] = ("",)
) -> list[Pack]:
    """Cut each variant's seeds into packs.

    The last pack of a variant may be smaller.

    >>> [list(pack.seeds) for pack in cut(seeds=5, pack_size=3)]
    [[0, 1, 2], [3, 4]]
    """
    packs: list[Pack] = []
    for variant in variants:
        number = seeds(variant) if callable(seeds) else seeds
        for first in range(0, number, pack_size):
            packs.append(Pack(len(packs), first, min(pack_size, number - first), variant))
    return packs


def by_variant(packs: Sequence[Pack], results: Sequence[R]) -> dict[str, list[R]]:
    """Group the packs' results by variant, in order."""
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
    """Run a task on each pack; return results in order.

    The task is a function at the top of a module, or a partial of one. `describe` summarizes the
    results so far for the line of progress. A stage keeps finished packs until it succeeds, so that
    a second run resumes.
    """
    start, total = time.monotonic(), f"of {len(packs)} packs"
    results, keep = checkpoints.resume(task, packs)
    if results:
        print(f"{label}: {len(results)} {total} kept from the last run", file=sys.stderr)
    # Start with the first pack of every variant: each compiles its variant's program, which the
    # later packs share, so that the workers compile different programs.
    due = sorted((p for p in packs if p not in results), key=lambda pack: pack.first)
    with contextlib.closing(_finished(task, due)) as finished:
        for pack, result in finished:
            results[pack] = result
            keep(pack, result)
            line = f"{label}: {len(results)} {total} done, {duration(time.monotonic() - start)}"
            if describe:
                line += f", {describe([results[pack] for pack in packs if pack in results])}"
            print(line, file=sys.stderr, flush=True)
    return [results[pack] for pack in packs]


def _finished(task: Task[R], packs: list[Pack]) -> Finished[R]:
    used = execution.current()
    most = sys.maxsize if used.address else len(os.sched_getaffinity(0))
    number = os.environ.get(execution.WORKERS, str(used.workers or most))
    if not number.isdecimal() or not int(number):
        raise UserError(f"{execution.WORKERS} is {number!r}; allowed: a positive integer")
    workers = min(int(number), len(packs))
    if workers and (used.engine == "ray" or used.address):
        from reprise.pipeline import ray_cluster  # here, as importing Ray takes a second

        return ray_cluster.finished(task, packs, used.address, workers)
    if workers > 1 and used.engine == "processes":
        return _on_processes(task, packs, workers)
    return ((pack, named(task, pack)) for pack in packs)


def named(task: Task[R], pack: Pack) -> R:
    """Run a task; its error names the pack's seeds."""
    try:
        return task(pack)
    except Exception as error:
        error.add_note(f"{pack.variant} seeds {pack.seeds[0]} to {pack.seeds[-1]}".strip())
        raise


def _on_processes(task: Task[R], packs: list[Pack], workers: int) -> Finished[R]:
    pool = ProcessPoolExecutor(workers, get_context("spawn"), execution.end_with, (os.getpid(), 0))
    processes = pool._processes
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which workers inherit
        futures = {pool.submit(named, task, pack): pack for pack in packs}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenExecutor as error:
        pool.shutdown()  # ends the other workers by SIGTERM
        codes = [p.exitcode for p in processes.values() if p.exitcode not in (0, -signal.SIGTERM)]
        died = f"a worker process died (exit code {', '.join(map(str, codes))})"
        raise PlainError(f"{died}, perhaps for lack of memory") from error
    finally:
        for process in processes.values():
            process.kill()
        pool.shutdown()
