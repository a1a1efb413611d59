"""One integer becomes a seed for each lane, purpose and step; nothing else makes randomness.

    seed -> SeedSequence(seed, purpose, lane, ...) -> numpy Generator, or the two words that key a
    lane's stream

A purpose is a word: the same integer under two purposes gives independent streams, so that, for
example, training and evaluation never share a number. A stage puts its own name into its purposes:
two stages with one seed share none either.
"""

import zlib
from collections.abc import Iterable

import numpy as np


def sequence(seed: int, *path: int | str) -> np.random.SeedSequence:
    """Return the seed sequence at a path below a seed.

    Args:
        seed: the experiment's seed, as written in params.yaml.
        path: words (purposes) and non-negative integers (lanes, runs, steps), outermost first.
    """
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in path]
    return np.random.SeedSequence(seed, spawn_key=tuple(words))


def generator(seed: int, *path: int | str) -> np.random.Generator:
    """Return a NumPy generator of its own for a path below a seed.

    >>> generator(42, "evaluation", 3).integers(100, size=3).tolist()
    [60, 4, 39]
    """
    return np.random.default_rng(sequence(seed, *path))


def lane_keys(seed: int, purpose: str, lanes: Iterable[int]) -> np.ndarray:
    """Return the keys of the lanes' random streams, uint32 [L, 2].

    >>> lane_keys(42, "training", range(2)).shape
    (2, 2)
    >>> alone, together = (lane_keys(42, "training", lanes) for lanes in ([1], [0, 1]))
    >>> (alone[0] == together[1]).all()  # a lane's key depends on no other lane
    np.True_

    Args:
        seed: the experiment's seed.
        purpose: what the streams are for, such as "training".
        lanes: the numbers of the lanes, counted over all packs.
    """
    return np.stack([sequence(seed, purpose, lane).generate_state(2) for lane in lanes])
