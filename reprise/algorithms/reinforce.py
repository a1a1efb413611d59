"""REINFORCE over lanes, the whole training as one compiled program.

    gradient = mean_t A_t grad(-log pi(a_t | s_t))

The mean runs over all steps of an iteration's episodes, each lane's own; A_t is what the step is
credited with, in the chapter its normalised return. All episodes of all lanes are played at once;
one that has ended stands still until the longest one ends.

Shapes: L lanes, E episodes, T time, O features of an observation.

Source: Williams (1992), section 4, equation 11; the chapter, section Policy Gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal, NamedTuple

import numpy as np

from reprise import lane_random, networks, optimisers
from reprise.determinism import tf
from reprise.environments.protocol import Environment
from reprise.hyperparameters import Discount, Frozen, HiddenSizes, PositiveFloat, PositiveInt
from reprise.returns import Credit, credited

Behaviour = Literal["sampled", "likeliest"]
Choose = Callable[["tf.Tensor", "tf.Tensor"], "tf.Tensor"]
"""From observations [E, O, L] and uniform numbers in [0, 1), [E, L], to actions, int32 [E, L]."""


class Hyperparameters(Frozen):
    """What decides a training but for its seeds."""

    hidden_sizes: HiddenSizes
    activation: networks.Activation
    iterations: PositiveInt
    episodes_per_iteration: PositiveInt
    maximum_steps: PositiveInt
    behaviour: Behaviour
    credit: Credit
    discount: Discount
    optimiser: optimisers.Optimiser
    learning_rate: PositiveFloat


class Numbers(NamedTuple):
    """The hyperparameters that are only numbers: each may differ between the lanes, [L]."""

    learning_rate: tf.Tensor
    discount: tf.Tensor


class Episodes(NamedTuple):
    """What an iteration's episodes were; a step counts where `played`."""

    observation: tf.Tensor  # [T, E, O, L]
    action: tf.Tensor  # int32 [T, E, L]
    reward: tf.Tensor  # [T, E, L]
    played: tf.Tensor  # bool [T, E, L]


class Training(NamedTuple):
    """What a training leaves, as NumPy arrays; K iterations."""

    returns: np.ndarray  # mean return of an iteration's episodes [K, L]
    steps: np.ndarray  # environment steps of an iteration, all episodes [K, L]
    final: list[np.ndarray]  # weights [.., L]


def left_logits(weights: networks.Weights, observation: tf.Tensor, h: Hyperparameters) -> tf.Tensor:
    """Return the logits of action 0, [..., L], of observations [..., O, L]."""
    return networks.forward(weights, observation, h.activation)[..., 0, :]


def behaviour(weights: networks.Weights, h: Hyperparameters) -> Choose:
    """Return how actions are chosen in training: by their probabilities, or always the likelier."""

    def choose(observation: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
        left = tf.sigmoid(left_logits(weights, observation, h))
        bar = random if h.behaviour == "sampled" else 0.5
        return tf.cast(bar > left, tf.int32)

    return choose


def play(
    choose: Choose,
    keys: tf.Tensor,
    environment: Environment,
    episodes: int,
    steps: int,
) -> Episodes:
    """Play episodes.

    Args:
        choose: the policy.
        keys: uint32 [2, L], of these episodes.
        environment: what is played.
        episodes: E.
        steps: T, after which an episode is truncated.
    """
    lanes = keys.shape[-1]
    state = environment.reset(lane_random.fold(keys, 0), (episodes,))
    random = lane_random.uniform(lane_random.fold(keys, 1), (steps, episodes))
    chance = lane_random.uniform(lane_random.fold(keys, 2), (steps, episodes, environment.draws))
    narrow = [episodes, lanes]
    memory = Episodes(
        tf.TensorArray(
            tf.float32, steps, element_shape=[episodes, environment.observation_size, lanes]
        ),
        *(
            tf.TensorArray(kind, steps, element_shape=narrow)
            for kind in (tf.int32, tf.float32, tf.bool)
        ),
    )

    def tick(t, alive, state, memory):
        observation = environment.observe(state)
        action = choose(observation, random[t])
        following, reward, terminated = environment.step(state, action, chance[t])
        step = Episodes(observation, action, reward, alive)
        memory = Episodes(
            *(array.write(t, field) for array, field in zip(memory, step, strict=True))
        )
        # An episode that has ended keeps its state: stepping a fallen pole on would end in
        # infinities.
        state = tf.where(alive[..., None, :], following, state)
        return t + 1, alive & ~terminated, state, memory

    def goes_on(t, alive, *_):
        return (t < steps) & tf.reduce_any(alive)

    start = (tf.constant(0), tf.ones(narrow, tf.bool), state, memory)
    memory = tf.while_loop(goes_on, tick, start)[-1]
    return Episodes(*(array.stack() for array in memory))


def policy_gradient(
    weights: networks.Weights, episodes: Episodes, credit: tf.Tensor, h: Hyperparameters
) -> list[tf.Tensor]:
    """Return each lane's gradient of the mean over steps of -log pi(a | s) times the credit.

    Args:
        weights: of the policy network.
        episodes: what was played.
        credit: of each step, such as its advantage, [T, E, L].
        h: hyperparameters.
    """
    played = tf.cast(episodes.played, tf.float32)
    weight = credit * played / tf.reduce_sum(played, [0, 1])
    target = tf.cast(
        1 - episodes.action, tf.float32
    )  # of the probability of action 0: it did right
    with tf.GradientTape() as tape:
        tape.watch(weights)
        logits = left_logits(weights, episodes.observation, h)
        loss = weight * tf.nn.sigmoid_cross_entropy_with_logits(target, logits)
    # The tape sums over lanes; they share no weight, so each gets the gradient of its own loss.
    return tape.gradient(loss, weights)


def initial_weights(
    keys: tf.Tensor, environment: Environment, h: Hyperparameters
) -> networks.Weights:
    """Return the networks of lanes with keys [2, L] before any training."""
    sizes = (environment.observation_size, *h.hidden_sizes, 1)
    return networks.glorot_uniform(lane_random.fold(keys, 0), sizes)


def training(
    keys: tf.Tensor,
    weights: networks.Weights,
    numbers: Numbers,
    environment: Environment,
    h: Hyperparameters,
) -> tuple:
    """Train all lanes from their keys [2, L]; this is the program that is compiled."""
    lanes = keys.shape[-1]
    once = tf.cast(numbers.learning_rate[0] > 0, tf.int32)
    curves = tuple(
        tf.TensorArray(tf.float32, h.iterations, element_shape=[lanes]) for _ in range(2)
    )

    def body(iteration, weights, state, curves):
        episodes = play(
            behaviour(weights, h), lane_random.fold(lane_random.fold(keys, 1), iteration),
            environment, h.episodes_per_iteration, h.maximum_steps,
        )  # fmt: skip
        reward = tf.where(episodes.played, episodes.reward, 0.0)
        credit = credited(h.credit, reward, episodes.played, numbers.discount)
        gradient = networks.separately(
            lambda: policy_gradient(weights, episodes, credit, h), weights, once
        )
        state, weights = optimisers.apply(
            h.optimiser, state, weights, gradient, numbers.learning_rate
        )
        points = (
            tf.reduce_sum(reward, [0, 1]) / h.episodes_per_iteration,
            tf.reduce_sum(tf.cast(episodes.played, tf.float32), [0, 1]),
        )
        curves = tuple(
            curve.write(iteration, point) for curve, point in zip(curves, points, strict=True)
        )
        return iteration + 1, weights, state, curves

    start = (tf.constant(0), weights, optimisers.initial(weights), curves)
    _, weights, _, curves = tf.while_loop(lambda n, *_: n < h.iterations, body, start)
    return tuple(curve.stack() for curve in curves), weights


@cache
def program(environment: Environment, h: Hyperparameters):
    """Return the compiled training."""
    return tf.function(
        lambda keys, weights, numbers: training(keys, weights, numbers, environment, h),
        jit_compile=True,
        autograph=False,
    )


def train(
    hyperparameters: Hyperparameters,
    environment: Environment,
    keys: np.ndarray,
    initial: networks.Weights | None = None,
) -> Training:
    """Train one lane for each key.

    Args:
        hyperparameters: of the algorithm.
        environment: what is played.
        keys: uint32 [L, 2], from `seeds.lane_keys`.
        initial: weights to begin with, [.., L]; by default each lane draws its own.
    """
    lanes = tf.constant(keys.T, tf.uint32)
    numbers = Numbers(
        *(tf.fill([len(keys)], float(getattr(hyperparameters, name))) for name in Numbers._fields)
    )
    if initial is None:
        initial = initial_weights(lanes, environment, hyperparameters)
    compiled = program(environment, hyperparameters.structure(Hyperparameters, Numbers._fields))
    (returns, steps), weights = compiled(lanes, initial, numbers)
    return Training(returns.numpy(), steps.numpy(), [weight.numpy() for weight in weights])


@cache
def probability_of_left(activation: networks.Activation) -> tf.Function:
    """Return the compiled policy: from weights and observations [E, O, L] to p(action 0) [E, L]."""
    return tf.function(
        lambda weights, observations: tf.sigmoid(
            networks.forward(weights, observations, activation)[..., 0, :]
        ),
        jit_compile=True, autograph=False,
    )  # fmt: skip


def policy(
    weights: networks.Weights, h: Hyperparameters, random: np.random.Generator | None = None
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Return all lanes' policy: from observations [E, O, L] and time step to actions [E, L].

    Args:
        weights: of the policy networks.
        h: hyperparameters.
        random: samples the actions; without it each is the likelier one.
    """
    constants = [tf.constant(weight) for weight in weights]

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        left = probability_of_left(h.activation)(constants, tf.constant(observations)).numpy()
        bar = 0.5 if random is None else random.random(left.shape, np.float32)
        return (bar > left).astype(np.int64)

    return act


def export(weights: networks.Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Return policy networks as named arrays; the output is the probability of action 0."""
    return networks.to_arrays(weights, h.activation, "sigmoid")
