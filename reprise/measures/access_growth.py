"""How the time of random access grows with the length of what is accessed.

    time ~ length^g        g = log(time of the longer / time of the shorter) / log(longer / shorter)

A time is no result: it differs from run to run. Its growth, rounded to a whole number, is the same
on any machine: 1 where an access walks through what lies between, 0 where it does not. To be sure
of it, the shortest of many repeats counts, the lengths are far apart, and both are timed in turn.
The longer one should fit a processor's cache: beyond it the memory's time is measured.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter_ns

import numpy as np

Batch = Callable[[Sequence[int]], list[int]]


def deque_batch(length: int) -> Batch:
    """Return what draws a batch by index from a full deque, the chapter's replay buffer."""
    held = deque(range(length), maxlen=length)
    return lambda indices: [held[index] for index in indices]


def circular_batch(length: int) -> Batch:
    """Return what draws a batch by index from a full circular array, the oldest first."""
    held, oldest = list(range(length)), length // 3
    return lambda indices: [held[(oldest + index) % length] for index in indices]


def exponent(times: Sequence[float], lengths: Sequence[int]) -> float:
    """Return g of time ~ length^g, through the first and the last of some measurements."""
    return math.log(times[-1] / times[0]) / math.log(lengths[-1] / lengths[0])


def growth(
    make: Callable[[int], Batch],
    lengths: Sequence[int],
    accesses: int,
    repeats: int,
    random: np.random.Generator,
) -> int:
    """Return the exponent of the time of random access over the length, as a whole number.

    Args:
        make: from a length to what draws a batch by its indices.
        lengths: a shorter and a longer one.
        accesses: in a batch.
        repeats: how often each batch is timed.
        random: draws the indices.
    """
    batches = [make(length) for length in lengths]
    indices = [random.integers(length, size=accesses).tolist() for length in lengths]
    best = [math.inf] * len(lengths)
    for _ in range(repeats):
        for which, (batch, drawn) in enumerate(zip(batches, indices, strict=True)):
            start = perf_counter_ns()
            batch(drawn)
            best[which] = min(best[which], perf_counter_ns() - start)
    return round(exponent(best, lengths))
