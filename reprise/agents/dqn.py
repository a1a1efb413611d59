"""Deep Q-learning (DQN): learn the value of each action.

    y = r + γ max_a' Q(s', a')          the TD target; y = r where the episode ended
    loss = mean (y - Q(s, a))²          over a batch from the replay buffer

N independent seeds train side by side in one compiled program: every tensor ends with the axis N,
and no number passes from one seed to another. A round is playing (an episode of every seed, or
`train_every` steps), then learning (`gradient_steps` batches).

Shapes: N seeds, K rounds, T steps, B batch, A actions, O features of an observation.

Source: Mnih et al. (2015), Human-level control through deep reinforcement learning, algorithm 1;
    van Hasselt, Guez and Silver (2016), equation 4 (double); Wang et al. (2016), equation 9
    (dueling); the chapter, section Implementing Deep Q-Learning.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from reprise import hyperparameters as kinds
from reprise.capacity import FLOAT32, INT32, Need, memory, product
from reprise.environments.base import Environment
from reprise.measures.training_run import TrainingRun, finite
from reprise.nn import networks, optimizers, programs, replay_buffer, streams
from reprise.nn.determinism import tf
from reprise.nn.heads import greedy, select_action_values
from reprise.nn.networks import Weights, materialize
from reprise.nn.replay_buffer import Buffer, Transitions

# The random streams of a seed, of a round, and of playing.
WEIGHTS, ROUNDS, FIRST_EPISODE = range(3)
PLAYING, LEARNING = range(2)
STARTS, ACTIONS, CHANCE = range(3)

CURVES = ("float32", "int32", "float32", "float32")  # returns, steps, losses, mean TD targets


class Settings(kinds.Frozen):
    """Hyperparameters that are fixed when the program is compiled."""

    hidden_sizes: kinds.HiddenSizes
    activation: networks.Activation
    dueling: bool
    total_episodes: kinds.PositiveInt | None
    total_steps: kinds.PositiveInt | None  # exactly one of the two; it decides what a round is
    maximum_steps: kinds.PositiveInt
    epsilon_unit: Literal["episodes", "steps"]
    train_every: kinds.PositiveInt
    learning_starts: kinds.NonNegativeInt
    gradient_steps: kinds.PositiveInt
    replay_capacity: kinds.PositiveInt
    batch_size: kinds.PositiveInt
    optimizer: optimizers.Optimizer
    loss: Literal["mse", "huber"]
    bootstrap_at_truncation: bool
    double: bool
    target_network: Literal["none", "hard", "soft"]
    target_update_period: kinds.PositiveInt
    tau: Annotated[float, Field(gt=0, le=1)]

    @property
    def rounds(self) -> int:
        """The number of rounds, K."""
        return self.total_episodes or -(-(self.total_steps or 0) // self.train_every)


# Hyperparameters that the compiled program takes, float32 [N].
Numbers = namedtuple("Numbers", "learning_rate discount epsilon_start epsilon_end epsilon_decay")


class Hyperparameters(Settings):
    """All hyperparameters of a DQN."""

    learning_rate: kinds.PositiveFloat
    discount: kinds.Discount
    epsilon_start: kinds.Probability
    epsilon_end: kinds.Probability
    epsilon_decay: kinds.PositiveInt

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if (self.total_episodes is None) == (self.total_steps is None):
            given = f"total_episodes is {self.total_episodes}, total_steps is {self.total_steps}"
            raise ValueError(f"{given}; allowed: one of them, and null for the other")
        self.check_at_most("batch_size", "replay_capacity")
        self.check_at_most("epsilon_end", "epsilon_start")
        if self.double and self.target_network == "none":
            raise ValueError("double is true; allowed: only with a target_network, hard or soft")
        return self

    def needs_for(self, pack: Mapping[str, int], seeds: Mapping[str, int]) -> Iterator[Need]:
        """Yield the needs of seeds, a pack at once."""
        length, played = "total_episodes", "maximum_steps"
        if self.total_steps is not None:
            length, played = "total_steps", "train_every"
        # A transition is at least 6 numbers: those of an observation of one feature.
        yield self.memory("the replay buffers", 6 * 4, "replay_capacity", **pack)
        yield self.memory("the steps of a round", 6 * 4, played, **pack)
        # Weights, those of the target and of the best episode, and two moments of the optimizer.
        yield from networks.needs((1, *self.hidden_sizes, 2), 5, self.given("hidden_sizes"), pack)
        points = self.rounds * product(seeds)
        yield memory("the curves", 4 * 4 * points, {**self.given(length), **seeds})
        yield self.work("the steps", length, **seeds)
        steps, updates = self.rounds * getattr(self, played), self.rounds * self.gradient_steps
        yield self.counter("the number of steps", steps, INT32, length, played)
        yield self.counter("the number of gradient steps", updates, INT32, length, "gradient_steps")
        held = min(self.replay_capacity, steps)  # a float32 number draws from them
        yield self.counter("the transitions to draw from", held, FLOAT32, "replay_capacity")
        for key in ("train_every", "learning_starts", "target_update_period"):
            yield self.counter("what it counts", getattr(self, key), INT32, key)


class Learner(NamedTuple):
    """The networks that learn, and their optimizer."""

    weights: Weights
    target: Weights
    optimizer: optimizers.State


class Play(NamedTuple):
    """The position of every seed in its current episode."""

    state: tf.Tensor  # of the environment [.., N]
    step: tf.Tensor  # in the current episode, int32 [N]
    episode_return: tf.Tensor  # so far [N]
    episodes: tf.Tensor  # finished, int32 [N]
    steps: tf.Tensor  # in all, int32 [N]


def q_values(weights: Weights, observation: tf.Tensor, s: Settings) -> tf.Tensor:
    """Return Q-values [..., A, N] of observations [..., O, N]."""
    outputs = networks.forward(weights, observation, s.activation)
    if not s.dueling:
        return outputs
    value, advantages = outputs[..., :1, :], outputs[..., 1:, :]
    return value + advantages - tf.reduce_mean(advantages, -2, keepdims=True)


def td_target(learner: Learner, batch: Transitions, discount: tf.Tensor, s: Settings) -> tf.Tensor:
    """Return r + γ max_a' Q(s', a') [B, N]."""
    weights = learner.weights if s.target_network == "none" else learner.target
    q_next = q_values(weights, batch.next_observation, s)  # [B, A, N]
    # In double Q-learning the online network chooses a', and the target network judges it.
    chooser = q_values(learner.weights, batch.next_observation, s) if s.double else q_next
    ended = batch.terminated
    if not s.bootstrap_at_truncation:  # the chapter treats a time limit as an end
        ended = ended | batch.truncated
    bootstrap = discount * select_action_values(q_next, greedy(chooser))
    return batch.reward + tf.where(ended, 0.0, bootstrap)


def td_loss(weights: Weights, batch: Transitions, target: tf.Tensor, s: Settings) -> tf.Tensor:
    """Return the batch's mean squared or Huber's loss [N]."""
    q = select_action_values(q_values(weights, batch.observation, s), batch.action)
    squared, size = (target - q) * (target - q), tf.abs(target - q)
    if s.loss == "huber":
        return tf.reduce_mean(tf.where(size <= 1, 0.5 * squared, size - 0.5), 0)
    return tf.reduce_mean(squared, 0)


def epsilon(play: Play, numbers: Numbers, s: Settings) -> tf.Tensor:
    """Return the falling probability of a random action, [N]."""
    clock = tf.cast(play.episodes if s.epsilon_unit == "episodes" else play.steps, tf.float32)
    falling = numbers.epsilon_start * (1 - clock / numbers.epsilon_decay)
    return tf.maximum(falling, numbers.epsilon_end)


def act(
    weights: Weights, observation: tf.Tensor, epsilon: tf.Tensor, random: tf.Tensor, s: Settings
) -> tf.Tensor:
    """Return ε-greedy actions [N], by uniform numbers [2, N]."""
    q = q_values(weights, observation, s)
    anything = tf.cast(random[1] * q.shape[-2], tf.int32)
    return tf.where(random[0] < epsilon, anything, greedy(q))


def play_round(
    weights: Weights, play: Play, keys: tf.Tensor, numbers: Numbers, env: Environment, s: Settings
) -> tuple[tf.Tensor, Play, tf.Tensor]:
    """Play one episode of every seed, or `train_every` steps.

    After its episode a seed waits for the longest; in a round of steps it begins the next at once.
    Returns rows for the replay buffer [T, F, N], the new position, and the return of the last
    episode that ended, NaN without one [N].
    """
    choose = env.part(partial(act, s=s))
    by_steps, seeds, dtype = s.total_steps is not None, keys.shape[-1], env.reward_dtype
    zero, length = tf.constant(0, dtype), s.train_every if by_steps else s.maximum_steps
    starts = streams.fold_in(keys, STARTS)
    random = streams.uniform(streams.fold_in(keys, ACTIONS), (length, 2))
    chance = streams.uniform(streams.fold_in(keys, CHANCE), (length, env.draws))

    def tick(t, alive, play, finished, memory):
        observation = env.observe(play.state)
        action = choose(weights, observation, epsilon(play, numbers, s), random[t])
        next_state, reward, terminated = env.step(play.state, action, chance[t])
        cut = (play.step + 1 >= s.maximum_steps) | env.truncated(next_state)
        following, truncated = env.observe(next_state), cut & ~terminated
        step = Transitions(observation, action, reward, following, terminated, truncated)
        ended = alive & (terminated | cut)
        play = Play(
            tf.where(alive, next_state, play.state),  # else a fallen pole would move on to infinity
            play.step + tf.cast(alive, tf.int32),
            play.episode_return + tf.cast(tf.where(alive, reward, 0.0), dtype),
            play.episodes + tf.cast(ended, tf.int32),
            play.steps + tf.cast(alive, tf.int32),
        )
        finished = tf.where(ended, tf.cast(play.episode_return, tf.float32), finished)
        if by_steps:
            play = play._replace(
                state=env.renew(play.state, ended, lambda: streams.fold_in(starts, t)),
                step=tf.where(ended, 0, play.step),
                episode_return=tf.where(ended, zero, play.episode_return),
            )
        else:
            alive = alive & ~ended
        return t + 1, alive, play, finished, programs.record(memory, t, step)

    if not by_steps:
        first, paid = tf.zeros([seeds], tf.int32), tf.zeros([seeds], dtype)
        play = play._replace(state=env.reset(starts), step=first, episode_return=paid)
    memory = replay_buffer.recorder(length, seeds, env.observation_size)
    start = (tf.constant(0), tf.ones([seeds], tf.bool), play, tf.fill([seeds], np.nan), memory)
    *_, play, finished, memory = tf.while_loop(
        lambda t, alive, *_: (t < length) & tf.reduce_any(alive), tick, start
    )
    return replay_buffer.rows(memory), play, finished


def update(
    learner: Learner, batch: Transitions, numbers: Numbers, s: Settings
) -> tuple[Learner, tf.Tensor, tf.Tensor]:
    """Take a gradient step; return losses and targets too, [N]."""
    target = tf.stop_gradient(td_target(learner, batch, numbers.discount, s))
    with tf.GradientTape() as tape:
        tape.watch(learner.weights)
        loss = td_loss(learner.weights, batch, target, s)
    # The tape sums over the seeds. They share no weight: each gets the gradient of its own loss.
    gradients = materialize(tape.gradient(loss, learner.weights))
    state, weights = optimizers.apply(
        s.optimizer, learner.optimizer, learner.weights, gradients, numbers.learning_rate
    )
    target_weights, pairs = learner.target, list(zip(learner.target, weights, strict=True))
    if s.target_network == "hard":
        due = state.step % s.target_update_period == 0
        target_weights = [tf.where(due, w, old) for old, w in pairs]
    elif s.target_network == "soft":
        target_weights = [old + s.tau * (w - old) for old, w in pairs]
    return Learner(weights, target_weights, state), loss, tf.reduce_mean(target, 0)


def learn(
    learner: Learner, buffer: Buffer, keys: tf.Tensor, due: tf.Tensor, numbers: Numbers, s: Settings
) -> tuple[Learner, tf.Tensor, tf.Tensor]:
    """Take the gradient steps of a due round."""

    def body(n, learner, losses, targets):
        batch = replay_buffer.sample(buffer, streams.fold_in(keys, n), s.batch_size)
        learner, loss, target = update(learner, batch, numbers, s)
        return n + 1, learner, losses + loss / s.gradient_steps, targets + target / s.gradient_steps

    steps = tf.where(due, s.gradient_steps, 0)
    none = tf.where(due, tf.zeros([keys.shape[-1]]), np.nan)
    return tf.while_loop(lambda n, *_: n < steps, body, (tf.constant(0), learner, none, none))[1:]


def training(keys: tf.Tensor, numbers: Numbers, env: Environment, s: Settings) -> tuple:
    """Train all seeds from keys [2, N]: the program."""
    seeds = keys.shape[-1]
    sizes = (env.observation_size, *s.hidden_sizes, env.actions + s.dueling)
    weights = networks.glorot_uniform(streams.fold_in(keys, WEIGHTS), sizes)
    zero = tf.zeros([seeds], tf.int32)
    state = env.reset(streams.fold_in(keys, FIRST_EPISODE))
    study = env.part(partial(learn, s=s))

    def body(k, learner, best, buffer, play, curves):
        here = streams.fold_in(streams.fold_in(keys, ROUNDS), k)
        playing, learning = (streams.fold_in(here, number) for number in (PLAYING, LEARNING))
        rows, after, finished = play_round(learner.weights, play, playing, numbers, env, s)
        buffer = replay_buffer.add(buffer, rows, after.steps - play.steps)
        better = finished >= best[-1]  # NaN, no episode finished, is never better
        played = [*learner.weights, finished]
        best = [tf.where(better, new, old) for new, old in zip(played, best, strict=True)]
        if s.total_steps is None:
            due = (k > s.learning_starts) & (k % s.train_every == 0)
        else:
            due = (k + 1) * s.train_every > s.learning_starts
        learner, loss, target = study(learner, buffer, learning, due, numbers)
        curves = programs.record(curves, k, (finished, after.steps, loss, target))
        return k + 1, learner, best, buffer, after, curves

    start = (
        tf.constant(0),
        Learner(weights, weights, optimizers.init(weights)),
        [*weights, tf.fill([seeds], -np.inf)],
        replay_buffer.empty(s.replay_capacity, seeds, env.observation_size),
        Play(state, zero, tf.zeros([seeds], env.reward_dtype), zero, zero),
        programs.recorder(s.rounds, [(kind, [seeds]) for kind in CURVES]),
    )
    _, learner, best, _, _, curves = tf.while_loop(lambda k, *_: k < s.rounds, body, start)
    return [curve.stack() for curve in curves], learner.weights, best[:-1]


@cache
def program(env: Environment, s: Settings) -> Callable:
    """Return the training as a program of the environment's kind."""
    return env.program(partial(training, env=env, s=s))


def train(
    h: Hyperparameters | Sequence[Hyperparameters], env: Environment, keys: np.ndarray
) -> TrainingRun:
    """Train a DQN for each key, uint32 [N, 2].

    Each may have hyperparameters of its own, all with the same settings.
    """
    each = [h] * len(keys) if isinstance(h, Hyperparameters) else h
    columns = ([float(getattr(own, name)) for own in each] for name in Numbers._fields)
    numbers = Numbers(*(tf.constant(column, tf.float32) for column in columns))
    run = program(env, kinds.part(Settings, each[0]))
    (returns, steps, losses, targets), final, best = run(tf.constant(keys.T, tf.uint32), numbers)
    final, best = (env.on_observations([w.numpy() for w in weights]) for weights in (final, best))
    returns, losses, targets = (finite(curve.numpy()) for curve in (returns, losses, targets))
    return TrainingRun(returns, steps.numpy(), losses, targets, {"final": final, "best": best})


def policy(weights: Weights, h: Hyperparameters) -> networks.Act:
    """Return the greedy policy of all seeds."""
    return networks.acting(greedy_actions, weights, kinds.part(Settings, h))


def greedy_actions(weights: Weights, observation: tf.Tensor, s: Settings) -> tf.Tensor:
    """Return the actions of highest value, [..., N]."""
    return greedy(q_values(weights, observation, s))


def export(weights: Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Return networks that give plain Q-values, as named arrays."""
    plain = networks.without_dueling(weights) if h.dueling else weights
    return networks.to_arrays(plain, h.activation, "linear")
