"""Imitation: a policy network learns the actions of a rule.

    gradient = mean_t ∇(-log π(a_t | s_t))

The steps t are those of episodes that the rule played. This is the gradient of REINFORCE with a
credit of 1 for every step, and that of the cross-entropy between rule and network.

Shapes: E episodes, N seeds, O features of an observation.

Source: the chapter, section Policy Gradients; Pomerleau (1991), section 3 (behavioural cloning).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from reprise.agents import reinforce
from reprise.environments.base import Environment
from reprise.hyperparameters import Frozen, PositiveInt, part
from reprise.nn import heads, networks, optimizers, programs, streams
from reprise.nn.determinism import tf

RECORDING = 2  # the random stream of the recorded episodes, after those of `reinforce`


class Hyperparameters(Frozen):
    """The numbers of recorded episodes and of gradient steps."""

    episodes: PositiveInt
    gradient_steps: PositiveInt


def angle_rule(observation: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
    """Push where the pole leans: the chapter's rule."""
    return tf.cast(observation[..., 2, :] >= 0, tf.int32)


@cache
def program(env: Environment, s: reinforce.Fixed, h: Hyperparameters) -> Callable:
    """Compile imitation as a function of keys, weights and rates."""

    def imitation(keys: tf.Tensor, weights: networks.Weights, rate: tf.Tensor) -> tuple:
        shown = reinforce.play(angle_rule, keys, env, h.episodes, s.maximum_steps)
        ones = tf.ones_like(shown.reward)

        def body(step, weights, state):
            gradient = networks.materialize(reinforce.policy_gradient(weights, shown, ones, s))
            state, weights = optimizers.apply(s.optimizer, state, weights, gradient, rate)
            return step + 1, weights, state

        start = (tf.constant(0), weights, optimizers.init(weights))
        _, weights, _ = tf.while_loop(lambda n, *_: n < h.gradient_steps, body, start)
        right: Any = heads.distribution(weights, shown.observation, s.activation)
        right = right[..., 0, :] < 0
        agrees = (tf.cast(right, tf.int32) == shown.action) & shown.played
        steps = tf.reduce_sum(tf.cast(shown.played, tf.float32), [0, 1])
        return weights, steps, tf.reduce_sum(tf.cast(agrees, tf.float32), [0, 1]) / steps

    return programs.compiled(imitation)


def imitate(
    h: reinforce.Hyperparameters, imitation: Hyperparameters, env: Environment, keys: np.ndarray
) -> tuple[networks.Weights, np.ndarray, np.ndarray]:
    """Teach each network the rule, with episodes of its own.

    Each gradient step uses all episodes. The initial networks are those of REINFORCE with the same
    keys, uint32 [N, 2]. Returns the weights [.., N], the number of recorded steps [N], and the
    share of these steps in which the network prefers the rule's action [N].
    """
    words, rates = tf.constant(keys.T, tf.uint32), tf.fill([len(keys)], float(h.learning_rate))
    initial = reinforce.initial_weights(words, env, h)
    compiled = program(env, part(reinforce.Fixed, h), part(Hyperparameters, imitation))
    weights, steps, agreement = compiled(streams.fold_in(words, RECORDING), initial, rates)
    return [weight.numpy() for weight in weights], steps.numpy(), agreement.numpy()
