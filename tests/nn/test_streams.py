"""The seeds' random numbers: Threefry, uniform and independent."""

import numpy as np
import pytest

from reprise import seeds
from reprise.nn import streams
from reprise.nn.determinism import tf

KEYS = tf.constant(seeds.training_keys(7, "test", range(5)).T)


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_gives_the_known_answers_of_its_authors(key, counter, expected):
    keys = tf.constant(np.array(key, np.uint32)[:, None])
    words = streams.threefry(keys, tuple(tf.constant([word], tf.uint32) for word in counter))
    assert tuple(int(word[0]) for word in words) == expected


def test_numbers_are_uniform_in_the_unit_interval():
    draws = streams.uniform(KEYS, (20_000,)).numpy()
    assert draws.min() >= 0
    assert draws.max() < 1
    counts = np.histogram(draws, bins=20, range=(0, 1))[0]
    expected = draws.size / 20
    assert ((counts - expected) ** 2 / expected).sum() < 43.8  # chi-squared, 19 degrees, 99.9%


@pytest.mark.parametrize("shape", [(), (3,), (7, 2)])
def test_numbers_are_the_same_bits_compiled_and_not(shape: tuple[int, ...]):
    compiled = tf.function(streams.uniform, jit_compile=True, autograph=False)
    found, plain = compiled(KEYS, shape).numpy(), streams.uniform(KEYS, shape).numpy()
    assert found.shape == (*shape, 5)
    assert found.tobytes() == plain.tobytes()
