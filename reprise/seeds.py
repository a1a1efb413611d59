"""Random streams: one integer gives a stream for each purpose, training run and step.

    seed -> SeedSequence(seed, purpose, number, ...) -> numpy Generator, or a key of two words

A purpose is a word: one integer gives independent streams for two purposes, so that training and
evaluation, for example, never share a number. A stage's purposes contain its name, so that two
stages with the same seed share no number either.
"""

import zlib
from collections.abc import Iterable

import numpy as np


def sequence(seed: int, *path: int | str) -> np.random.SeedSequence:
    """Return the seed sequence at a path below a seed.

    Args:
        seed: the experiment's seed in params.yaml.
        path: words (purposes) and non-negative integers (training runs, steps), outermost first.
    """
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in path]
    return np.random.SeedSequence(seed, spawn_key=tuple(words))


def generator(seed: int, *path: int | str) -> np.random.Generator:
    """Return a NumPy generator of its own for a path below a seed.

    >>> generator(42, "evaluation", 3).integers(100, size=3).tolist()
    [60, 4, 39]
    """
    return np.random.default_rng(sequence(seed, *path))


def training_keys(seed: int, purpose: str, numbers: Iterable[int]) -> np.ndarray:
    """Return a key for the random stream of each training run, uint32 [N, 2].

    >>> training_keys(42, "training", range(2)).shape
    (2, 2)
    >>> alone, together = (training_keys(42, "training", numbers) for numbers in ([1], [0, 1]))
    >>> (alone[0] == together[1]).all()  # a key depends on no other run
    np.True_

    Args:
        seed: the experiment's seed.
        purpose: what the streams are for, such as "training".
        numbers: of the runs, counted over all packs.
    """
    return np.stack([sequence(seed, purpose, number).generate_state(2) for number in numbers])
