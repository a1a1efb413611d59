"""Policies for CartPole without training: rules, chance, and an untrained network.

A rule is a function of observations; `playing` turns it into the `Act` that `evaluation` asks for.
A stochastic policy takes its random numbers as an array, one stream for each episode and policy, so
that an episode is the same one whichever others are played with it.

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
Rule = Callable[[Floats], Actions]
"""From observations [..., O, N] to actions [..., N]."""

LEFT, RIGHT = 0, 1


def angle(observations: Floats) -> Actions:
    """Push to the side to which the pole leans: the chapter's rule."""
    return np.where(observations[..., 2, :] < 0, LEFT, RIGHT)


def angle_and_velocity(observations: Floats) -> Actions:
    """Push to the side to which the pole will lean in a second, angle + 1 s * angular velocity.

    The angle alone keeps pushing until the pole is upright, and then it moves the faster for it.
    With the angular velocity the push ends earlier, and damps the swing that it would have fed.
    """
    return np.where(observations[..., 2, :] + observations[..., 3, :] < 0, LEFT, RIGHT)


def always_left(observations: Floats) -> Actions:
    """Push to the left, whatever is observed."""
    return np.full_like(observations[..., 0, :], LEFT, np.int64)


def playing(rule: Rule) -> "Act":
    """Return a policy that follows a rule at every time step."""
    return lambda observations, step: rule(observations)


def chance(draws: Floats) -> "Act":
    """Return the policy that pushes to either side with probability 1/2.

    Args:
        draws: uniform numbers in [0, 1), [T, E, N].
    """
    return lambda observations, step: np.where(draws[step] < 0.5, LEFT, RIGHT)


def sampled_network(weights: networks.Weights, hidden: networks.Activation, draws: Floats) -> "Act":
    """Return the policy that pushes to the left with probability p = sigmoid(network(observation)).

    Args:
        weights: of a network with one output, N policies.
        hidden: the activation function of its hidden layers.
        draws: uniform numbers in [0, 1), float32 [T, E, N].
    """

    @tf.function(jit_compile=True, autograph=False)
    def choose(observations: "tf.Tensor", uniform: "tf.Tensor") -> "tf.Tensor":
        left = tf.squeeze(tf.sigmoid(networks.forward(weights, observations, hidden)), -2)
        return tf.where(uniform < left, LEFT, RIGHT)

    return lambda observations, step: choose(tf.constant(observations), draws[step]).numpy()


def untrained_network(
    seed: int, sizes: Sequence[int], hidden: networks.Activation, draws: Floats
) -> "Act":
    """Return `sampled_network` of networks as they are initialised.

    Args:
        seed: the experiment's seed.
        sizes: features of the input, of each hidden layer and of the output, which is 1.
        hidden: the activation function of the hidden layers.
        draws: uniform numbers in [0, 1), float32 [T, E, N].
    """
    keys = seeds.training_keys(seed, "initial weights", range(draws.shape[-1])).T  # [2, N]
    return sampled_network(networks.glorot_uniform(tf.constant(keys), sizes), hidden, draws)


def uniform_draws(
    seed: int, purpose: str, episodes: Sequence[int], policies: int, steps: int
) -> NDArray[np.float32]:
    """Return uniform numbers in [0, 1) from a stream for each episode and policy, [T, E, N].

    Args:
        seed: the experiment's seed.
        purpose: what they are for, such as "random policy".
        episodes: the numbers of the episodes, which may be their seeds.
        policies: N.
        steps: T.
    """
    draws = np.empty((steps, len(episodes), policies), np.float32)
    for e, episode in enumerate(episodes):
        for policy in range(policies):
            stream = seeds.generator(seed, purpose, episode, policy)
            draws[:, e, policy] = stream.random(steps, np.float32)
    return draws
