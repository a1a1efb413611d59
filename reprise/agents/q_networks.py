"""The equations of Q-learning with networks: Q-values, targets, losses and their gradients.

    y = r + gamma (1 - terminated) max_a' Q(s', a')        loss = mean (y - Q(s, a))^2

Shapes: L lanes, B batch, A actions, O features of an observation.

Source: Mnih et al. (2015), algorithm 1; van Hasselt, Guez and Silver (2016), equation 4 (double);
    Wang et al. (2016), equation 9 (dueling).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reprise.agents.dqn_hyperparameters import Hyperparameters, Numbers
from reprise.nn import networks, optimizers, replay_buffer
from reprise.nn.determinism import tf
from reprise.nn.heads import chosen, greedy


class Learner(NamedTuple):
    """What learning changes."""

    weights: networks.Weights
    target: networks.Weights
    optimiser: optimizers.State


def q_values(weights: networks.Weights, observation: tf.Tensor, h: Hyperparameters) -> tf.Tensor:
    """Return the Q-values [..., A, L] of observations [..., O, L]."""
    outputs = networks.forward(weights, observation, h.activation)
    if not h.dueling:
        return outputs
    value, advantages = outputs[..., :1, :], outputs[..., 1:, :]
    return value + advantages - tf.reduce_mean(advantages, -2, keepdims=True)


def targets(
    learner: Learner, batch: replay_buffer.Transitions, discount: tf.Tensor, h: Hyperparameters
) -> tf.Tensor:
    """Return the target Q-values [B, L] of a batch."""
    judge = learner.weights if h.target_network == "none" else learner.target
    q = q_values(judge, batch.following, h)
    if h.double and h.target_network != "none":
        future = chosen(q, greedy(q_values(learner.weights, batch.following, h)))
    else:
        future = chosen(q, greedy(q))
    ended = batch.terminated if h.bootstrap_at_truncation else batch.terminated | batch.truncated
    return batch.reward + tf.where(ended, 0.0, discount * future)


def errors(loss: str, difference: tf.Tensor) -> tf.Tensor:
    """Return each transition's loss: the square, or Huber's with its corner at 1."""
    squared = difference * difference
    if loss == "mse":
        return squared
    size = tf.abs(difference)
    return tf.where(size <= 1, 0.5 * squared, size - 0.5)


def gradients(
    learner: Learner, batch: replay_buffer.Transitions, numbers: Numbers, h: Hyperparameters
) -> list[tf.Tensor]:
    """Return the gradients of the lanes' losses, then the losses and the mean targets [L]."""
    target = tf.stop_gradient(targets(learner, batch, numbers.discount, h))
    with tf.GradientTape() as tape:
        tape.watch(learner.weights)
        q = chosen(q_values(learner.weights, batch.observation, h), batch.action)
        loss = tf.reduce_mean(errors(h.loss, target - q), 0)  # [L]
    # The tape sums over lanes; they share no weight, so each gets the gradient of its own loss.
    return [*tape.gradient(loss, learner.weights), loss, tf.reduce_mean(target, 0)]


def update_target(
    target: networks.Weights, weights: networks.Weights, step: tf.Tensor, h: Hyperparameters
) -> list:
    """Return the target network: copied every n gradient steps, or drawn nearer at each."""
    if h.target_network == "hard":
        due = step % h.target_every == 0
        return [tf.where(due, w, t) for w, t in zip(weights, target, strict=True)]
    if h.target_network == "soft":
        return [t + h.target_rate * (w - t) for w, t in zip(weights, target, strict=True)]
    return target


def export(weights: networks.Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Return Q-networks as named arrays; a dueling one's last layer gives plain Q-values."""
    if h.dueling:
        actions = weights[-1].shape[0] - 1
        fold = np.hstack([np.ones((actions, 1)), np.eye(actions) - 1 / actions])
        last = [
            np.einsum("qo,o...->q...", fold, weight).astype(np.float32) for weight in weights[-2:]
        ]
        weights = [*weights[:-2], *last]
    return networks.to_arrays(weights, h.activation, "linear")
