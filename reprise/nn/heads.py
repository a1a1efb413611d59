"""Actions from a number for each of them, written without dot products.

Shapes: A actions, L lanes; before them any axes, such as episodes.
"""

from __future__ import annotations

from reprise.nn.determinism import tf

FEW = 18  # actions, the most of a game of Atari's


def greedy(values: tf.Tensor) -> tf.Tensor:
    """Return the action of the highest value, the first among equals: [..., A, L] -> [..., L]."""
    best, *others = tf.unstack(values, axis=-2)
    action = tf.zeros_like(best, tf.int32)
    for a, value in enumerate(others, 1):
        action, best = tf.where(value > best, a, action), tf.maximum(value, best)
    return action


def chosen(values: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """Return the values of the actions taken: [..., A, L] -> [..., L].

    With many actions the sum is one operation: of the gradient of as many terms the compiler makes
    a program that takes minutes and gigabytes. All terms but one are 0, so that no order matters.
    """
    if (count := values.shape[-2]) > FEW:
        taken = tf.range(count)[:, None] == action[..., None, :]
        return tf.reduce_sum(tf.where(taken, values, 0.0), -2)
    return tf.add_n(
        [tf.where(action == a, value, 0.0) for a, value in enumerate(tf.unstack(values, axis=-2))]
    )


def exponentials(logits: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """Return exp(z_a - max z) of each action, their sum, and max z, each [..., L].

    Args:
        logits: z, [..., A, L].
    """
    values = tf.unstack(logits, axis=-2)
    highest = values[0]
    for value in values[1:]:
        highest = tf.maximum(highest, value)
    highest = tf.stop_gradient(highest)
    terms = [tf.exp(value - highest) for value in values]
    return terms, tf.add_n(terms), highest


def sampled(logits: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
    """Draw actions by their softmax: the first whose cumulated probability is above a number.

    Args:
        logits: [..., A, L].
        random: uniform numbers in [0, 1), [..., L].
    """
    terms, total, _ = exponentials(logits)
    bar, below = random * total, tf.zeros_like(total)
    action = tf.zeros_like(total, tf.int32)
    for term in terms[:-1]:
        below = below + term
        action = action + tf.cast(below <= bar, tf.int32)
    return action


def cross_entropy(logits: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """Return -log pi(a) of the softmax, log(sum_k exp z_k) - z_a: [..., A, L] -> [..., L]."""
    _, total, highest = exponentials(logits)
    return tf.math.log(total) + highest - chosen(logits, action)
