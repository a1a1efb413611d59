"""Cuts seeds into packs and runs them: here, on processes, or on a Ray cluster.

A pack is what is compiled, reported and sent to a worker. Its result depends on nothing but the
pack: not on the engine, the number of workers, the order of completion or further packs.
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeVar

from reprise.pipeline import checkpoints, execution
from reprise.pipeline.execution import WORKERS
from reprise.pipeline.progress import Progress
from reprise.pipeline.workers import Submit, Task, WorkerError, processes

__all__ = ["WORKERS", "Pack", "WorkerError", "by_variant", "cut", "run"]

R = TypeVar("R")


class Pack(NamedTuple):
    """A number of consecutive seeds, all of one variant of an experiment."""

    index: int
    first: int
    size: int
    variant: str = ""

    @property
    def seeds(self) -> range:
        """Return the numbers of its seeds, counted over all packs of its variant."""
        return range(self.first, self.first + self.size)


def cut(seeds: int, pack_size: int, variants: Iterable[str] = ("",)) -> list[Pack]:
    """Return packs of seeds, one after the other; the last may be smaller.

    >>> [list(pack.seeds) for pack in cut(seeds=5, pack_size=3)]
    [[0, 1, 2], [3, 4]]

    Args:
        seeds: how many, of each variant if there are any.
        pack_size: how many seeds a pack has at most.
        variants: the names of an experiment's variants.

    Raises:
        ValueError: if there would be no pack, or no seed in one.
    """
    if seeds < 1 or pack_size < 1:
        raise ValueError(
            f"{seeds} seeds in packs of {pack_size}; allowed: at least 1 in packs of 1"
        )
    each = [
        (first, min(pack_size, seeds - first), variant)
        for variant in variants
        for first in range(0, seeds, pack_size)
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

    While a stage runs, finished packs are kept for its next run, should this one be interrupted.

    Args:
        task: a function at the top of a module, or a partial of one.
        packs: the packs to run it on.
        workers: how many at most, if not as `execution.worker_count` finds.
        label: the name of the progress, which is the stage's.
        describe: from the results so far, in the order of their packs, to the metric so far.

    Raises:
        UserError: if the number of workers is not a positive integer, or the cluster is not there.
        WorkerError: if a worker died; the notes name the packs that it may have run.
    """
    kept = checkpoints.of(task)
    found = [kept.get(pack) for pack in packs] if kept else []
    results = {place: result for place, result in enumerate(found) if result is not None}
    missing = [place for place in range(len(packs)) if place not in results]
    engine, most = _engine(task, len(missing), execution.worker_count(workers))
    with Progress(label, len(packs), len(results)) as progress, engine as submit:
        waiting, running = iter(missing), dict[Future[R], int]()
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
                    error.add_note(" or ".join(_named(packs, place) for place in lost))
                    raise
                del running[future]
                if kept:
                    kept.put(packs[place], results[place])
                so_far = [results[key] for key in sorted(results)]
                progress.advance(describe(so_far) if describe else "")
            progress.tick()
    return [results[place] for place in range(len(packs))]


def _engine(
    task: Task, count: int, asked: int | None
) -> tuple[contextlib.AbstractContextManager[Submit], int]:
    """Return the engine in force for so many packs, and how many it runs at a time at most."""
    used = execution.current()
    most = max(1, min(asked or execution.cpu_count(), count))
    if used.engine == "ray" and count:
        from reprise.pipeline.ray_cluster import cluster  # here, as Ray takes a second

        return cluster(task, used.address, most), count if used.address and not asked else most
    if used.engine == "processes" and most > 1:
        return processes(task, most), most
    return contextlib.nullcontext(partial(_done, task)), 1


def _done(task: Callable[[Pack], R], pack: Pack) -> Future[R]:
    """Run a task in this process."""
    future: Future[R] = Future()
    try:
        future.set_result(task(pack))
    except Exception as error:
        future.set_exception(error)
    return future


def _named(packs: Sequence[Pack], place: int) -> str:
    seeds, variant = packs[place].seeds, packs[place].variant
    of = f"{variant}, " if variant else ""
    return f"pack {place + 1} of {len(packs)}, {of}seeds {seeds[0]} to {seeds[-1]}"
