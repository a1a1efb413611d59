"""Growth of the time of access with a list's length.

    time ~ length^g        g = log(time of the longer / time of the shorter) / log(longer / shorter)

Times differ from run to run, so they are no result. The growth g, rounded to a whole number, is the
same on every machine: 1 if an access walks along the list, 0 if it does not. Three precautions: the
lengths are far apart, both lists are timed in turn, and only the shortest of many repeats counts.
The longer list should fit into the processor's cache. Otherwise the time measures the memory.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Self

import numpy as np
from pydantic import model_validator

from reprise.hyperparameters import Frozen, PositiveInt

Batch = Callable[[Sequence[int]], list[int]]


class Access(Frozen):
    """The lengths of two lists, and the accesses to time."""

    shorter: PositiveInt
    longer: PositiveInt
    accesses: PositiveInt  # in a batch
    repeats: PositiveInt  # of each batch

    @model_validator(mode="after")
    def _longer_is_longer(self) -> Self:
        if self.longer <= self.shorter:
            raise ValueError(f"longer is {self.longer}; allowed: above shorter, {self.shorter}")
        return self


def deque_batch(length: int) -> Batch:
    """Create a reader of a deque, the chapter's replay buffer."""
    held = deque(range(length), maxlen=length)
    return lambda indices: [held[index] for index in indices]


def circular_batch(length: int) -> Batch:
    """Create a reader of a circular array, oldest first."""
    held, oldest = list(range(length)), length // 3
    return lambda indices: [held[(oldest + index) % length] for index in indices]


BATCHES = {"deque": deque_batch, "circular": circular_batch}


def growth(make: Callable[[int], Batch], access: Access, random: np.random.Generator) -> int:
    """Measure g, rounded, for one of the `BATCHES`."""
    lengths = (access.shorter, access.longer)
    batches = [make(length) for length in lengths]
    indices = [random.integers(length, size=access.accesses).tolist() for length in lengths]
    best = [math.inf, math.inf]
    for _ in range(access.repeats):
        for which in (0, 1):
            start = perf_counter_ns()
            batches[which](indices[which])
            best[which] = min(best[which], perf_counter_ns() - start)
    return round(math.log(best[1] / best[0]) / math.log(access.longer / access.shorter))
