"""Heads of networks: action values, or a policy's logits.

    π(0 | s) = sigmoid(z)        or        π(a | s) = exp(z_a) / Σ_k exp(z_k)

With two actions a policy has one logit z, with more it has one for each action. There are no dot
products, so that the bits are the same on every CPU.

Shapes: A actions, Z logits, N seeds; before them any axes, such as episodes.

Source: the chapter, section Neural Network Policies; Sutton and Barto (2018), equation 13.2.
"""

from __future__ import annotations

from reprise.nn.determinism import tf


def greedy(values: tf.Tensor) -> tf.Tensor:
    """Return the first action of highest value [..., N]."""
    return tf.argmax(values, axis=-2, output_type=tf.int32)


def select_action_values(values: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """Return the values of the actions taken [..., N]."""
    taken = tf.range(values.shape[-2])[:, None] == tf.expand_dims(action, -2)
    return tf.reduce_sum(tf.where(taken, values, 0.0), -2)


def sample_action(logits: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
    """Draw actions by logits [..., Z, N] and uniform numbers."""
    if logits.shape[-2] == 1:
        return tf.cast(random > tf.sigmoid(logits[..., 0, :]), tf.int32)
    terms, total, _ = _exponentials(logits)
    bar, below = random * total, tf.zeros_like(total)
    action = tf.zeros_like(total, tf.int32)
    for term in terms[:-1]:  # the first action with a cumulative probability above the number
        below = below + term
        action = action + tf.cast(below <= bar, tf.int32)
    return action


def greedy_action(logits: tf.Tensor) -> tf.Tensor:
    """Return the first most probable action, [..., N]."""
    if logits.shape[-2] == 1:
        return tf.cast(tf.sigmoid(logits[..., 0, :]) < 0.5, tf.int32)
    return greedy(logits)


def negative_log_prob(logits: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """Return -log π(a | s) [..., N]."""
    if logits.shape[-2] == 1:
        is_0 = tf.cast(1 - action, tf.float32)
        return tf.nn.sigmoid_cross_entropy_with_logits(is_0, logits[..., 0, :])
    _, total, highest = _exponentials(logits)
    return tf.math.log(total) + highest - select_action_values(logits, action)


def entropy(logits: tf.Tensor) -> tf.Tensor:
    """Return H(π) = -Σ π log π [..., N]."""
    if logits.shape[-2] == 1:
        logits = tf.concat([logits, tf.zeros_like(logits)], -2)
    terms, total, highest = _exponentials(logits)
    values = tf.unstack(logits, axis=-2)
    expected = tf.add_n([e * (z - highest) for e, z in zip(terms, values, strict=True)]) / total
    return tf.math.log(total) - expected


def _exponentials(logits: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """Return each exp(z_a - max z), their sum, max z."""
    values = tf.unstack(logits, axis=-2)
    highest = values[0]
    for value in values[1:]:
        highest = tf.maximum(highest, value)
    highest = tf.stop_gradient(highest)
    terms = [tf.exp(value - highest) for value in values]
    return terms, tf.add_n(terms), highest
