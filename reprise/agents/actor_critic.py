"""Actor-critic: prefer actions that did better than expected.

    δ_t = r_t + γ V(s_{t+1}) - V(s_t)             the TD error; without V(s_{t+1}) at an end
    A_t = δ_t + γ λ A_{t+1}                       generalised advantage estimation (GAE)
    loss = mean -min(ρ_t A_t, clip(ρ_t) A_t) + c_v (A_t + V(s_t) - V)² / 2 - c_e H(π)

With λ = 0 the advantage is the TD error, with λ = 1 it is the return minus V(s_t). The ratio ρ_t is
the action's probability now, divided by its probability when it was drawn. With ρ_t clipped to
1 ± ε this is proximal policy optimisation (PPO). Without clipping a rollout has a single gradient
step, as in advantage actor-critic (A2C). After a time limit the value of the last state counts.

Shapes: N seeds, all trained by one compiled program; K iterations, E copies of the environment,
    T steps of a rollout, B = T E steps, O features, Z logits.

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

# Random streams of a seed, and of an iteration.
ACTOR, CRITIC, ITERATIONS, FIRST_EPISODES = range(4)  # a shared network is the actor
STARTS, ACTIONS, CHANCE, MINIBATCHES = range(4)

EPSILON = 1e-8  # keeps equal advantages and zero gradients finite


class Fixed(kinds.Frozen):
    """Hyperparameters that all seeds of a compiled program share."""

    hidden_sizes: kinds.HiddenSizes
    activation: networks.Activation
    shared_network: bool  # one network for policy and value, or two
    total_steps: kinds.PositiveInt
    environments_per_seed: kinds.PositiveInt
    horizon: kinds.PositiveInt
    maximum_steps: kinds.PositiveInt
    epochs: kinds.PositiveInt
    minibatches: kinds.PositiveInt
    normalize_advantages: bool
    clip_value: bool  # also limits the value's change to `clip`
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
    clip: tf.Tensor  # ε; infinite without clipping
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
    """The current episode of every copy of the environment."""

    state: tf.Tensor  # the environment's state [E, .., N]
    step: tf.Tensor  # steps in this episode, int32 [E, N]
    episode_return: tf.Tensor  # return of this episode so far [E, N]


class Batch(NamedTuple):
    """Steps to learn from."""

    observation: tf.Tensor  # [B, O, N]
    action: tf.Tensor  # int32 [B, N], or float32 [B, A, N]
    advantage: tf.Tensor  # [B, N]
    target: tf.Tensor  # advantage + value, which the critic learns [B, N]
    negative_log_prob: tf.Tensor  # -log π(a | s) when the action was drawn [B, N]
    value: tf.Tensor  # V(s) when the action was drawn [B, N]


def actors(weights: Weights, s: Fixed) -> Weights:
    """Return the actors' weights, without the critics."""
    if s.shared_network:
        return heads.without_value(weights)
    return list(weights[: -(-len(weights) // 2)])  # a Gaussian has one array more


def outputs(weights: Weights, observation: tf.Tensor, s: Fixed) -> tuple[Any, tf.Tensor]:
    """Compute π's logits or Gaussian, and V(s) [..., N]."""
    if s.shared_network:
        return heads.distribution_and_value(weights, observation, s.activation)
    value = networks.forward(weights[-(len(weights) // 2) :], observation, s.activation)
    return heads.distribution(actors(weights, s), observation, s.activation), value[..., 0, :]


def advantages(td_error: tf.Tensor, ended: tf.Tensor, decay: tf.Tensor | float) -> tf.Tensor:
    """Compute A_t = δ_t + γ λ A_{t+1}.

    Where an episode ended, A_t = δ_t. The shape is [T, ..., N], and `decay` is γ λ.

    >>> deltas, ended = tf.constant([1.0, 2.0, 4.0]), tf.constant([False, True, False])
    >>> advantages(deltas, ended, 0.5).numpy().tolist()
    [2.0, 2.0, 4.0]
    """

    def body(t, advantage, memory):
        advantage = td_error[t] + tf.where(ended[t], 0.0, decay * advantage)
        return t - 1, advantage, memory.write(t, advantage)

    steps, shape = td_error.shape[0], td_error.shape[1:]
    memory = tf.TensorArray(tf.float32, steps, element_shape=shape)
    start = (tf.constant(steps - 1), tf.zeros(shape), memory)
    return tf.while_loop(lambda t, *_: t >= 0, body, start)[-1].stack()


def loss(weights: Weights, batch: Batch, numbers: Numbers, s: Fixed) -> tf.Tensor:
    """Compute the loss of policy, value and entropy, [N]."""
    π, value = outputs(weights, batch.observation, s)
    log_ratio = batch.negative_log_prob - negative_log_prob(π, batch.action)
    (ratio,) = materialize([networks.exp(log_ratio)])
    clipped = tf.minimum(tf.maximum(ratio, 1 - numbers.clip), 1 + numbers.clip)
    objective = tf.minimum(ratio * batch.advantage, clipped * batch.advantage)
    squared = tf.square(batch.target - value)
    if s.clip_value:
        change = tf.minimum(tf.maximum(value - batch.value, -numbers.clip), numbers.clip)
        squared = tf.maximum(squared, tf.square(batch.target - batch.value - change))
    terms = -objective + numbers.value_weight * 0.5 * squared
    return tf.reduce_mean(terms - numbers.entropy_weight * entropy(π), 0)


def act(
    weights: Weights, observation: tf.Tensor, random: tf.Tensor | None = None, *, s: Fixed
) -> tf.Tensor:
    """Choose greedy actions [..., N], or sample by uniform numbers."""
    π, _ = outputs(weights, observation, s)
    return greedy_action(π) if random is None else sample_action(π, random)


def rollout(
    weights: Weights, play: Play, keys: tf.Tensor, env: Environment, s: Fixed
) -> tuple[Transitions, Play, tf.Tensor]:
    """Play T steps of every copy, episode after episode.

    Returns the steps [T, E, .., N], the new `Play`, and the finished episodes' mean return [N].
    """
    act_part, shape = env.part(partial(act, s=s)), [s.environments_per_seed, keys.shape[-1]]
    starts = streams.fold_in(keys, STARTS)
    steps = s.horizon, s.environments_per_seed
    random = streams.uniform(streams.fold_in(keys, ACTIONS), (*steps, *env.action_shape))
    chance = streams.uniform(streams.fold_in(keys, CHANCE), (*steps, env.draws))

    def tick(t, play, total, count, memory):
        observation = env.observe(play.state)
        action = act_part(weights, observation, random[t])
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

    memory = replay_buffer.recorder(s.horizon, shape, env.observation_size, env.action_shape)
    zero = tf.zeros([shape[1]], env.reward_dtype)
    _, play, total, count, memory = tf.while_loop(
        lambda t, *_: t < s.horizon, tick, (tf.constant(0), play, zero, zero, memory)
    )
    played = Transitions(*(rows.stack() for rows in memory))
    return played, play, tf.cast(tf.where(count > 0, total / count, np.nan), tf.float32)


def judged(weights: Weights, steps: Transitions, numbers: Numbers, s: Fixed) -> tf.Tensor:
    """Compute a rollout's advantages; return its steps as rows.

    They are [B, F, N], or [B, N, F] for several minibatches.
    """
    π, value = outputs(weights, steps.observation, s)
    _, next_value = outputs(weights, steps.next_observation, s)
    bootstrap = tf.where(steps.terminated, 0.0, numbers.discount * next_value)
    ended, decay = steps.terminated | steps.truncated, numbers.discount * numbers.gae_lambda
    td_error = steps.reward + bootstrap - value
    advantage = advantages(td_error, ended, decay)
    action, neg_log_prob = steps.action, negative_log_prob(π, steps.action)
    if action.dtype == tf.int32:
        action = tf.cast(action, tf.float32)[..., None, :]
    single = tf.stack([advantage, advantage + value, neg_log_prob, value], -2)
    rows = tf.concat([steps.observation, action, single], -2)  # [T, E, F, N]
    rows = tf.reshape(rows, [s.batch_size, *rows.shape[2:]])
    return materialize([tf.transpose(rows, [0, 2, 1]) if s.minibatches > 1 else rows])[0]


def drawn(rows: tf.Tensor, n: Any, keys: Any, s: Fixed, action_shape: Any = ()) -> Batch:
    """Draw the minibatch of gradient step n from all rows."""
    if s.minibatches > 1:
        rows = replay_buffer.minibatch(rows, n, keys, s.minibatches)
    sizes = [-1, *(action_shape or [1]), len(Batch._fields) - 2]
    observation, action, others = tf.split(rows, sizes, 1)
    action = action if action_shape else tf.cast(action[:, 0], tf.int32)
    return Batch(observation, action, *tf.unstack(others, axis=1))


def update(
    weights: Weights, state: optimizers.State, batch: Batch, rate: Any, numbers: Numbers, s: Fixed
) -> tuple[Weights, optimizers.State]:
    """Take one gradient step, at a learning rate [N]."""
    if s.normalize_advantages:
        centred = batch.advantage - tf.reduce_mean(batch.advantage, 0)
        deviation = tf.sqrt(tf.reduce_mean(centred * centred, 0))
        batch = batch._replace(advantage=centred / (deviation + EPSILON))
    with tf.GradientTape() as tape:
        tape.watch(weights)
        total = loss(weights, batch, numbers, s)
    # The tape adds up the seeds' losses. They share no weight, so each gets its own gradient.
    gradients = materialize(tape.gradient(total, weights))
    squares = [tf.reduce_sum(g * g, list(range(len(g.shape) - 1))) for g in gradients]
    norm = tf.sqrt(tf.add_n(squares)) + EPSILON  # [N]
    gradients = [g * tf.minimum(1.0, numbers.maximum_gradient_norm / norm) for g in gradients]
    state, weights = optimizers.apply(s.optimizer, state, weights, gradients, rate)
    return weights, state


def learn(
    weights: Weights, state: Any, steps: Transitions, keys: Any, rate: Any, numbers: Any, s: Fixed
) -> tuple[Weights, optimizers.State]:
    """Take all gradient steps on a rollout."""
    rows, shape = judged(weights, steps, numbers, s), steps.action.shape[2:-1].as_list()

    def body(n, weights, state):
        return n + 1, *update(weights, state, drawn(rows, n, keys, s, shape), rate, numbers, s)

    count, start = s.epochs * s.minibatches, (tf.constant(0), weights, state)
    return tf.while_loop(lambda n, *_: n < count, body, start)[1:]


def initial_weights(keys: tf.Tensor, env: Environment, s: Fixed) -> Weights:
    """Draw untrained actors and critics by keys [2, N]."""
    sizes = (env.observation_size, *s.hidden_sizes)
    actor = heads.initial_policy(
        streams.fold_in(keys, ACTOR), sizes, env.actions, env.continuous, s.shared_network
    )
    critic = networks.glorot_uniform(streams.fold_in(keys, CRITIC), (*sizes, 1))
    return actor if s.shared_network else [*actor, *critic]


def training(keys: tf.Tensor, numbers: Numbers, env: Environment, s: Fixed) -> tuple:
    """Train all seeds from keys [2, N], as one program."""
    shape, learn_part = [s.environments_per_seed, keys.shape[-1]], env.part(partial(learn, s=s))

    def body(k, weights, state, play, curve):
        k_keys = streams.fold_in(streams.fold_in(keys, ITERATIONS), k)
        steps, play, returns = rollout(weights, play, k_keys, env, s)
        left = 1 - tf.cast(k, tf.float32) / s.iterations if s.anneal_learning_rate else 1.0
        order, rate = streams.fold_in(k_keys, MINIBATCHES), numbers.learning_rate * left
        weights, state = learn_part(weights, state, steps, order, rate, numbers)
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
    size = len(actors(final, s))
    final = [w for part in (final[:size], final[size:]) if part for w in env.on_observations(part)]
    return TrainingRun(finite(returns.numpy(), np.float32), steps, none, none, {"final": final})


def policy(
    weights: Weights,
    h: Hyperparameters | Sequence[Hyperparameters],
    random: np.random.Generator | None = None,
) -> networks.Act:
    """Return the greedy policy, or one sampled by a generator."""
    s = kinds.part(Fixed, h if isinstance(h, Hyperparameters) else h[0])
    return networks.acting(act, weights, s, random, heads.action_shape(actors(weights, s)))


def values(weights: Weights, observation: tf.Tensor, s: Fixed) -> tf.Tensor:
    """Compute the critics' V(s) [..., N]."""
    return outputs(weights, observation, s)[1]


def export(weights: Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Convert the actors to named arrays, without the critics."""
    return heads.to_arrays(actors(weights, h), h.activation)
