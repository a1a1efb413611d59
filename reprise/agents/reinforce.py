"""REINFORCE: make actions followed by high returns more probable.

    ∇J = mean_t A_t ∇ log π(a_t | s_t)        the policy gradient

A_t is the credit of the action in step t. The chapter takes the advantage, a normalised return:
A_t = (G_t - mean G) / std G with G_t = r_t + γ G_{t+1}. Means run over all steps of an iteration's
episodes.

N independent seeds train side by side in one compiled program: every tensor ends with the axis N,
and no number passes from one seed to another. The episodes of an iteration are played side by side;
those that have ended wait for the others.

Shapes: N seeds, K iterations, E episodes, T steps, O features of an observation, Z logits. A
continuous action is [A, N] instead of [N].

Source: Williams (1992), section 4, equation 11; Sutton and Barto (2018), equations 3.9 and 13.8;
    the chapter, sections Evaluating Actions and Policy Gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from reprise import hyperparameters as kinds
from reprise.environments.base import Environment
from reprise.measures.training_run import TrainingRun, finite
from reprise.nn import heads, networks, optimizers, programs, snapshots, streams
from reprise.nn.determinism import tf
from reprise.nn.heads import distribution, greedy_action, negative_log_prob, sample_action
from reprise.nn.networks import Weights, materialize

Behaviour = Literal["sampled", "greedy"]
Credit = Literal["total_reward", "return", "advantage"]
CHOICES = {"credit": get_args(Credit), "behaviour": get_args(Behaviour)}

# Random streams of a seed, and of an iteration.
WEIGHTS, ITERATIONS = range(2)
STARTS, ACTIONS, CHANCE = range(3)

EPSILON = 1e-8  # keeps advantages finite where all returns are equal


class Fixed(kinds.Frozen):
    """Hyperparameters that all seeds of a compiled program share."""

    hidden_sizes: kinds.HiddenSizes
    activation: networks.Activation
    iterations: kinds.PositiveInt
    episodes_per_iteration: kinds.PositiveInt
    maximum_steps: kinds.PositiveInt
    optimizer: optimizers.Optimizer


class Numbers(NamedTuple):
    """Hyperparameters that the compiled program takes, [N]."""

    learning_rate: tf.Tensor
    discount: tf.Tensor
    credit: tf.Tensor  # the place in `Credit`
    behaviour: tf.Tensor  # the place in `Behaviour`


class Hyperparameters(Fixed):
    """All hyperparameters of REINFORCE."""

    learning_rate: kinds.PositiveFloat
    discount: kinds.Discount
    credit: Credit
    behaviour: Behaviour


class Episodes(NamedTuple):
    """The episodes of an iteration."""

    observation: tf.Tensor  # [T, E, O, N]
    action: tf.Tensor  # int32 [T, E, N], or float32 [T, E, A, N]
    reward: tf.Tensor  # [T, E, N], 0 after the end
    played: tf.Tensor  # bool [T, E, N], False after the end


def discounted_returns(reward: tf.Tensor, discount: tf.Tensor) -> tf.Tensor:
    """Compute G_t = r_t + γ G_{t+1}, [T, ..., N].

    >>> discounted_returns(tf.constant([10, 0, -50]), tf.constant(0.8)).numpy().tolist()
    [-22.0, -40.0, -50.0]
    """
    reward = tf.cast(reward, tf.float32)  # integer returns would lose their fractions
    steps, shape = reward.shape[0], reward.shape[1:]

    def body(t, g, returns):
        g = reward[t] + discount * g
        return t - 1, g, returns.write(t, g)

    returns = tf.TensorArray(tf.float32, steps, element_shape=shape)
    start = (tf.constant(steps - 1), tf.zeros(shape), returns)
    return tf.while_loop(lambda t, *_: t >= 0, body, start)[-1].stack()


def count(played: tf.Tensor) -> tf.Tensor:
    """Count each seed's steps that were played, [N]."""
    return total(tf.cast(played, tf.float32))


def total(values: tf.Tensor) -> tf.Tensor:
    """Sum values [T, E, N] over steps and episodes, [N]."""
    (sums,) = materialize([tf.reduce_sum(values, 0)])  # XLA is slow to sum over both axes at once
    return tf.reduce_sum(sums, 0)


def advantages(returns: tf.Tensor, played: tf.Tensor) -> tf.Tensor:
    """Compute A_t = (G_t - mean G) / std G.

    Only steps that were played count; the others have the advantage 0, [T, E, N].
    """
    mask = tf.cast(played, tf.float32)
    steps = count(played)
    mean = tf.reduce_sum(returns * mask, [0, 1]) / steps
    deviation = tf.sqrt(tf.reduce_sum(mask * (returns - mean) ** 2, [0, 1]) / steps)
    return mask * (returns - mean) / (deviation + EPSILON)


def credited(episodes: Episodes, numbers: Numbers) -> tf.Tensor:
    """Compute the credit A_t of each action, [T, E, N].

    `numbers.credit` is 0 for the episode's total reward, 1 for the return, 2 for the advantage.
    """
    whole = tf.reduce_sum(episodes.reward, 0)
    returns = discounted_returns(episodes.reward, numbers.discount)
    normalised = advantages(returns, episodes.played)
    return tf.where(numbers.credit == 0, whole, tf.where(numbers.credit == 1, returns, normalised))


def loss(weights: Weights, episodes: Episodes, credit: tf.Tensor, s: Fixed) -> tf.Tensor:
    """Compute the terms of mean_t -A_t log π(a_t | s_t)."""
    played = tf.cast(episodes.played, tf.float32)
    share = credit * played / count(episodes.played)
    π = distribution(weights, episodes.observation, s.activation)
    return share * negative_log_prob(π, episodes.action)


def policy_gradient(weights: Weights, episodes: Episodes, credit: tf.Tensor, s: Fixed) -> Weights:
    """Differentiate each seed's loss by its weights, [.., N]."""
    with tf.GradientTape() as tape:
        tape.watch(weights)
        terms = loss(weights, episodes, credit, s)
    # The tape adds up all terms. Seeds share no weight, so each gets the gradient of its own loss.
    return tape.gradient(terms, weights)


def act(
    weights: Weights, observation: tf.Tensor, random: tf.Tensor, numbers: Numbers, s: Fixed
) -> tf.Tensor:
    """Sample actions [E, N], or choose the most probable ones."""
    π = distribution(weights, observation, s.activation)
    return tf.where(numbers.behaviour == 0, sample_action(π, random), greedy_action(π))


def play(
    choose: Callable, keys: tf.Tensor, env: Environment, episodes: int, steps: int
) -> Episodes:
    """Play E episodes side by side, up to T steps.

    `choose` is the policy: a function of observations [E, O, N] and of uniform random numbers.
    """
    seeds = keys.shape[-1]
    state = env.reset(streams.fold_in(keys, STARTS), (episodes,))
    random = streams.uniform(streams.fold_in(keys, ACTIONS), (steps, episodes, *env.action_shape))
    chance = streams.uniform(streams.fold_in(keys, CHANCE), (steps, episodes, env.draws))

    def tick(t, alive, state, memory):
        observation = env.observe(state)
        action = choose(observation, random[t])
        next_state, reward, terminated = env.step(state, action, chance[t])
        step = Episodes(observation, action, tf.where(alive, reward, 0.0), alive)
        memory = programs.record(memory, t, step)
        state = tf.where(alive[..., None, :], next_state, state)  # else a fallen pole falls on
        alive = alive & ~(terminated | env.truncated(next_state))
        return t + 1, alive, state, memory

    observation, shape = [episodes, env.observation_size, seeds], [episodes, seeds]
    action = tf.float32 if env.continuous else tf.int32, [episodes, *env.action_shape, seeds]
    fields = (tf.float32, observation), action, (tf.float32, shape), (tf.bool, shape)
    start = (tf.constant(0), tf.ones(shape, tf.bool), state, programs.recorder(steps, fields))
    *_, memory = tf.while_loop(lambda t, alive, *_: (t < steps) & tf.reduce_any(alive), tick, start)
    return Episodes(*(rows.stack() for rows in memory))


def update(
    weights: Weights, state: optimizers.State, episodes: Episodes, numbers: Numbers, s: Fixed
) -> tuple[Weights, optimizers.State]:
    """Take one gradient step with an iteration's episodes."""
    credit = credited(episodes, numbers)
    gradient = materialize(policy_gradient(weights, episodes, credit, s))
    state, weights = optimizers.apply(s.optimizer, state, weights, gradient, numbers.learning_rate)
    return weights, state


def initial_weights(keys: tf.Tensor, env: Environment, s: Fixed) -> Weights:
    """Draw untrained policy networks by keys [2, N]."""
    sizes = (env.observation_size, *s.hidden_sizes)
    return heads.initial_policy(streams.fold_in(keys, WEIGHTS), sizes, env.actions, env.continuous)


def training(
    keys: tf.Tensor,
    weights: Weights,
    numbers: Numbers,
    given: Any = (),
    *,
    env: Environment,
    s: Fixed,
    points: int = 0,
) -> tuple:
    """Train all seeds from keys [2, N], as one program.

    `given` are the environment's own numbers, if it has any.
    """
    env = env.having(given)
    update_part, act_part = env.part(partial(update, s=s)), env.part(partial(act, s=s))

    def body(k, weights, state, curves, taken):
        taken = snapshots.take(taken, points, k, s.iterations, weights)
        episodes = play(
            lambda observation, random: act_part(weights, observation, random, numbers),
            streams.fold_in(streams.fold_in(keys, ITERATIONS), k),
            env,
            s.episodes_per_iteration,
            s.maximum_steps,
        )
        weights, state = update_part(weights, state, episodes, numbers)
        reward = total(tf.cast(episodes.reward, env.reward_dtype))
        returns = tf.cast(reward / s.episodes_per_iteration, tf.float32)
        curves = programs.record(curves, k, (returns, count(episodes.played)))
        return k + 1, weights, state, curves, taken

    curves = programs.recorder(s.iterations, 2 * [(tf.float32, [keys.shape[-1]])])
    taken = snapshots.empty(points, weights)
    start = (tf.constant(0), weights, optimizers.init(weights), curves, taken)
    _, weights, _, curves, taken = tf.while_loop(lambda k, *_: k < s.iterations, body, start)
    return [curve.stack() for curve in curves], weights, [array.stack() for array in taken]


def train(
    h: Hyperparameters | Sequence[Hyperparameters],
    env: Environment,
    keys: np.ndarray,
    initial: Weights | None = None,
    **points: int,
) -> TrainingRun:
    """Train a policy for each key, uint32 [N, 2].

    Seeds may have different hyperparameters, except those in `Fixed`. Training begins with the
    `initial` weights [.., N], by default untrained ones. `points` is the number of snapshots of the
    weights.
    """
    each = [h] * len(keys) if isinstance(h, Hyperparameters) else h
    s, words = kinds.part(Fixed, each[0]), tf.constant(keys.T)
    numbers = programs.numbers(Numbers, each, CHOICES)
    before = initial_weights(words, env, s) if initial is None else initial
    given = tf.nest.map_structure(lambda number: tf.constant(number, tf.float32), env.numbers)
    program = programs.of(training, env, s, **points)
    (returns, steps), *found = programs.in_blocks(
        lambda *of_seeds: program(*of_seeds, given), env.block, words, before, numbers
    )
    weights = snapshots.of_run(env, ("final",), found)
    played = np.cumsum(steps.numpy(), axis=0, dtype=float)
    none = np.zeros((0, len(keys)), np.float32)
    return TrainingRun(finite(returns.numpy(), np.float32), played, none, none, weights)


def policy(
    weights: Weights,
    h: Hyperparameters | Sequence[Hyperparameters],
    random: np.random.Generator | None = None,
) -> networks.Act:
    """Return the greedy policy, or one sampled by a generator."""
    s = kinds.part(Fixed, h if isinstance(h, Hyperparameters) else h[0])
    return networks.acting(actions, weights, s, random, heads.action_shape(weights))


def actions(
    weights: Weights, observation: tf.Tensor, random: tf.Tensor | None = None, *, s: Fixed
) -> tf.Tensor:
    """Choose the most probable actions, or sample by uniform numbers."""
    π = distribution(weights, observation, s.activation)
    return greedy_action(π) if random is None else sample_action(π, random)


def export(weights: Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Convert to named arrays: networks of probabilities or means."""
    return heads.to_arrays(weights, h.activation)
