"""Stateless random numbers by Threefry-2x32, one key for each seed.

TensorFlow's stateless generators take one key per call: seeds would draw in turn, or share a key
and depend on their neighbours. Threefry, which JAX uses too, runs for all seeds at once. It uses
only integers, so that every CPU and every compiler gives the same bits.

Source: Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, section 4.1
    and table 2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod

from reprise.nn import programs
from reprise.nn.determinism import tf

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def threefry(keys: tf.Tensor, counters: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Encrypt a counter's two words in twenty rounds [..., N].

    Keys are uint32 [2, N]. The words broadcast against [N].
    """
    schedule = (keys[0], keys[1], keys[0] ^ keys[1] ^ tf.constant(PARITY, tf.uint32))
    x, y = counters[0] + schedule[0], counters[1] + schedule[1]
    shape = tf.broadcast_static_shape(x.shape, y.shape)
    rotations = [[tf.constant(r, tf.uint32) for r in each] for each in ROTATIONS]

    def block(number, x, y, schedule, rotations):
        for left in rotations[0]:
            x = x + y
            y = x ^ (tf.bitwise.left_shift(y, left) | tf.bitwise.right_shift(y, 32 - left))
        first, second, third = schedule
        x, y = x + second, y + third + number
        return number + 1, x, y, (second, third, first), rotations[::-1]

    first, x, y = tf.constant(1, tf.uint32), tf.broadcast_to(x, shape), tf.broadcast_to(y, shape)
    start = (first, x, y, schedule, rotations)
    return tf.while_loop(lambda number, *_: number <= 5, block, start)[1:3]


@cache
def _traced() -> Callable:
    """Return Threefry, traced once for each shape."""
    return programs.compiled(threefry, jit_compile=False)


def fold_in(keys: tf.Tensor, data: tf.Tensor | int) -> tf.Tensor:
    """Derive key number `data` from each seed's key [2, N]."""
    number = tf.cast(data, tf.uint32)
    # Random numbers use the counters (n, 0). Another second word keeps derived keys apart.
    return tf.stack(_traced()(keys, (number, tf.constant(0xFFFFFFFF, tf.uint32))))


def uniform(keys: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """Draw uniform float32 numbers in [0, 1), [*shape, N].

    The same keys, uint32 [2, N], and the same shape always give the same numbers.
    """
    size = prod(shape)
    counter = tf.cast(tf.range((size + 1) // 2), tf.uint32)[:, None]
    words = tf.concat(_traced()(keys, (counter, tf.constant(0, tf.uint32))), 0)[:size]  # [size, N]
    mantissa = tf.cast(tf.bitwise.right_shift(words, tf.constant(8, tf.uint32)), tf.int32)
    return tf.reshape(tf.cast(mantissa, tf.float32) * 2.0**-24, [*shape, keys.shape[-1]])
