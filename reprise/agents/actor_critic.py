"""Actor-critic: a critic's values tell the actor which actions were better than expected.

    δ_t = r_t + γ V(s_{t+1}) - V(s_t)             the TD error; without V(s_{t+1}) at an end
    A_t = δ_t + γ λ A_{t+1}                       generalised advantage estimation (GAE)
    loss = mean -min(ρ_t A_t, clip(ρ_t) A_t) + c_v (A_t + V(s_t) - V)² / 2 - c_e H(π)

With λ = 0 the advantage is the TD error, with λ = 1 the return minus a baseline, as in REINFORCE.
ρ_t is the probability of an action divided by the probability at which it was drawn. Without
clipping, which allows one gradient step for each rollout, ρ_t is 1 and the gradient is that of
advantage actor-critic (A2C); with clipping to 1 ± ε it is proximal policy optimisation (PPO).

N independent seeds train side by side in one compiled program: every tensor ends with the axis N,
and no number passes from one seed to another. Each seed plays E copies of the environment; a copy
begins anew when its episode ends. A time limit is no end: the value of the last state counts.

Shapes: N seeds, K iterations, E copies, T steps of a rollout, B = T E steps, O features, Z logits.

Source: Sutton and Barto (2018), section 13.5; Schulman et al. (2016), equation 16; Mnih et al.
    (2016), section 4; Schulman et al. (2017), equations 7 and 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from reprise import capacity
from reprise import hyperparameters as kinds
from reprise.capacity import Need
from reprise.environments.base import Environment
from reprise.measures.training_run import TrainingRun, finite
from reprise.nn import networks, optimizers, programs, streams
from reprise.nn.determinism import tf
from reprise.nn.heads import entropy, greedy_action, negative_log_prob, sample_action
from reprise.nn.networks import Weights, materialize
from reprise.nn.replay_buffer import Transitions

# The random streams of a seed, and of an iteration.
ACTOR, CRITIC, ITERATIONS, FIRST_EPISODES = range(4)
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
    clip_range: tf.Tensor  # infinite without clipping
    value_weight: tf.Tensor
    entropy_weight: tf.Tensor
    largest_gradient: tf.Tensor  # infinite without a limit


class Hyperparameters(Fixed):
    """All hyperparameters of actor-critic."""

    learning_rate: kinds.PositiveFloat
    discount: kinds.Discount
    gae_lambda: kinds.Probability
    clip: kinds.PositiveFloat | None
    value_weight: kinds.PositiveFloat
    entropy_weight: kinds.NonNegativeFloat
    maximum_gradient_norm: kinds.PositiveFloat | None

    @property
    def clip_range(self) -> float:
        """The distance of a clipped ratio from 1."""
        return np.inf if self.clip is None else self.clip

    @property
    def largest_gradient(self) -> float:
        """The norm to which a gradient is cut."""
        return np.inf if self.maximum_gradient_norm is None else self.maximum_gradient_norm

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.batch_size % self.minibatches:
            allowed = f"a divisor of horizon x environments_per_seed, {self.batch_size}"
            raise ValueError(f"minibatches is {self.minibatches}; allowed: {allowed}")
        if self.clip is None and self.epochs * self.minibatches > 1:
            given = f"epochs is {self.epochs}, minibatches is {self.minibatches}"
            raise ValueError(f"{given}; allowed: 1 and 1 where clip is null")
        return self

    def needs_for(self, pack: Mapping[str, int], seeds: Mapping[str, int]) -> Iterator[Need]:
        """Yield the needs of seeds, a pack at once."""
        # A step has two observations of at least one feature and about ten other numbers.
        yield self.memory("a rollout", 12 * 4, "horizon", "environments_per_seed", **pack)
        # Two networks, and two moments of the optimizer for each.
        yield from networks.needs((1, *self.hidden_sizes, 1), 6, self.given("hidden_sizes"), pack)
        yield self.work("the training", "total_steps", **seeds)
        yield self.counter("the number of steps", self.total_steps, capacity.INT32, "total_steps")
        yield self.counter("a rollout's steps", self.batch_size, capacity.FLOAT32, "horizon")


class Play(NamedTuple):
    """The position of every copy in its current episode."""

    state: tf.Tensor  # of the environment [E, .., N]
    step: tf.Tensor  # in the current episode, int32 [E, N]
    episode_return: tf.Tensor  # so far [E, N]


class Batch(NamedTuple):
    """Steps to learn from."""

    observation: tf.Tensor  # [B, O, N]
    action: tf.Tensor  # int32 [B, N]
    advantage: tf.Tensor  # [B, N]
    target: tf.Tensor  # of the value, [B, N]
    surprise: tf.Tensor  # -log π(a | s) when the action was drawn, [B, N]


def outputs(weights: Weights, observation: tf.Tensor, s: Fixed) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the logits of π [..., Z, N] and the values V [..., N]."""
    if s.shared_network:
        both = networks.forward(weights, observation, s.activation)
        return both[..., :-1, :], both[..., -1, :]
    actor, critic = weights[: len(weights) // 2], weights[len(weights) // 2 :]
    value = networks.forward(critic, observation, s.activation)
    return networks.forward(actor, observation, s.activation), value[..., 0, :]


def td_errors(
    reward: tf.Tensor, value: tf.Tensor, next_value: tf.Tensor, terminated: tf.Tensor, discount: Any
) -> tf.Tensor:
    """Return δ_t = r_t + γ V(s_{t+1}) - V(s_t), [T, ..., N]."""
    return reward + tf.where(terminated, 0.0, discount * next_value) - value


def advantages(td_error: tf.Tensor, ended: tf.Tensor, decay: Any) -> tf.Tensor:
    """Return A_t = δ_t + γ λ A_{t+1}, [T, ..., N].

    No advantage passes from one episode to the one before; `decay` is γ λ.

    >>> deltas, ended = tf.constant([1.0, 2.0, 4.0]), tf.constant([False, True, False])
    >>> advantages(deltas, ended, tf.constant(0.5)).numpy().tolist()
    [2.0, 2.0, 4.0]
    """
    steps, shape = td_error.shape[0], td_error.shape[1:]

    def body(t, following, found):
        following = td_error[t] + tf.where(ended[t], 0.0, decay * following)
        return t - 1, following, found.write(t, following)

    found = tf.TensorArray(tf.float32, steps, element_shape=shape)
    start = (tf.constant(steps - 1), tf.zeros(shape), found)
    return tf.while_loop(lambda t, *_: t >= 0, body, start)[-1].stack()


def loss(weights: Weights, batch: Batch, numbers: Numbers, s: Fixed) -> tf.Tensor:
    """Return the clipped objective's loss with value and entropy, [N]."""
    z, value = outputs(weights, batch.observation, s)
    ratio = tf.exp(batch.surprise - negative_log_prob(z, batch.action))
    low, high = 1 - numbers.clip_range, 1 + numbers.clip_range
    clipped = tf.minimum(tf.maximum(ratio, low), high)
    objective = tf.minimum(ratio * batch.advantage, clipped * batch.advantage)
    error = batch.target - value
    terms = -objective + numbers.value_weight * 0.5 * error * error
    return tf.reduce_mean(terms - numbers.entropy_weight * entropy(z), 0)


def act(weights: Weights, observation: tf.Tensor, random: tf.Tensor, s: Fixed) -> tf.Tensor:
    """Draw actions by π and uniform numbers, [E, N]."""
    return sample_action(outputs(weights, observation, s)[0], random)


def rollout(
    weights: Weights, play: Play, keys: tf.Tensor, env: Environment, s: Fixed
) -> tuple[Transitions, Play, tf.Tensor]:
    """Play T steps of every copy; an ended episode begins anew.

    Returns the steps [T, E, .., N], the new position, and the mean return of the episodes that
    ended, NaN without one [N].
    """
    choose, narrow = env.part(partial(act, s=s)), [s.environments_per_seed, keys.shape[-1]]
    wide = [narrow[0], env.observation_size, narrow[1]]
    starts = streams.fold_in(keys, STARTS)
    random = streams.uniform(streams.fold_in(keys, ACTIONS), (s.horizon, narrow[0]))
    chance = streams.uniform(streams.fold_in(keys, CHANCE), (s.horizon, narrow[0], env.draws))

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

    types = tf.float32, tf.int32, tf.float32, tf.float32, tf.bool, tf.bool
    shapes = wide, narrow, narrow, wide, narrow, narrow
    memory = programs.recorder(s.horizon, zip(types, shapes, strict=True))
    none = tf.zeros([narrow[1]], env.reward_dtype)
    _, play, total, count, memory = tf.while_loop(
        lambda t, *_: t < s.horizon, tick, (tf.constant(0), play, none, none, memory)
    )
    steps = Transitions(*(rows.stack() for rows in memory))
    return steps, play, tf.cast(tf.where(count > 0, total / count, np.nan), tf.float32)


def judged(weights: Weights, steps: Transitions, numbers: Numbers, s: Fixed) -> Batch:
    """Return a rollout's steps with advantages, in one row [B, ..]."""
    z, value = outputs(weights, steps.observation, s)
    _, next_value = outputs(weights, steps.next_observation, s)
    delta = td_errors(steps.reward, value, next_value, steps.terminated, numbers.discount)
    ended, decay = steps.terminated | steps.truncated, numbers.discount * numbers.gae_lambda
    advantage = advantages(delta, ended, decay)
    surprise = negative_log_prob(z, steps.action)
    fields = steps.observation, steps.action, advantage, advantage + value, surprise
    return Batch(*(tf.reshape(field, [s.batch_size, *field.shape[2:]]) for field in fields))


def update(
    weights: Weights, state: optimizers.State, batch: Batch, rate: Any, numbers: Numbers, s: Fixed
) -> tuple[Weights, optimizers.State, tf.Tensor]:
    """Take a gradient step; return the loss too, [N]."""
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
    gradients = [g * tf.minimum(1.0, numbers.largest_gradient / norm) for g in gradients]
    state, weights = optimizers.apply(s.optimizer, state, weights, gradients, rate)
    return weights, state, total


def learn(
    weights: Weights,
    state: optimizers.State,
    steps: Transitions,
    keys: tf.Tensor,
    rate: tf.Tensor,
    numbers: Numbers,
    s: Fixed,
) -> tuple[Weights, optimizers.State, tf.Tensor]:
    """Take a rollout's gradient steps; return their mean loss, [N].

    Each epoch visits every step of the rollout once, in minibatches of a random order.
    """
    rows = materialize([packed(judged(weights, steps, numbers, s))])[0]  # [B, N, F]
    count, seeds, size = s.epochs * s.minibatches, keys.shape[-1], s.batch_size
    # Sorting random numbers takes longer than learning: each epoch of a seed starts one random
    # order at a random place.
    order = tf.constant(np.random.default_rng(0).permutation(size), tf.int32)

    def minibatch(n):
        if s.minibatches == 1:
            return rows
        start = streams.uniform(streams.fold_in(keys, n // s.minibatches), (1,)) * float(size)
        first, length = n % s.minibatches * (size // s.minibatches), size // s.minibatches
        place = (tf.range(length)[:, None] + first + tf.cast(start, tf.int32)) % size
        place = tf.gather(order, place)
        return tf.gather_nd(rows, tf.stack([place, tf.broadcast_to(tf.range(seeds), place.shape)], -1))

    def body(n, weights, state, losses):
        weights, state, loss = update(weights, state, unpacked(minibatch(n)), rate, numbers, s)
        return n + 1, weights, state, losses + loss / count

    start = (tf.constant(0), weights, state, tf.zeros([keys.shape[-1]]))
    return tf.while_loop(lambda n, *_: n < count, body, start)[1:]


def packed(batch: Batch) -> tf.Tensor:
    """Return steps as rows [B, N, F], to draw from."""
    single = tf.stack([tf.cast(field, tf.float32) for field in batch[1:]], 1)
    return tf.transpose(tf.concat([batch.observation, single], 1), [0, 2, 1])


def unpacked(rows: tf.Tensor) -> Batch:
    """Return the steps of rows."""
    fields = tf.transpose(rows, [0, 2, 1])
    action, *others = tf.unstack(fields[:, -4:], axis=1)
    return Batch(fields[:, :-4], tf.cast(action, tf.int32), *others)


def initial_weights(keys: tf.Tensor, env: Environment, s: Fixed) -> Weights:
    """Return the untrained networks of keys [2, N]."""
    logits = 1 if env.actions == 2 else env.actions
    outputs = [logits + 1] if s.shared_network else [logits, 1]
    return [
        weight
        for stream, size in zip((ACTOR, CRITIC), outputs, strict=False)
        for weight in networks.glorot_uniform(
            streams.fold_in(keys, stream), (env.observation_size, *s.hidden_sizes, size)
        )
    ]


def training(keys: tf.Tensor, numbers: Numbers, env: Environment, s: Fixed) -> tuple:
    """Train all seeds from keys [2, N]: the program."""
    shape, study = (s.environments_per_seed, keys.shape[-1]), env.part(partial(learn, s=s))
    weights = initial_weights(keys, env, s)

    def body(k, weights, state, play, curves):
        here = streams.fold_in(streams.fold_in(keys, ITERATIONS), k)
        steps, play, returns = rollout(weights, play, here, env, s)
        left = 1 - tf.cast(k, tf.float32) / s.iterations if s.anneal_learning_rate else 1.0
        drawn = streams.fold_in(here, MINIBATCHES)
        rate = numbers.learning_rate * left
        weights, state, loss = study(weights, state, steps, drawn, rate, numbers)
        return k + 1, weights, state, play, programs.record(curves, k, (returns, loss))

    start = (
        tf.constant(0),
        weights,
        optimizers.init(weights),
        Play(
            env.reset(streams.fold_in(keys, FIRST_EPISODES), shape[:1]),
            tf.zeros(shape, tf.int32),
            tf.zeros(shape, env.reward_dtype),
        ),
        programs.recorder(s.iterations, 2 * [(tf.float32, shape[1:])]),
    )
    _, weights, _, _, curves = tf.while_loop(lambda k, *_: k < s.iterations, body, start)
    return [curve.stack() for curve in curves], weights


def train(
    h: Hyperparameters | Sequence[Hyperparameters], env: Environment, keys: np.ndarray
) -> TrainingRun:
    """Train an actor and a critic for each key, uint32 [N, 2].

    Each may have hyperparameters of its own, all with the same settings.
    """
    each = [h] * len(keys) if isinstance(h, Hyperparameters) else h
    s, numbers = kinds.part(Fixed, each[0]), programs.numbers(Numbers, each, {})
    (returns, losses), weights = programs.of(training, env, s)(tf.constant(keys.T), numbers)
    steps = np.arange(1, s.iterations + 1)[:, None] * np.full(len(keys), s.batch_size)
    final, none = [weight.numpy() for weight in weights], np.zeros((0, len(keys)), np.float32)
    returns, losses = (finite(curve.numpy(), np.float32) for curve in (returns, losses))
    return TrainingRun(returns, steps, losses, none, {"final": on_observations(final, env, s)})


def on_observations(weights: Weights, env: Environment, s: Fixed) -> Weights:
    """Return both networks for Gymnasium's own observations."""
    half = len(weights) if s.shared_network else len(weights) // 2
    parts = (weights[:half], weights[half:])
    return [weight for part in parts if part for weight in env.on_observations(part)]


def policy(
    weights: Weights,
    h: Hyperparameters | Sequence[Hyperparameters],
    random: np.random.Generator | None = None,
) -> networks.Act:
    """Return a greedy policy, or one sampled by a generator."""
    one = h if isinstance(h, Hyperparameters) else h[0]
    return networks.acting(actions, weights, kinds.part(Fixed, one), random)


def actions(
    weights: Weights, observation: tf.Tensor, random: tf.Tensor | None = None, *, s: Fixed
) -> tf.Tensor:
    """Return greedy actions, or sampled ones by uniform numbers."""
    z, _ = outputs(weights, observation, s)
    return greedy_action(z) if random is None else sample_action(z, random)


def export(weights: Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Return the actors, networks for π(0 | s), or π(a | s)."""
    actor = list(weights) if h.shared_network else list(weights[: len(weights) // 2])
    if h.shared_network:
        actor[-2:] = actor[-2][:-1], actor[-1][:-1]
    output = "sigmoid" if actor[-1].shape[0] == 1 else "softmax"
    return networks.to_arrays(actor, h.activation, output)
