"""Deep Q-learning (DQN): learn the value of each action.

    y = r + γ max_a' Q(s', a')          the TD target; y = r where the episode ended
    loss = mean (y - Q(s, a))²          over a batch from the replay buffer

N independent seeds train side by side in one compiled program: every tensor ends with the axis N,
and no number passes from one seed to another. Training runs in rounds. In each, every seed plays
one episode (or `train_every` steps) and then learns from `gradient_steps` batches.

Shapes: N seeds, K rounds, T steps, B batch, A actions, O features of an observation.

Source: Mnih et al. (2015), Human-level control through deep reinforcement learning, algorithm 1;
    van Hasselt, Guez and Silver (2016), equation 4 (double); Wang et al. (2016), equation 9
    (dueling); the chapter, section Implementing Deep Q-Learning.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from reprise import hyperparameters as kinds
from reprise.environments.base import Environment
from reprise.measures.training_run import TrainingRun, finite
from reprise.nn import networks, optimizers, programs, replay_buffer, snapshots, streams
from reprise.nn.determinism import tf
from reprise.nn.heads import greedy, select_action_values
from reprise.nn.networks import Weights, materialize
from reprise.nn.replay_buffer import Buffer, Transitions

# Random streams of a seed, of a round, and of a round's episodes.
WEIGHTS, ROUNDS, FIRST_EPISODE = range(3)
PLAYING, LEARNING = range(2)
STARTS, ACTIONS, CHANCE = range(3)

# Hyperparameters that a program takes as numbers [N]; a choice is its place in the settings.
CHOICES = ("activation", "loss", "target_network")
RATES = "tau", "learning_rate", "discount", "epsilon_start", "epsilon_end", "epsilon_decay"
COUNTS = "replay_capacity", "gradient_steps", "target_update_period"
Numbers = namedtuple("Numbers", [*CHOICES, *COUNTS, *RATES])
CURVES = ("float32", "int32", "float32", "float32")  # return, steps, loss, mean TD target


class Shape(kinds.Frozen):
    """Hyperparameters that are fixed when the program is compiled."""

    hidden_sizes: kinds.HiddenSizes
    dueling: bool
    total_episodes: kinds.PositiveInt | None
    total_steps: kinds.PositiveInt | None  # exactly one of these two is given
    maximum_steps: kinds.PositiveInt
    epsilon_unit: Literal["episodes", "steps"]
    train_every: kinds.PositiveInt
    learning_starts: kinds.NonNegativeInt
    batch_size: kinds.PositiveInt
    optimizer: optimizers.Optimizer
    bootstrap_at_truncation: bool
    double: bool

    @property
    def rounds(self) -> int:
        """The number of rounds, K."""
        return self.total_episodes or -(-(self.total_steps or 0) // self.train_every)


class Fixed(Shape):
    """Hyperparameters that all seeds of a pack share."""

    gradient_steps: kinds.PositiveInt


class Settings(Shape):
    """Settings of a compiled program, with its seeds' choices."""

    activation: tuple[networks.Activation, ...]
    loss: tuple[str, ...]
    target_network: tuple[str, ...]
    rows: int  # capacity of the largest replay buffer


class Hyperparameters(Fixed):
    """All hyperparameters of a DQN."""

    activation: networks.Activation
    loss: Literal["mse", "huber"]
    target_network: Literal["none", "hard", "soft"]
    replay_capacity: kinds.PositiveInt
    target_update_period: kinds.PositiveInt
    tau: Annotated[float, Field(gt=0, le=1)]
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


def prepared(
    each: Sequence[Hyperparameters], variants: Iterable[Hyperparameters] = ()
) -> tuple[Numbers, Any]:
    """Split hyperparameters into a program's numbers and settings."""
    shape = kinds.part(Shape, each[0])
    sharing = [h for h in [*variants, *each] if kinds.part(Shape, h) == shape]
    choices = {name: tuple(dict.fromkeys(getattr(h, name) for h in sharing)) for name in CHOICES}
    rows = max(h.replay_capacity for h in sharing)
    s = Settings.model_validate({**dict(shape), **choices, "rows": rows})
    return programs.numbers(Numbers, each, choices), s


class Learner(NamedTuple):
    """The networks that learn, and the optimizer's state."""

    weights: Weights  # of the online network
    target: Weights  # of the target network
    optimizer: optimizers.State


class Play(NamedTuple):
    """The current episode of every seed, and counts so far."""

    state: tf.Tensor  # the environment's state [.., N]
    step: tf.Tensor  # steps in this episode, int32 [N]
    episode_return: tf.Tensor  # return of this episode so far [N]
    episodes: tf.Tensor  # finished episodes, int32 [N]
    steps: tf.Tensor  # steps in all episodes, int32 [N]


def q_values(weights: Weights, observation: tf.Tensor, numbers: Numbers, s: Settings) -> tf.Tensor:
    """Compute Q-values [..., A, N] of observations [..., O, N]."""
    outputs = networks.forward(weights, observation, s.activation, numbers.activation)
    if not s.dueling:
        return outputs
    value, advantages = outputs[..., :1, :], outputs[..., 1:, :]
    return value + advantages - tf.reduce_mean(advantages, -2, keepdims=True)


def td_target(learner: Learner, batch: Transitions, numbers: Numbers, s: Settings) -> tf.Tensor:
    """Compute y = r + γ max_a' Q(s', a')."""
    next_q = q_values(learner.target, batch.next_observation, numbers, s)  # [B, A, N]
    # Double DQN: the online network chooses a', the target network evaluates it.
    chooser = q_values(learner.weights, batch.next_observation, numbers, s) if s.double else next_q
    # The chapter treats a time limit as an end.
    ended = batch.terminated if s.bootstrap_at_truncation else batch.terminated | batch.truncated
    next_value = select_action_values(next_q, greedy(chooser))  # [B, N]
    return batch.reward + tf.where(ended, 0.0, numbers.discount * next_value)


def td_loss(
    weights: Weights, batch: Transitions, target: tf.Tensor, numbers: Numbers, s: Settings
) -> tf.Tensor:
    """Compute mean (y - Q(s, a))², or Huber's loss, [N]."""
    q = q_values(weights, batch.observation, numbers, s)
    error = target - select_action_values(q, batch.action)
    squared, absolute = error * error, tf.abs(error)
    huber = tf.where(absolute <= 1, 0.5 * squared, absolute - 0.5)
    return tf.reduce_mean(programs.chosen(numbers.loss, s.loss, dict(mse=squared, huber=huber)), 0)


def epsilon(play: Play, numbers: Numbers, s: Settings) -> tf.Tensor:
    """Compute ε, which falls linearly with episodes or steps, [N]."""
    elapsed = tf.cast(play.episodes if s.epsilon_unit == "episodes" else play.steps, tf.float32)
    falling = numbers.epsilon_start * (1 - elapsed / tf.cast(numbers.epsilon_decay, tf.float32))
    return tf.maximum(falling, numbers.epsilon_end)


def act(q: tf.Tensor, epsilon: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
    """Choose ε-greedy actions [N] with uniform random numbers [2, N]."""
    any_action = tf.cast(random[1] * q.shape[-2], tf.int32)
    return tf.where(random[0] < epsilon, any_action, greedy(q))


def play_round(
    weights: Weights, play: Play, keys: tf.Tensor, numbers: Numbers, env: Environment, s: Settings
) -> tuple[tf.Tensor, Play, tf.Tensor]:
    """Play one episode of every seed, or `train_every` steps.

    A seed that finished its episode waits for the others; in a round of steps it begins the next.
    Returns rows for the replay buffer [T, F, N], the new `Play`, and the last finished return [N].
    """
    play_q_values = env.part(partial(q_values, s=s))
    by_steps, seeds, dtype = s.total_steps is not None, keys.shape[-1], env.reward_dtype
    length = s.train_every if by_steps else s.maximum_steps
    starts = streams.fold_in(keys, STARTS)
    random = streams.uniform(streams.fold_in(keys, ACTIONS), (length, 2))
    chance = streams.uniform(streams.fold_in(keys, CHANCE), (length, env.draws))

    def tick(t, alive, play, finished, memory):
        observation = env.observe(play.state)
        q = play_q_values(weights, observation, numbers)
        action = act(q, epsilon(play, numbers, s), random[t])
        next_state, reward, terminated = env.step(play.state, action, chance[t])
        time_up = (play.step + 1 >= s.maximum_steps) | env.truncated(next_state)
        next_observation, truncated = env.observe(next_state), time_up & ~terminated
        step = Transitions(observation, action, reward, next_observation, terminated, truncated)
        ended = alive & (terminated | time_up)
        play = Play(
            tf.where(alive, next_state, play.state),  # else a fallen pole would fall to infinity
            play.step + tf.cast(alive, tf.int32),
            play.episode_return + tf.cast(tf.where(alive, reward, 0.0), dtype),
            play.episodes + tf.cast(ended, tf.int32),
            play.steps + tf.cast(alive, tf.int32),
        )
        finished = tf.where(ended, tf.cast(play.episode_return, tf.float32), finished)
        if by_steps:
            state = env.renew(play.state, ended, lambda: streams.fold_in(starts, t))
            anew = [tf.where(ended, tf.zeros_like(so_far), so_far) for so_far in play[1:3]]
            play = Play._make([state, *anew, *play[3:]])
        else:
            alive = alive & ~ended
        return t + 1, alive, play, finished, programs.record(memory, t, step)

    if not by_steps:
        play = Play._make([env.reset(starts), *map(tf.zeros_like, play[1:3]), *play[3:]])
    memory = replay_buffer.recorder(length, [seeds], env.observation_size)
    start = (tf.constant(0), tf.ones([seeds], tf.bool), play, tf.fill([seeds], np.nan), memory)
    *_, play, finished, memory = tf.while_loop(
        lambda t, alive, *_: (t < length) & tf.reduce_any(alive), tick, start
    )
    return replay_buffer.rows(memory), play, finished


def update(
    learner: Learner, batch: Transitions, numbers: Numbers, s: Settings
) -> tuple[Learner, tf.Tensor, tf.Tensor]:
    """Take a gradient step; also return loss and mean target."""
    target = tf.stop_gradient(td_target(learner, batch, numbers, s))
    with tf.GradientTape() as tape:
        tape.watch(learner.weights)
        loss = td_loss(learner.weights, batch, target, numbers, s)
    # The tape adds up the seeds' losses. They share no weight, so each gets its own gradient.
    gradients = materialize(tape.gradient(loss, learner.weights))
    state, weights = optimizers.apply(
        s.optimizer, learner.optimizer, learner.weights, gradients, numbers.learning_rate
    )
    due = state.step % numbers.target_update_period == 0
    chosen = partial(programs.chosen, numbers.target_network, s.target_network)
    target_weights = [
        chosen({"none": w, "hard": tf.where(due, w, old), "soft": old + numbers.tau * (w - old)})
        for old, w in zip(learner.target, weights, strict=True)
    ]
    return Learner(weights, target_weights, state), loss, tf.reduce_mean(target, 0)


def learn(
    learner: Learner, buffer: Buffer, keys: tf.Tensor, due: tf.Tensor, numbers: Numbers, s: Settings
) -> tuple[Learner, tf.Tensor, tf.Tensor]:
    """Take a round's gradient steps, none unless learning is due."""
    count = tf.cast(numbers.gradient_steps, tf.float32)

    def body(n, learner, losses, targets):
        batch = replay_buffer.sample(buffer, streams.fold_in(keys, n), s.batch_size)
        learner, loss, target = update(learner, batch, numbers, s)
        return n + 1, learner, losses + loss / count, targets + target / count

    steps = tf.where(due, numbers.gradient_steps[0], 0)  # the same for all seeds
    zero = tf.where(due, tf.zeros([keys.shape[-1]]), np.nan)  # no loss without a step
    return tf.while_loop(lambda n, *_: n < steps, body, (tf.constant(0), learner, zero, zero))[1:]


def training(keys: tf.Tensor, numbers: Numbers, env: Environment, s: Settings, points=0) -> tuple:
    """Train all seeds from keys [2, N], as one program."""
    seeds = keys.shape[-1]
    sizes = (env.observation_size, *s.hidden_sizes, env.actions + s.dueling)
    weights = networks.glorot_uniform(streams.fold_in(keys, WEIGHTS), sizes)
    zero, state = tf.zeros([seeds], tf.int32), env.reset(streams.fold_in(keys, FIRST_EPISODE))
    learn_part = env.part(partial(learn, s=s))

    def body(k, learner, best, buffer, play, curves, taken):
        taken = snapshots.take(taken, points, k, s.rounds, learner.weights)
        round_keys = streams.fold_in(streams.fold_in(keys, ROUNDS), k)
        playing, learning = (streams.fold_in(round_keys, each) for each in (PLAYING, LEARNING))
        rows, after, finished = play_round(learner.weights, play, playing, numbers, env, s)
        buffer = replay_buffer.add(buffer, rows, after.steps - play.steps)
        better = finished >= best[-1]  # NaN (no episode finished) is never better
        played = [*learner.weights, finished]
        best = [tf.where(better, new, old) for new, old in zip(played, best, strict=True)]
        due = (k > s.learning_starts) & (k % s.train_every == 0)
        if s.total_steps is not None:
            due = (k + 1) * s.train_every > s.learning_starts
        learner, loss, target = learn_part(learner, buffer, learning, due, numbers)
        curves = programs.record(curves, k, (finished, after.steps, loss, target))
        return k + 1, learner, best, buffer, after, curves, taken

    start = (
        tf.constant(0),
        Learner(weights, weights, optimizers.init(weights)),
        [*weights, tf.fill([seeds], -np.inf)],
        replay_buffer.empty(s.rows, numbers.replay_capacity, env.observation_size),
        Play(state, zero, tf.zeros([seeds], env.reward_dtype), zero, zero),
        programs.recorder(s.rounds, [(kind, [seeds]) for kind in CURVES]),
        snapshots.empty(points, weights),
    )
    _, learner, best, *_, curves, taken = tf.while_loop(lambda k, *_: k < s.rounds, body, start)
    return [a.stack() for a in curves], learner.weights, best[:-1], [a.stack() for a in taken]


def train(
    h: Hyperparameters | Sequence[Hyperparameters],
    env: Environment,
    keys: np.ndarray,
    variants: Iterable[Hyperparameters] = (),
    **points: int,
) -> TrainingRun:
    """Train a DQN for each key, uint32 [N, 2].

    Seeds may have different hyperparameters, except those in `Fixed`. The program can also train
    the `variants`. `points` is the number of snapshots of the weights.
    """
    env.check_discrete("dqn")
    numbers, s = prepared([h] * len(keys) if isinstance(h, Hyperparameters) else h, variants)
    program = programs.of(training, env, s, **points)
    curves, *found = programs.in_blocks(program, env.block, tf.constant(keys.T), numbers)
    returns, steps, losses, targets = (curve.numpy() for curve in curves)
    weights = snapshots.of_run(env, ("final", "best"), found)
    return TrainingRun(finite(returns), steps, finite(losses), finite(targets), weights)


def policy(weights: Weights, h: Hyperparameters | Sequence[Hyperparameters]) -> networks.Act:
    """Return the greedy policy of each seed."""
    numbers, s = prepared([h] if isinstance(h, Hyperparameters) else h)
    return networks.acting(actions, [*weights, *numbers], s)


def actions(inputs: Weights, observation: tf.Tensor, s: Settings) -> tf.Tensor:
    """Choose the actions of highest value [..., N]."""
    weights, numbers = inputs[: -len(Numbers._fields)], Numbers(*inputs[-len(Numbers._fields) :])
    return greedy(q_values(weights, observation, numbers, s))


def export(weights: Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Convert to named arrays, as networks with plain Q-values."""
    plain = networks.without_dueling(weights) if h.dueling else weights
    return networks.to_arrays(plain, h.activation, "linear")
