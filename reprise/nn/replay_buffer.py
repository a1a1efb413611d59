"""Circular replay buffers, sampled uniformly with replacement.

A row is one experience of the chapter: state, action, reward, next state, terminated, truncated.

Shapes: N seeds, B batch, O features of an observation, F = 2 O + 4 numbers of a row.

Source: Lin (1992), section 4; Mnih et al. (2015), Methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reprise.nn import programs, streams
from reprise.nn.determinism import tf
from reprise.nn.networks import materialize


class Transitions(NamedTuple):
    """Experiences; all fields have the same first axes."""

    observation: tf.Tensor  # [..., O, N]
    action: tf.Tensor  # int32 [..., N], or float32 [..., A, N]
    reward: tf.Tensor  # [..., N]
    next_observation: tf.Tensor  # [..., O, N]
    terminated: tf.Tensor  # bool [..., N]
    truncated: tf.Tensor  # bool [..., N]


class Buffer(NamedTuple):
    """The rows of every seed."""

    rows: tf.Tensor  # [rows + 1, N, F]; the last is a scratch row for masked writes
    written: tf.Tensor  # rows written so far, overwritten ones too, int32 [N]
    capacity: tf.Tensor  # rows that a seed uses, int32 [N]


def empty(rows: int, capacity: tf.Tensor, observation_size: int) -> Buffer:
    """Return an empty buffer with room for the largest capacity."""
    seeds = capacity.shape[0]
    content = tf.zeros([rows + 1, seeds, 2 * observation_size + 4])
    return Buffer(content, tf.zeros([seeds], tf.int32), capacity)


def recorder(
    steps: int, shape: Sequence[int], observation_size: int, action_shape: Sequence[int] = ()
) -> list[tf.TensorArray]:
    """Return arrays for T steps of transitions.

    The shape is [..., N]. Continuous actions have an axis of their own.
    """
    observation = tf.float32, [*shape[:-1], observation_size, shape[-1]]
    action = tf.float32 if action_shape else tf.int32, [*shape[:-1], *action_shape, shape[-1]]
    reward, flag = (tf.float32, shape), (tf.bool, shape)
    return programs.recorder(steps, [observation, action, reward, observation, flag, flag])


def rows(memory: list[tf.TensorArray]) -> tf.Tensor:
    """Turn recorded transitions into a buffer's rows [T, F, N]."""
    t = Transitions(*(array.stack() for array in memory))
    single = t.action, t.reward, t.terminated, t.truncated  # one number each
    numbers = tf.stack([tf.cast(x, tf.float32) for x in single], -2)
    return tf.concat([t.observation, t.next_observation, numbers], -2)


def add(buffer: Buffer, new: tf.Tensor, count: tf.Tensor) -> Buffer:
    """Write `count` [N] new rows over each seed's oldest.

    They are the first of its new rows [T, F, N], which are in order of time.
    """
    scratch, (steps, _, seeds) = buffer.rows.shape[0] - 1, new.shape
    time = tf.range(steps)[:, None]
    kept = (time < count) & (time >= count - buffer.capacity)  # no slot is written twice
    slot = tf.where(kept, (buffer.written + time) % buffer.capacity, scratch)
    index = tf.stack([slot, tf.broadcast_to(tf.range(seeds), [steps, seeds])], -1)
    rows = tf.tensor_scatter_nd_update(buffer.rows, index, tf.transpose(new, [0, 2, 1]))
    return buffer._replace(rows=rows, written=buffer.written + count)


def sample(buffer: Buffer, keys: tf.Tensor, batch_size: int) -> Transitions:
    """Draw each seed's batch of transitions by keys [2, N].

    Every seed must have at least one.
    """
    filled = tf.minimum(buffer.written, buffer.capacity)
    # A 24-bit number below 1 times a count can round up to the count itself.
    index = tf.cast(streams.uniform(keys, (batch_size,)) * tf.cast(filled, tf.float32), tf.int32)
    index = tf.minimum(index, filled - 1)  # [B, N]
    seeds = tf.broadcast_to(tf.range(buffer.written.shape[0]), index.shape)
    rows = tf.gather_nd(buffer.rows, tf.stack([index, seeds], -1))  # [B, N, F]
    rows = tf.transpose(rows, [0, 2, 1])  # [B, F, N]
    size = (rows.shape[1] - 4) // 2
    action, reward, *ended = tf.unstack(rows[:, 2 * size :], axis=1)
    terminated, truncated = (flag > 0 for flag in ended)
    observation, next_observation = rows[:, :size], rows[:, size : 2 * size]
    action = tf.cast(action, tf.int32)
    return Transitions(observation, action, reward, next_observation, terminated, truncated)


def minibatch(rows: tf.Tensor, n: tf.Tensor, keys: tf.Tensor, count: int) -> tf.Tensor:
    """Return minibatch n of rows.

    Rows are [B, N, F], minibatches [B / count, F, N]. In an epoch, `count` minibatches visit each
    row once. All seeds share one random order, and each begins it at a random place: to sort for
    each seed would be slower.
    """
    (length, seeds), size = rows.shape[:2], rows.shape[0] // count
    order = tf.constant(np.random.default_rng(0).permutation(length), tf.int32)
    start = streams.uniform(streams.fold_in(keys, n // count), (1,)) * float(length)
    place = tf.range(size)[:, None] + n % count * size + tf.cast(start, tf.int32)
    index = tf.gather(order, place % length), tf.broadcast_to(tf.range(seeds), place.shape)
    return materialize([tf.transpose(tf.gather_nd(rows, tf.stack(index, -1)), [0, 2, 1])])[0]
