"""Heads of networks: action values, logits or a Gaussian.

    π(0 | s) = sigmoid(z)        or        π(a | s) = exp(z_a) / Σ_k exp(z_k)

With two actions a policy has one logit z, with more it has one for each action. The components of a
continuous action are independent and normally distributed:

    π(a | s) = Π_d exp(-(a_d - μ_d(s))² / 2σ_d²) / (σ_d √2π)

The network gives the means μ. The deviations σ are the same in all states: their logarithms are one
more array of weights, which begins at 0. As in Stable-Baselines3, an environment clips an action to
its space, while the policy gradient takes the action as drawn.

Sums are written term by term, without dot products, so that every CPU computes the same bits.

Shapes: A actions or components of an action, Z logits, N seeds. Other axes, such as episodes, come
    first.

Source: the chapter, section Neural Network Policies; Sutton and Barto (2018), equations 13.2 and
    13.19; Raffin et al. (2021), Stable-Baselines3.
"""

from __future__ import annotations

from math import e, log, pi, sqrt
from typing import NamedTuple

import numpy as np

from reprise.nn import networks
from reprise.nn.determinism import tf
from reprise.nn.networks import Weights


class Gaussian(NamedTuple):
    """The distribution of a continuous action."""

    mean: tf.Tensor  # [..., A, N]
    log_deviation: tf.Tensor  # [A, N]


def is_continuous(weights: Weights) -> bool:
    """Check whether a policy's weights end with log deviations."""
    return len(weights) % 2 == 1


def initial_policy(
    keys: tf.Tensor, sizes: tuple[int, ...], actions: int, continuous: bool, value: bool = False
) -> Weights:
    """Draw a policy's weights by keys [2, N].

    Sizes are the features of the input and of each hidden layer. With `value` the network has one
    more output, for the value.
    """
    outputs = 1 if actions == 2 and not continuous else actions
    weights = networks.glorot_uniform(keys, (*sizes, outputs + value))
    return [*weights, tf.zeros([actions, keys.shape[-1]])] if continuous else weights


def action_shape(weights: Weights) -> tuple[int, ...]:
    """Return (A,) for continuous actions, else ()."""
    return (len(weights[-1]),) if is_continuous(weights) else ()


def distribution(
    weights: Weights, observation: tf.Tensor, hidden: networks.Activation
) -> tf.Tensor | Gaussian:
    """Compute π's logits [..., Z, N], or its Gaussian."""
    if not is_continuous(weights):
        return networks.forward(weights, observation, hidden)
    return Gaussian(networks.forward(weights[:-1], observation, hidden), weights[-1])


def to_arrays(weights: Weights, hidden: networks.Activation) -> dict[str, np.ndarray]:
    """Convert policies to named arrays.

    Their networks give π(0 | s), π(a | s) or a Gaussian's means. A Gaussian also has the array
    `log_deviation` [N, A].
    """
    if is_continuous(weights):
        arrays = networks.to_arrays(weights[:-1], hidden, "linear")
        return arrays | {"log_deviation": np.ascontiguousarray(np.transpose(weights[-1]))}
    return networks.to_arrays(weights, hidden, "sigmoid" if len(weights[-1]) == 1 else "softmax")


def without_value(weights: Weights) -> Weights:
    """Remove a network's last output, the value."""
    layers = len(weights) // 2 * 2
    kernel, bias = weights[layers - 2 : layers]
    return [*weights[: layers - 2], kernel[:-1], bias[:-1], *weights[layers:]]


def distribution_and_value(
    weights: Weights, observation: tf.Tensor, hidden: networks.Activation
) -> tuple[tf.Tensor | Gaussian, tf.Tensor]:
    """Split outputs into π's logits or Gaussian, and the value."""
    both = distribution(weights, observation, hidden)
    if isinstance(both, Gaussian):
        return both._replace(mean=both.mean[..., :-1, :]), both.mean[..., -1, :]
    return both[..., :-1, :], both[..., -1, :]


def greedy(values: tf.Tensor) -> tf.Tensor:
    """Choose the first action of highest value [..., N]."""
    return tf.argmax(values, axis=-2, output_type=tf.int32)


def select_action_values(values: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """Select the values of the actions taken [..., N]."""
    taken = tf.range(values.shape[-2])[:, None] == tf.expand_dims(action, -2)
    return tf.reduce_sum(tf.where(taken, values, 0.0), -2)


def sample_action(logits: tf.Tensor | Gaussian, random: tf.Tensor) -> tf.Tensor:
    """Sample actions with uniform random numbers.

    Logits [..., Z, N] give int32 actions [..., N], a Gaussian gives float32 actions [..., A, N].
    The random numbers have the shape of the actions.
    """
    if isinstance(logits, Gaussian):
        return logits.mean + networks.exp(logits.log_deviation) * standard_normal(random)
    if logits.shape[-2] == 1:
        return tf.cast(random > networks.sigmoid(logits[..., 0, :]), tf.int32)
    terms, total, _ = _exponentials(logits)
    threshold, cumulative = random * total, tf.zeros_like(total)
    action = tf.zeros_like(total, tf.int32)
    for term in terms[:-1]:  # the first action with a cumulative probability above the number
        cumulative = cumulative + term
        action = action + tf.cast(cumulative <= threshold, tf.int32)
    return action


def standard_normal(random: tf.Tensor) -> tf.Tensor:
    """Turn uniform numbers u into standard normal ones.

        x = √2 erf⁻¹(2u - 1)

    The numbers u are multiples of 2^-24. Half a step more makes them symmetric, and never 0 or 1.
    """
    return sqrt(2) * tf.math.erfinv(2 * random - 1 + 2.0**-24)


def greedy_action(logits: tf.Tensor | Gaussian) -> tf.Tensor:
    """Choose the first most probable action, or the mean."""
    if isinstance(logits, Gaussian):
        return logits.mean
    if logits.shape[-2] == 1:
        return tf.cast(networks.sigmoid(logits[..., 0, :]) < 0.5, tf.int32)
    return greedy(logits)


def negative_log_prob(logits: tf.Tensor | Gaussian, action: tf.Tensor) -> tf.Tensor:
    """Compute -log π(a | s) [..., N]."""
    if isinstance(logits, Gaussian):
        z = (action - logits.mean) * networks.exp(-logits.log_deviation)
        terms = 0.5 * z * z + logits.log_deviation + 0.5 * log(2 * pi)
        return tf.add_n(tf.unstack(terms, axis=-2))
    if logits.shape[-2] == 1:
        z, is_0 = logits[..., 0, :], tf.cast(1 - action, tf.float32)
        # -log sigmoid(±z), written as in tf.nn.sigmoid_cross_entropy_with_logits.
        small = networks.exp(tf.where(z >= 0, -z, z))
        return tf.where(z >= 0, z, 0.0) - z * is_0 + tf.math.log1p(small)
    _, total, highest = _exponentials(logits)
    return tf.math.log(total) + highest - select_action_values(logits, action)


def entropy(logits: tf.Tensor | Gaussian) -> tf.Tensor:
    """Compute H(π) = -Σ π log π [..., N].

    A Gaussian has H(π) = Σ_d log(σ_d √2πe) in all states, [N].
    """
    if isinstance(logits, Gaussian):
        return tf.add_n(tf.unstack(logits.log_deviation + 0.5 * log(2 * pi * e)))
    if logits.shape[-2] == 1:
        logits = tf.concat([logits, tf.zeros_like(logits)], -2)
    terms, total, highest = _exponentials(logits)
    values = tf.unstack(logits, axis=-2)
    expected = tf.add_n([x * (z - highest) for x, z in zip(terms, values, strict=True)]) / total
    return tf.math.log(total) - expected


def _exponentials(logits: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """Compute all exp(z_a - max z), their sum, max z."""
    values = tf.unstack(logits, axis=-2)
    highest = values[0]
    for value in values[1:]:
        highest = tf.maximum(highest, value)
    highest = tf.stop_gradient(highest)
    terms = [networks.exp(value - highest) for value in values]
    return terms, tf.add_n(terms), highest
