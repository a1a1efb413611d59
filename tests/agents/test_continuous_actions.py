"""Actor-critics with a Gaussian for continuous actions."""

import numpy as np
import pytest

from reprise.agents import actor_critic
from reprise.environments.pendulum import Pendulum
from reprise.nn.determinism import tf
from tests.agents.test_actor_critic import KEYS, prepared, with_

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shared", [False, True])
def test_the_gradient_is_that_of_the_density_step_by_step(shared: bool):
    h = with_(shared_network=shared, normalize_advantages=False, clip_value=False)
    (numbers, s), keys = prepared(h), tf.constant(KEYS.T)
    weights = actor_critic.initial_weights(keys, Pendulum(), s)
    observation, action, *single = (
        tf.constant(RANDOM.normal(size=(6, *axes, 4)), tf.float32)
        for axes in ([3], [1], [], [], [])
    )
    advantage, target, surprise = single
    batch = actor_critic.Batch(observation, action, advantage, target, 1.4 + 0.1 * surprise, target)

    @tf.function(jit_compile=True, autograph=False)
    def compiled() -> list:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            total = actor_critic.loss(weights, batch, numbers, s)
        return tape.gradient(total, weights)

    with tf.GradientTape() as tape:
        tape.watch(weights)
        total = 0.0
        for b in range(6):
            policy, value = actor_critic.outputs(weights, observation[b], s)
            deviation = tf.exp(policy.log_deviation[0])
            z = (action[b, 0] - policy.mean[0]) / deviation
            density = tf.exp(-z * z / 2) / (deviation * np.sqrt(2 * np.pi))
            ratio = density * tf.exp(batch.surprise[b])
            objective = tf.minimum(
                ratio * advantage[b], tf.clip_by_value(ratio, 0.8, 1.2) * advantage[b]
            )
            entropy = tf.math.log(deviation * np.sqrt(2 * np.pi * np.e))
            total += (0.25 * (target[b] - value) ** 2 - objective - 0.01 * entropy) / 6
    for mine, theirs in zip(compiled(), tape.gradient(total, weights), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)
