"""Random streams for each purpose, training run and step.

    seed -> SeedSequence(seed, purpose, number, ...) -> numpy Generator, or a key of two words

A purpose is a word, so that training and evaluation, for example, never share a number. A stage's
purposes contain its name, so that two stages with the same seed share none either.
"""

import zlib
from collections.abc import Iterable

import numpy as np


def sequence(seed: int, *path: int | str) -> np.random.SeedSequence:
    """Make the seed sequence at a path below a seed.

    A path lists words (purposes) and non-negative integers (runs, steps), from general to specific.
    """
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in path]
    return np.random.SeedSequence(seed, spawn_key=tuple(words))


def generator(seed: int, *path: int | str) -> np.random.Generator:
    """Make a NumPy generator for a path below a seed.

    >>> generator(42, "evaluation", 3).integers(100, size=3).tolist()
    [60, 4, 39]
    """
    return np.random.default_rng(sequence(seed, *path))


def training_keys(seed: int, purpose: str, numbers: Iterable[int]) -> np.ndarray:
    """Make a key for each training run, uint32 [N, 2].

    >>> alone, together = (training_keys(42, "training", numbers) for numbers in ([1], [0, 1]))
    >>> (alone[0] == together[1]).all()  # a key depends on no other run
    np.True_
    """
    return np.stack([sequence(seed, purpose, number).generate_state(2) for number in numbers])
