"""The circular replay buffers against a deque."""

from collections import deque

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise import seeds
from reprise.nn import replay_buffer
from reprise.nn.determinism import tf

SEEDS = 2
KEYS = tf.constant(seeds.training_keys(5, "test", range(SEEDS)).T)


def numbered(first: int, steps: int) -> tf.Tensor:
    """Return numbered rows [T, F, N], negative in seed 1."""
    number = np.arange(first, first + steps, dtype=np.float32)
    return tf.constant(np.repeat(np.stack([number, -number], -1)[:, None], 6, 1))


@settings(max_examples=40, deadline=None)
@given(
    capacity=st.integers(1, 7),
    counts=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6),
)
def test_it_holds_what_a_deque_of_its_capacity_would_hold(capacity, counts):
    buffer = replay_buffer.empty(capacity, tf.fill([SEEDS], capacity), 1)
    deques = [deque(maxlen=capacity) for _ in range(SEEDS)]
    for round_, count in enumerate(counts):
        rows = numbered(1 + 10 * round_, 5)
        buffer = replay_buffer.add(buffer, rows, tf.constant(count))
        for seed in range(SEEDS):
            deques[seed].extend(rows.numpy()[: count[seed], 0, seed])
    for seed in range(SEEDS):
        held = buffer.rows.numpy()[:capacity, seed, 0]
        assert sorted(held[held != 0]) == sorted(deques[seed])
        assert int(buffer.written[seed]) == sum(count[seed] for count in counts)


def test_samples_come_evenly_from_what_was_written_and_from_the_own_seed():
    buffer = replay_buffer.add(
        replay_buffer.empty(10, tf.fill([SEEDS], 10), 1), numbered(1, 4), tf.constant([4, 3])
    )
    batch = replay_buffer.sample(buffer, KEYS, 6000)
    for seed, (sign, filled) in enumerate([(1, 4), (-1, 3)]):
        drawn, counts = np.unique(batch.reward.numpy()[:, seed], return_counts=True)
        assert sorted(sign * drawn) == list(range(1, filled + 1))
        assert np.abs(counts - 6000 / filled).max() < 5 * (6000 / filled) ** 0.5
