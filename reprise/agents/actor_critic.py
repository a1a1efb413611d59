"""Actor-critic: prefer actions that did better than expected.

    δ_t = r_t + γ V(s_{t+1}) - V(s_t)             the TD error; without V(s_{t+1}) at an end
    A_t = δ_t + γ λ A_{t+1}                       generalised advantage estimation (GAE)
    loss = mean -min(ρ_t A_t, clip(ρ_t) A_t) + c_v (A_t + V(s_t) - V)² / 2 - c_e H(π)

With λ = 0 the advantage is the TD error, with λ = 1 the return minus a baseline. ρ_t is an action's
probability divided by the one at which it was drawn. Clipping ρ_t to 1 ± ε makes this proximal
policy optimisation (PPO); without, each rollout has one gradient step, that of advantage
actor-critic (A2C). A time limit is no end: the value of the last state counts.

N independent seeds, each with E copies of the environment, train in one compiled program.

Shapes: N seeds, K iterations, E copies, T steps of a rollout, B = T E steps, O features, Z logits.

Source: Sutton and Barto (2018), section 13.5; Schulman et al. (2016), equation 16; Mnih et al.
    (2016), section 4; Schulman et al. (2017), equations 7 and 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from reprise import hyperparameters as kinds
from reprise.environments.base import Environment
from reprise.measures.training_run import TrainingRun, finite
from reprise.nn import heads, networks, optimizers, programs, replay_buffer, streams
from reprise.nn.determinism import tf
from reprise.nn.heads import entropy, greedy_action, negative_log_prob, sample_action
from reprise.nn.networks import Weights, materialize
from reprise.nn.replay_buffer import Transitions

# The random streams of a seed, and of an iteration.
ACTOR, CRITIC, ITERATIONS, FIRST_EPISODES = range(4)  # a shared network is the actor
STARTS, ACTIONS, CHANCE, MINIBATCHES = range(4)

EPSILON = 1e-8  # equal advantages have no deviation, a gradient of zero no direction


class Fixed(kinds.Frozen):
    """Hyperparameters that all seeds of a compiled program share."""

    hidden_sizes: kinds.HiddenSizes
    activation: networks.Activation
    shared_network: bool  # one network with the logits and the value, or two
    total_steps: kinds.PositiveInt
    environments_per_seed: kinds.PositiveInt
    horizon: kinds.PositiveInt
    maximum_steps: kinds.PositiveInt
    epochs: kinds.PositiveInt
    minibatches: kinds.PositiveInt
    normalize_advantages: bool
    clip_value: bool  # clips the value's change by the same number
    anneal_learning_rate: bool
    optimizer: optimizers.Optimizer

    @property
    def batch_size(self) -> int:
        """The number of steps of a rollout, B."""
        return self.horizon * self.environments_per_seed

    @property
    def iterations(self) -> int:
        """The number of rollouts, K."""
        return -(-self.total_steps // self.batch_size)


class Numbers(NamedTuple):
    """Hyperparameters that the compiled program takes, [N]."""

    learning_rate: tf.Tensor
    discount: tf.Tensor
    gae_lambda: tf.Tensor
    clip: tf.Tensor  # infinite without clipping
    value_weight: tf.Tensor
    entropy_weight: tf.Tensor
    maximum_gradient_norm: tf.Tensor  # infinite without a limit


class Hyperparameters(Fixed):
    """All hyperparameters of actor-critic."""

    learning_rate: kinds.PositiveFloat
    discount: kinds.Discount
    gae_lambda: kinds.Probability
    clip: kinds.PositiveFloat | None
    value_weight: kinds.PositiveFloat
    entropy_weight: kinds.NonNegativeFloat
    maximum_gradient_norm: kinds.PositiveFloat | None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.batch_size % self.minibatches:
            allowed = f"a divisor of horizon x environments_per_seed, {self.batch_size}"
            raise ValueError(f"minibatches is {self.minibatches}; allowed: {allowed}")
        if self.clip is None and (self.clip_value or self.epochs * self.minibatches > 1):
            raise ValueError("clip is null; allowed: with 1 epoch, 1 minibatch, no clip_value")
        return self


class Play(NamedTuple):
    """The position of every copy in its current episode."""

    state: tf.Tensor  # of the environment [E, .., N]
    step: tf.Tensor  # in the current episode, int32 [E, N]
    episode_return: tf.Tensor  # so far [E, N]


class Batch(NamedTuple):
    """Steps to learn from."""

    observation: tf.Tensor  # [B, O, N]
    action: tf.Tensor  # int32 [B, N], or float32 [B, A, N]
    advantage: tf.Tensor  # [B, N]
    target: tf.Tensor  # of the value, [B, N]
    surprise: tf.Tensor  # -log π(a | s) when the action was drawn, [B, N]
    value: tf.Tensor  # V(s) then, [B, N]


def actors(weights: Weights, s: Fixed) -> Weights:
    """Return the policies alone, without their critics."""
    if s.shared_network:
        return heads.without_value(weights)
    return list(weights[: -(-len(weights) // 2)])  # a Gaussian has one array more


def outputs(weights: Weights, observation: tf.Tensor, s: Fixed) -> tuple[Any, tf.Tensor]:
    """Return π's logits or Gaussian, and values [..., N]."""
    if s.shared_network:
        return heads.distribution_and_value(weights, observation, s.activation)
    value = networks.forward(weights[-(len(weights) // 2) :], observation, s.activation)
    return heads.distribution(actors(weights, s), observation, s.activation), value[..., 0, :]


def advantages(td_error: tf.Tensor, ended: tf.Tensor, decay: tf.Tensor | float) -> tf.Tensor:
    """Return generalised advantages [T, ..., N].

    A_t = δ_t + γ λ A_{t+1} within an episode; `decay` is γ λ.

    >>> deltas, ended = tf.constant([1.0, 2.0, 4.0]), tf.constant([False, True, False])
    >>> advantages(deltas, ended, 0.5).numpy().tolist()
    [2.0, 2.0, 4.0]
    """

    def body(t, following, found):
        following = td_error[t] + tf.where(ended[t], 0.0, decay * following)
        return t - 1, following, found.write(t, following)

    steps, shape = td_error.shape[0], td_error.shape[1:]
    found = tf.TensorArray(tf.float32, steps, element_shape=shape)
    start = (tf.constant(steps - 1), tf.zeros(shape), found)
    return tf.while_loop(lambda t, *_: t >= 0, body, start)[-1].stack()


def loss(weights: Weights, batch: Batch, numbers: Numbers, s: Fixed) -> tf.Tensor:
    """Return the clipped objective's loss with value and entropy, [N]."""
    z, value = outputs(weights, batch.observation, s)
    (ratio,) = materialize([networks.exp(batch.surprise - negative_log_prob(z, batch.action))])
    clipped = tf.minimum(tf.maximum(ratio, 1 - numbers.clip), 1 + numbers.clip)
    objective = tf.minimum(ratio * batch.advantage, clipped * batch.advantage)
    squared = tf.square(batch.target - value)
    if s.clip_value:
        change = tf.minimum(tf.maximum(value - batch.value, -numbers.clip), numbers.clip)
        squared = tf.maximum(squared, tf.square(batch.target - batch.value - change))
    terms = -objective + numbers.value_weight * 0.5 * squared
    return tf.reduce_mean(terms - numbers.entropy_weight * entropy(z), 0)


def act(
    weights: Weights, observation: tf.Tensor, random: tf.Tensor | None = None, *, s: Fixed
) -> tf.Tensor:
    """Return greedy actions [..., N], or sampled by uniform numbers."""
    z, _ = outputs(weights, observation, s)
    return greedy_action(z) if random is None else sample_action(z, random)


def rollout(
    weights: Weights, play: Play, keys: tf.Tensor, env: Environment, s: Fixed
) -> tuple[Transitions, Play, tf.Tensor]:
    """Play T steps of every copy, episode after episode.

    Returns the steps [T, E, .., N], the new position, and the mean return of ended episodes [N].
    """
    choose, narrow = env.part(partial(act, s=s)), [s.environments_per_seed, keys.shape[-1]]
    starts = streams.fold_in(keys, STARTS)
    drawn = s.horizon, s.environments_per_seed
    random = streams.uniform(streams.fold_in(keys, ACTIONS), (*drawn, *env.action_shape))
    chance = streams.uniform(streams.fold_in(keys, CHANCE), (*drawn, env.draws))

    def tick(t, play, total, count, memory):
        observation = env.observe(play.state)
        action = choose(weights, observation, random[t])
        state, reward, terminated = env.step(play.state, action, chance[t])
        truncated = (play.step + 1 >= s.maximum_steps) | env.truncated(state)
        ended, truncated = terminated | truncated, truncated & ~terminated
        step = Transitions(observation, action, reward, env.observe(state), terminated, truncated)
        so_far = play.episode_return + tf.cast(reward, env.reward_dtype)
        total = total + tf.reduce_sum(tf.where(ended, so_far, tf.zeros_like(so_far)), 0)
        count = count + tf.reduce_sum(tf.cast(ended, env.reward_dtype), 0)
        play = Play(
            env.renew(state, ended, lambda: streams.fold_in(starts, t)),
            tf.where(ended, 0, play.step + 1),
            tf.where(ended, tf.zeros_like(so_far), so_far),
        )
        return t + 1, play, total, count, programs.record(memory, t, step)

    memory = replay_buffer.recorder(s.horizon, narrow, env.observation_size, env.action_shape)
    none = tf.zeros([narrow[1]], env.reward_dtype)
    _, play, total, count, memory = tf.while_loop(
        lambda t, *_: t < s.horizon, tick, (tf.constant(0), play, none, none, memory)
    )
    steps = Transitions(*(rows.stack() for rows in memory))
    return steps, play, tf.cast(tf.where(count > 0, total / count, np.nan), tf.float32)


def judged(weights: Weights, steps: Transitions, numbers: Numbers, s: Fixed) -> tf.Tensor:
    """Return a rollout with its advantages, as rows."""
    z, value = outputs(weights, steps.observation, s)
    _, next_value = outputs(weights, steps.next_observation, s)
    following = tf.where(steps.terminated, 0.0, numbers.discount * next_value)
    ended, decay = steps.terminated | steps.truncated, numbers.discount * numbers.gae_lambda
    advantage = advantages(steps.reward + following - value, ended, decay)
    action, surprise = steps.action, negative_log_prob(z, steps.action)
    if action.dtype == tf.int32:
        action = tf.cast(action, tf.float32)[..., None, :]
    single = tf.stack([advantage, advantage + value, surprise, value], -2)
    rows = tf.concat([steps.observation, action, single], -2)  # [T, E, F, N]
    rows = tf.reshape(rows, [s.batch_size, *rows.shape[2:]])
    return materialize([tf.transpose(rows, [0, 2, 1]) if s.minibatches > 1 else rows])[0]


def drawn(rows: tf.Tensor, n: Any, keys: Any, s: Fixed, action_shape: Any = ()) -> Batch:
    """Return the minibatch of gradient step n.

    One alone is all rows [B, F, N]. Several visit every row [B, N, F] once an epoch. Seeds share a
    random order and begin at random places: sorting would take longer than learning.
    """
    if s.minibatches > 1:
        (length, seeds), size = rows.shape[:2], s.batch_size // s.minibatches
        order = tf.constant(np.random.default_rng(0).permutation(length), tf.int32)
        start = streams.uniform(streams.fold_in(keys, n // s.minibatches), (1,)) * float(length)
        place = tf.range(size)[:, None] + n % s.minibatches * size + tf.cast(start, tf.int32)
        index = tf.gather(order, place % length), tf.broadcast_to(tf.range(seeds), place.shape)
        (rows,) = materialize([tf.transpose(tf.gather_nd(rows, tf.stack(index, -1)), [0, 2, 1])])
    sizes = [-1, *(action_shape or [1]), len(Batch._fields) - 2]
    observation, action, others = tf.split(rows, sizes, 1)
    action = action if action_shape else tf.cast(action[:, 0], tf.int32)
    return Batch(observation, action, *tf.unstack(others, axis=1))


def update(
    weights: Weights, state: optimizers.State, batch: Batch, rate: Any, numbers: Numbers, s: Fixed
) -> tuple[Weights, optimizers.State]:
    """Take one gradient step, at a learning rate [N]."""
    if s.normalize_advantages:
        apart = batch.advantage - tf.reduce_mean(batch.advantage, 0)
        deviation = tf.sqrt(tf.reduce_mean(apart * apart, 0))
        batch = batch._replace(advantage=apart / (deviation + EPSILON))
    with tf.GradientTape() as tape:
        tape.watch(weights)
        total = loss(weights, batch, numbers, s)
    # The tape sums over the seeds. They share no weight: each gets the gradient of its own loss.
    gradients = materialize(tape.gradient(total, weights))
    squares = [tf.reduce_sum(g * g, list(range(len(g.shape) - 1))) for g in gradients]
    norm = tf.sqrt(tf.add_n(squares)) + EPSILON  # [N]
    gradients = [g * tf.minimum(1.0, numbers.maximum_gradient_norm / norm) for g in gradients]
    state, weights = optimizers.apply(s.optimizer, state, weights, gradients, rate)
    return weights, state


def learn(
    weights: Weights, state: Any, steps: Transitions, keys: Any, rate: Any, numbers: Any, s: Fixed
) -> tuple[Weights, optimizers.State]:
    """Take a rollout's gradient steps."""
    rows, shape = judged(weights, steps, numbers, s), steps.action.shape[2:-1].as_list()

    def body(n, weights, state):
        return n + 1, *update(weights, state, drawn(rows, n, keys, s, shape), rate, numbers, s)

    count, start = s.epochs * s.minibatches, (tf.constant(0), weights, state)
    return tf.while_loop(lambda n, *_: n < count, body, start)[1:]


def initial_weights(keys: tf.Tensor, env: Environment, s: Fixed) -> Weights:
    """Return the untrained actors and critics of keys [2, N]."""
    outputs = heads.outputs(env.actions, env.continuous) + s.shared_network
    sizes = (env.observation_size, *s.hidden_sizes)
    actor = heads.initial_policy(streams.fold_in(keys, ACTOR), (*sizes, outputs), env.action_shape)
    critic = networks.glorot_uniform(streams.fold_in(keys, CRITIC), (*sizes, 1))
    return actor if s.shared_network else [*actor, *critic]


def training(keys: tf.Tensor, numbers: Numbers, env: Environment, s: Fixed) -> tuple:
    """Train all seeds from keys [2, N]: the program."""
    shape, study = [s.environments_per_seed, keys.shape[-1]], env.part(partial(learn, s=s))

    def body(k, weights, state, play, curve):
        here = streams.fold_in(streams.fold_in(keys, ITERATIONS), k)
        steps, play, returns = rollout(weights, play, here, env, s)
        left = 1 - tf.cast(k, tf.float32) / s.iterations if s.anneal_learning_rate else 1.0
        order, rate = streams.fold_in(here, MINIBATCHES), numbers.learning_rate * left
        weights, state = study(weights, state, steps, order, rate, numbers)
        return k + 1, weights, state, play, curve.write(k, returns)

    weights = initial_weights(keys, env, s)
    state = env.reset(streams.fold_in(keys, FIRST_EPISODES), (s.environments_per_seed,))
    play = Play(state, tf.zeros(shape, tf.int32), tf.zeros(shape, env.reward_dtype))
    (curve,) = programs.recorder(s.iterations, [(tf.float32, shape[1:])])
    start = tf.constant(0), weights, optimizers.init(weights), play, curve
    _, weights, *_, curve = tf.while_loop(lambda k, *_: k < s.iterations, body, start)
    return curve.stack(), weights


def train(
    h: Hyperparameters | Sequence[Hyperparameters], env: Environment, keys: np.ndarray
) -> TrainingRun:
    """Train actor and critic for each key, uint32 [N, 2]."""
    each = [h] * len(keys) if isinstance(h, Hyperparameters) else h
    s, numbers = kinds.part(Fixed, each[0]), programs.numbers(Numbers, each, {})
    returns, weights = programs.of(training, env, s)(tf.constant(keys.T), numbers)
    steps = np.arange(1, s.iterations + 1)[:, None] * np.full(len(keys), s.batch_size)
    final, none = [weight.numpy() for weight in weights], np.zeros((0, len(keys)), np.float32)
    half = len(final) if s.shared_network else -(-len(final) // 2)
    final = [w for part in (final[:half], final[half:]) if part for w in env.on_observations(part)]
    return TrainingRun(finite(returns.numpy(), np.float32), steps, none, none, {"final": final})


def policy(
    weights: Weights,
    h: Hyperparameters | Sequence[Hyperparameters],
    random: np.random.Generator | None = None,
) -> networks.Act:
    """Return a greedy policy, or one sampled by a generator."""
    s = kinds.part(Fixed, h if isinstance(h, Hyperparameters) else h[0])
    return networks.acting(act, weights, s, random, heads.action_shape(actors(weights, s)))


def values(weights: Weights, observation: tf.Tensor, s: Fixed) -> tf.Tensor:
    """Return the critics' values [..., N]."""
    return outputs(weights, observation, s)[1]


def export(weights: Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Return the actors, networks for probabilities or means of actions."""
    return heads.to_arrays(actors(weights, h), h.activation)
