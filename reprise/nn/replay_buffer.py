"""Circular replay buffers, sampled uniformly with replacement.

A row holds the chapter's six elements: state, action, reward, next state, terminated, truncated.

Shapes: N seeds, B batch, O features of an observation, F = 2 O + 4 numbers of a row.

Source: Lin (1992), section 4; Mnih et al. (2015), Methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reprise.nn import programs, streams
from reprise.nn.determinism import tf


class Transitions(NamedTuple):
    """Transitions; all fields have the same leading axes."""

    observation: tf.Tensor  # [..., O, N]
    action: tf.Tensor  # int32 [..., N], or float32 [..., A, N]
    reward: tf.Tensor  # [..., N]
    next_observation: tf.Tensor  # [..., O, N]
    terminated: tf.Tensor  # bool [..., N]
    truncated: tf.Tensor  # bool [..., N]


class Buffer(NamedTuple):
    """The seeds' rows, and how many each ever wrote."""

    rows: tf.Tensor  # [rows + 1, N, F]; the last is a scratch row for masked writes
    written: tf.Tensor  # int32 [N]
    capacity: tf.Tensor  # int32 [N], at most all rows


def empty(rows: int, capacity: tf.Tensor, observation_size: int) -> Buffer:
    """Return an empty buffer, for capacities up to the rows."""
    seeds = capacity.shape[0]
    content = tf.zeros([rows + 1, seeds, 2 * observation_size + 4])
    return Buffer(content, tf.zeros([seeds], tf.int32), capacity)


def recorder(
    steps: int, narrow: Sequence[int], observation_size: int, action_shape: Sequence[int] = ()
) -> list[tf.TensorArray]:
    """Return arrays for T steps of transitions, [..., N] each.

    Actions are real numbers if they have axes of their own.
    """
    wide, acted = ([*narrow[:-1], *own, narrow[-1]] for own in ([observation_size], action_shape))
    action = tf.float32 if action_shape else tf.int32
    types = tf.float32, action, tf.float32, tf.float32, tf.bool, tf.bool
    shapes = wide, acted, narrow, wide, narrow, narrow
    return programs.recorder(steps, zip(types, shapes, strict=True))


def rows(memory: list[tf.TensorArray]) -> tf.Tensor:
    """Return recorded transitions as a buffer's rows [T, F, N]."""
    t = Transitions(*(array.stack() for array in memory))
    flags = t.action, t.reward, t.terminated, t.truncated
    single = tf.stack([tf.cast(x, tf.float32) for x in flags], -2)
    return tf.concat([t.observation, t.next_observation, single], -2)


def add(buffer: Buffer, new: tf.Tensor, count: tf.Tensor) -> Buffer:
    """Write each seed's first `count` rows [N] over its oldest.

    New rows are in the order of time, [T, F, N].
    """
    scratch, (steps, _, seeds) = buffer.rows.shape[0] - 1, new.shape
    time = tf.range(steps)[:, None]
    kept = (time < count) & (time >= count - buffer.capacity)  # no slot is written twice
    slot = tf.where(kept, (buffer.written + time) % buffer.capacity, scratch)
    index = tf.stack([slot, tf.broadcast_to(tf.range(seeds), [steps, seeds])], -1)
    held = tf.tensor_scatter_nd_update(buffer.rows, index, tf.transpose(new, [0, 2, 1]))
    return buffer._replace(rows=held, written=buffer.written + count)


def sample(buffer: Buffer, keys: tf.Tensor, batch_size: int) -> Transitions:
    """Draw a batch for each seed by keys [2, N].

    Every seed must have a transition.
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
    observation, following = rows[:, :size], rows[:, size : 2 * size]
    action = tf.cast(action, tf.int32)
    return Transitions(observation, action, reward, following, terminated, truncated)
