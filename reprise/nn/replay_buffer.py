"""Circular replay buffers, one for each seed, sampled uniformly with replacement.

A row holds the chapter's six elements: state, action, reward, next state, terminated, truncated.

Shapes: N seeds, B batch, O features of an observation, F = 2 O + 4 numbers of a row.

Source: Lin (1992), section 4; Mnih et al. (2015), Methods.
"""

from __future__ import annotations

from typing import NamedTuple

from reprise.nn import streams
from reprise.nn.determinism import tf


class Transitions(NamedTuple):
    """Transitions of one step; all fields have the same leading axes."""

    observation: tf.Tensor  # [..., O, N]
    action: tf.Tensor  # int32 [..., N]
    reward: tf.Tensor  # [..., N]
    next_observation: tf.Tensor  # [..., O, N]
    terminated: tf.Tensor  # bool [..., N]
    truncated: tf.Tensor  # bool [..., N]


class Buffer(NamedTuple):
    """The rows of all seeds, and the number of rows that each seed ever wrote."""

    rows: tf.Tensor  # [capacity + 1, N, F]; the last is a scratch row for masked writes
    written: tf.Tensor  # int32 [N]

    @property
    def capacity(self) -> int:
        """Return the number of transitions that fit, for each seed."""
        return self.rows.shape[0] - 1


def empty(capacity: int, seeds: int, observation_size: int) -> Buffer:
    """Return a buffer without transitions."""
    rows = tf.zeros([capacity + 1, seeds, 2 * observation_size + 4])
    return Buffer(rows, tf.zeros([seeds], tf.int32))


def recorder(steps: int, seeds: int, observation_size: int) -> Transitions:
    """Return arrays for the transitions of T steps, one for each field."""
    types = Transitions(tf.float32, tf.int32, tf.float32, tf.float32, tf.bool, tf.bool)
    wide, narrow = [observation_size, seeds], [seeds]
    shapes = Transitions(wide, narrow, narrow, wide, narrow, narrow)
    return Transitions(
        *(
            tf.TensorArray(kind, steps, element_shape=shape)
            for kind, shape in zip(types, shapes, strict=True)
        )
    )


def record(memory: Transitions, step: tf.Tensor, transitions: Transitions) -> Transitions:
    """Write one step's transitions, with fields [N], into a recorder."""
    return Transitions(
        *(array.write(step, field) for array, field in zip(memory, transitions, strict=True))
    )


def rows(memory: Transitions) -> tf.Tensor:
    """Return a recorder's transitions as rows of a buffer, [T, F, N]."""
    t = Transitions(*(array.stack() for array in memory))
    single = tf.stack(
        [tf.cast(x, tf.float32) for x in (t.action, t.reward, t.terminated, t.truncated)], -2
    )
    return tf.concat([t.observation, t.next_observation, single], -2)


def add(buffer: Buffer, new: tf.Tensor, count: tf.Tensor) -> Buffer:
    """Write each seed's first `count` rows over its oldest.

    Args:
        buffer: the old rows.
        new: rows in the order of time, [T, F, N].
        count: the number of valid new rows, int32 [N].
    """
    steps, _, seeds = new.shape
    time = tf.range(steps)[:, None]
    kept = (time < count) & (time >= count - buffer.capacity)  # no slot is written twice
    slot = tf.where(kept, (buffer.written + time) % buffer.capacity, buffer.capacity)
    index = tf.stack([slot, tf.broadcast_to(tf.range(seeds), [steps, seeds])], -1)
    held = tf.tensor_scatter_nd_update(buffer.rows, index, tf.transpose(new, [0, 2, 1]))
    return Buffer(held, buffer.written + count)


def sample(buffer: Buffer, keys: tf.Tensor, batch_size: int) -> Transitions:
    """Draw a batch for each seed from its own transitions.

    Args:
        buffer: at least one transition in every seed.
        keys: uint32 [2, N].
        batch_size: B.

    Returns:
        Transitions with fields [B, N] and observations [B, O, N].
    """
    filled = tf.minimum(buffer.written, buffer.capacity)
    # A 24-bit number below 1 times a count can round up to the count itself.
    index = tf.cast(streams.uniform(keys, (batch_size,)) * tf.cast(filled, tf.float32), tf.int32)
    index = tf.minimum(index, filled - 1)  # [B, N]
    seeds = tf.broadcast_to(tf.range(buffer.written.shape[0]), index.shape)
    rows = tf.gather_nd(buffer.rows, tf.stack([index, seeds], -1))  # [B, N, F]
    rows = tf.transpose(rows, [0, 2, 1])  # [B, F, N]
    size = (rows.shape[1] - 4) // 2
    action, reward, terminated, truncated = tf.unstack(rows[:, 2 * size :], axis=1)
    return Transitions(
        observation=rows[:, :size], next_observation=rows[:, size : 2 * size],
        action=tf.cast(action, tf.int32), reward=reward, terminated=terminated > 0,
        truncated=truncated > 0,
    )  # fmt: skip
