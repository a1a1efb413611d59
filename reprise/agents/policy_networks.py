"""Networks as stochastic policies: of two actions the probability of one, of more a softmax.

    pi(0 | s) = sigmoid(z)        or        pi(a | s) = exp(z_a) / sum_k exp(z_k)

Shapes: E episodes, L lanes, T time, A actions, Z logits (one for two actions, else A), O features
of an observation.

Source: the chapter, section Neural Network Policies; Sutton and Barto (2018), equation 13.2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from reprise.environments.base import Environment
from reprise.nn import heads, networks, streams
from reprise.nn.determinism import tf

Choose = Callable[["tf.Tensor", "tf.Tensor"], "tf.Tensor"]
"""From observations [E, O, L] and uniform numbers in [0, 1), [E, L], to actions, int32 [E, L]."""


def initial(keys: tf.Tensor, environment: Environment, hidden: tuple[int, ...]) -> networks.Weights:
    """Return the networks of lanes with keys [2, L] before any training."""
    outputs = 1 if environment.actions == 2 else environment.actions
    sizes = (environment.observation_size, *hidden, outputs)
    return networks.glorot_uniform(streams.fold(keys, 0), sizes)


def sampled(logits: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
    """Draw actions [..., L] by the probabilities of logits [..., Z, L]."""
    if logits.shape[-2] == 1:
        return tf.cast(random > tf.sigmoid(logits[..., 0, :]), tf.int32)
    return heads.sampled(logits, random)


def likeliest(logits: tf.Tensor) -> tf.Tensor:
    """Return the likeliest actions [..., L] of logits [..., Z, L], the first among equals."""
    if logits.shape[-2] == 1:
        return tf.cast(tf.sigmoid(logits[..., 0, :]) < 0.5, tf.int32)
    return heads.greedy(logits)


def surprise(logits: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """Return -log pi(a | s), [..., L], of logits [..., Z, L] and actions [..., L]."""
    if logits.shape[-2] == 1:
        # Of the probability of action 0, it did right.
        target = tf.cast(1 - action, tf.float32)
        return tf.nn.sigmoid_cross_entropy_with_logits(target, logits[..., 0, :])
    return heads.cross_entropy(logits, action)


@cache
def _acting(activation: networks.Activation, chance: bool) -> Callable:
    """Return the compiled policy, from weights, observations [E, O, L] and numbers [E, L]."""

    def act(weights: networks.Weights, observations: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
        logits = networks.forward(weights, observations, activation)
        return sampled(logits, random) if chance else likeliest(logits)

    return tf.function(act, jit_compile=True, autograph=False)


def policy(
    weights: networks.Weights,
    activation: networks.Activation,
    random: np.random.Generator | None = None,
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Return all lanes' policy: from observations [E, O, L] and time step to actions [E, L].

    Args:
        weights: of the policy networks.
        activation: of the hidden layers.
        random: samples the actions; without it each is the likeliest one.
    """
    constants = [tf.constant(weight) for weight in weights]
    compiled = _acting(activation, random is not None)

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        narrow = observations[:, 0].shape
        numbers = (
            np.zeros(narrow, np.float32) if random is None else random.random(narrow, np.float32)
        )
        return compiled(constants, tf.constant(observations), tf.constant(numbers)).numpy()

    return act


def export(weights: networks.Weights, activation: networks.Activation) -> dict[str, np.ndarray]:
    """Return policy networks as named arrays; they give p(action 0), or p of each action."""
    output = "sigmoid" if weights[-1].shape[0] == 1 else "softmax"
    return networks.to_arrays(weights, activation, output)
