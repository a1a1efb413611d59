"""Cuts seeds into packs and runs them: here, on processes, or on a Ray cluster.

A pack is what is compiled, reported and sent to a worker. Its result depends on nothing but the
pack: not on the engine, not on the number of workers, not on the order of completion, not on
further packs, not on workers that died meanwhile.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from reprise.pipeline import execution
from reprise.pipeline.execution import WORKERS
from reprise.pipeline.kept import Kept
from reprise.pipeline.progress import Progress
from reprise.pipeline.workers import Death, Pool, ProcessPool, WorkerError, opened

__all__ = ["WORKERS", "Pack", "WorkerError", "by_variant", "cut", "run"]

TRIES = 3
"""How many workers may die of a pack before it fails: a machine dies once, a program each time."""

R = TypeVar("R")


class Pack(NamedTuple):
    """A number of consecutive seeds, all of one variant of an experiment."""

    index: int
    first: int
    size: int
    variant: str = ""
    program: Hashable = None
    """What is compiled for it; a worker prefers packs of the program that it has."""

    @property
    def seeds(self) -> range:
        """Return the numbers of its seeds, counted over all packs of its variant."""
        return range(self.first, self.first + self.size)


def cut(seeds: int, pack_size: int, variants: Mapping[str, Hashable] | None = None) -> list[Pack]:
    """Return packs of seeds, one after the other; the last may be smaller.

    >>> [list(pack.seeds) for pack in cut(seeds=5, pack_size=3)]
    [[0, 1, 2], [3, 4]]

    Args:
        seeds: how many, of each variant if there are any.
        pack_size: how many seeds a pack has at most.
        variants: the names of an experiment's variants, and what is compiled for each.

    Raises:
        ValueError: if there would be no pack, or no seed in one.
    """
    if seeds < 1 or pack_size < 1:
        raise ValueError(
            f"{seeds} seeds in packs of {pack_size}; allowed: at least 1 in packs of 1"
        )
    each = [
        (first, min(pack_size, seeds - first), variant, program)
        for variant, program in ({"": None} if variants is None else variants).items()
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
    kept: Kept | None = None,
) -> list[R]:
    """Return the task's result for each pack, in the order of the packs.

    The engine is that of `execution.current`. On `processes`, one worker or one pack needs no
    process of its own.

    Args:
        task: a function at the top of a module, or a partial of one.
        packs: what to run it on.
        workers: how many at most; by default the environment variable REPRISE_WORKERS, or else
            what the engine's parameters say, or as many as there are CPUs.
        label: what the progress is called, the stage's name.
        describe: from the results so far, in the order of their packs, to the metric so far.
        kept: where results, arrays by name, are kept from one run to the next, if they are.

    Raises:
        UserError: if the number of workers is not a positive integer, or the cluster is not there.
        WorkerError: if the workers of a pack died again and again.
    """
    results: dict[int, R] = {}
    if kept:
        found = {place: kept.get(pack) for place, pack in enumerate(packs)}
        results = {place: result for place, result in found.items() if result is not None}
    with Progress(label, len(packs), len(results)) as progress:
        missing = [place for place in range(len(packs)) if place not in results]
        stream = _stream(task, packs, missing, execution.worker_count(workers), progress)
        with contextlib.closing(stream):
            for finished in stream:
                if finished is None:
                    progress.tick()
                    continue
                place, result = finished
                results[place] = result
                if kept:
                    kept.put(packs[place], result)
                so_far = [results[key] for key in sorted(results)]
                progress.advance(describe(so_far) if describe else "")
    return [results[place] for place in range(len(packs))]


# The place of a pack and its result, as each is done; None when none was for a second.
Finished = Generator[tuple[int, R] | None, None, None]


def _stream(
    task: Callable[[Pack], R],
    packs: Sequence[Pack],
    places: Sequence[int],
    workers: int | None,
    progress: Progress,
) -> Finished[R]:
    """Return a stream of results from the engine in force."""
    used = execution.current()
    count = min(workers or execution.cpu_count(), len(places))
    if used.engine == "ray" and places:
        from reprise.pipeline.ray_pool import RayPool

        most = len(places) if workers is None else min(workers, len(places))
        pool = RayPool(task, used.address, count if used.address is None else most)
    elif used.engine == "processes" and count > 1:
        pool = ProcessPool(task, count)
    else:
        return _inline(task, packs, places)
    return _pooled(pool, packs, places, progress)


def _inline(task: Callable[[Pack], R], packs: Sequence[Pack], places: Sequence[int]) -> Finished[R]:
    for place in places:
        try:
            result = task(packs[place])
        except Exception as error:
            error.add_note(_named(packs, place))
            raise
        yield place, result


def _pooled(
    pool: Pool, packs: Sequence[Pack], places: Sequence[int], progress: Progress
) -> Finished[R]:
    waiting = list(places)
    busy: dict[Hashable, int] = {}
    latest: dict[Hashable, Hashable] = {}  # what a worker compiled last
    begun: set[Hashable] = set()
    deaths: Counter[int] = Counter()

    def give(worker: Hashable) -> None:
        def compiles(place: int) -> tuple[bool, bool]:
            program = packs[place].program
            return worker not in latest or program != latest[worker], program in begun

        busy[worker] = min(waiting, key=compiles)  # the first among equals
        waiting.remove(busy[worker])
        latest[worker] = packs[busy[worker]].program
        begun.add(latest[worker])
        pool.give(worker, packs[busy[worker]])

    with pool:
        while waiting or busy:
            for worker in pool.free(len(waiting)):
                give(worker)
            if not (answers := pool.answers(seconds=1)):
                yield None
            for worker, answered in answers:
                place = busy.pop(worker)
                name = _named(packs, place)
                if not isinstance(answered, Death):
                    yield place, opened(answered, name)
                    continue
                deaths[place] += 1
                if deaths[place] == TRIES:
                    raise WorkerError(f"the worker of {name} {answered.how} ({TRIES} times)")
                progress.say(f"the worker of {name} {answered.how}; the pack runs again")
                waiting.insert(0, place)


def _named(packs: Sequence[Pack], place: int) -> str:
    seeds, variant = packs[place].seeds, packs[place].variant
    of = f"{variant}, " if variant else ""
    return f"pack {place + 1} of {len(packs)}, {of}seeds {seeds[0]} to {seeds[-1]}"
