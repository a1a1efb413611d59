"""One integer becomes streams that are the same on every machine and differ from one another."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise import seeds

SEEDS = st.integers(0, 2**32 - 1)
WORDS = st.text(st.characters(codec="ascii"), min_size=1, max_size=12)
PATHS = st.lists(st.integers(0, 2**32 - 1) | WORDS, max_size=3)


def test_streams_are_the_same_on_every_machine_and_in_every_version():
    assert seeds.training_keys(42, "training", [0, 95]).tolist() == [
        [3241072124, 1065131130],
        [647051788, 936418483],
    ]
    assert seeds.generator(42, "evaluation", 3).integers(1000, size=4).tolist() == [
        609,
        41,
        397,
        770,
    ]


def test_a_seed_has_the_same_key_whichever_seeds_are_asked_for():
    every = seeds.training_keys(7, "training", range(96))
    assert (seeds.training_keys(7, "training", range(32, 64)) == every[32:64]).all()
    assert every.dtype == np.uint32
    assert every.shape == (96, 2)


@settings(deadline=None)
@given(SEEDS, PATHS, PATHS)
def test_two_paths_are_two_streams(seed, path, other):
    keys = [[seeds.sequence(0, part).spawn_key for part in each] for each in (path, other)]
    assert (draws(seed, *path) == draws(seed, *other)) == (keys[0] == keys[1])


def draws(seed: int, *path: int | str) -> list[int]:
    return seeds.generator(seed, *path).integers(2**60, size=2).tolist()
