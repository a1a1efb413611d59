"""Policies for CartPole without training.

A rule is a function of observations; `playing` turns it into an `Act`. A stochastic policy takes
its random numbers as an array with a stream for each episode and policy, so that no episode depends
on another.

Shapes: E episodes, N policies, T steps, O = 4 features: position (m), velocity (m/s), angle (rad,
positive to the right), angular velocity (rad/s). Action 0 pushes the cart to the left, 1 to the
right.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reprise import seeds
from reprise.nn import networks
from reprise.nn.determinism import tf

if TYPE_CHECKING:
    from reprise.environments.rollout import Act

Floats = NDArray[np.floating]
Actions = NDArray[np.int64]
Rule = Callable[[Floats], Actions]  # from observations [..., O, N] to actions [..., N]

LEFT, RIGHT = 0, 1


def angle(observations: Floats) -> Actions:
    """Push the way the pole leans: the chapter's rule."""
    return np.where(observations[..., 2, :] < 0, LEFT, RIGHT)


def angle_and_velocity(observations: Floats) -> Actions:
    """Push the way the pole will lean in a second.

    By the angle alone, the cart pushes until the pole is upright and moving fast. With the angular
    velocity the push ends earlier, which damps the swing.
    """
    return np.where(observations[..., 2, :] + observations[..., 3, :] < 0, LEFT, RIGHT)


def always_left(observations: Floats) -> Actions:
    """Push left at every step."""
    return np.full_like(observations[..., 0, :], LEFT, np.int64)


def playing(rule: Rule) -> "Act":
    """Make a policy that follows a rule."""
    return lambda observations, step: rule(observations)


def chance(draws: Floats) -> "Act":
    """Flip a fair coin with uniform draws [T, E, N]."""
    return lambda observations, step: np.where(draws[step] < 0.5, LEFT, RIGHT)


def untrained_network(
    seed: int, sizes: Sequence[int], hidden: networks.Activation, draws: Floats
) -> "Act":
    """Make untrained networks that push left with probability sigmoid(network(observation)).

    `sizes` counts the features of input, hidden layers and output, which has 1. `draws` are uniform
    numbers, float32 [T, E, N].
    """
    keys = seeds.training_keys(seed, "initial weights", range(draws.shape[-1])).T  # [2, N]
    weights = networks.glorot_uniform(tf.constant(keys), sizes)

    @tf.function(jit_compile=True, autograph=False)
    def choose(observations: "tf.Tensor", uniform: "tf.Tensor") -> "tf.Tensor":
        left = tf.squeeze(tf.sigmoid(networks.forward(weights, observations, hidden)), -2)
        return tf.where(uniform < left, LEFT, RIGHT)

    return lambda observations, step: choose(tf.constant(observations), draws[step]).numpy()


def uniform_draws(
    seed: int, purpose: str, episodes: Sequence[int], policies: int, steps: int
) -> NDArray[np.float32]:
    """Draw uniform numbers [T, E, N].

    Each episode and policy has its own stream.
    """
    draws = np.empty((steps, len(episodes), policies), np.float32)
    for e, policy in np.ndindex(len(episodes), policies):
        stream = seeds.generator(seed, purpose, episodes[e], policy)
        draws[:, e, policy] = stream.random(steps, np.float32)
    return draws
