"""Deep Q-learning over lanes, the whole training as one compiled program.

    y = r + gamma (1 - terminated) max_a' Q(s', a')        loss = mean (y - Q(s, a))^2

A round is one episode of every lane (or `train_every` steps), then learning. Lanes stay in step:
one whose episode has ended idles until the longest one ends. What the chapter fixes is a parameter
here, and its setting is in params.yaml.

Shapes: L lanes, B batch, A actions, O features of an observation.

Source: Mnih et al. (2015), algorithm 1; van Hasselt, Guez and Silver (2016), equation 4 (double);
    Wang et al. (2016),
equation 9 (dueling).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from reprise import lane_random, networks, optimisers, replay
from reprise.determinism import tf
from reprise.environments.protocol import Environment
from reprise.hyperparameters import (
    Discount,
    Frozen,
    HiddenSizes,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Probability,
)  # fmt: skip

Unit = Literal["episodes", "steps"]


class Hyperparameters(Frozen):
    """What decides a training but for its seeds."""

    hidden_sizes: HiddenSizes
    activation: networks.Activation
    dueling: bool
    length: PositiveInt
    length_unit: Unit
    maximum_steps: PositiveInt
    epsilon_start: Probability
    epsilon_end: Probability
    epsilon_decay: PositiveInt
    epsilon_unit: Unit
    train_every: PositiveInt
    train_unit: Unit
    learning_start: NonNegativeInt
    gradient_steps: PositiveInt
    replay_capacity: PositiveInt
    batch_size: PositiveInt
    optimiser: optimisers.Optimiser
    learning_rate: PositiveFloat
    loss: Literal["mse", "huber"]
    discount: Discount
    bootstrap_at_truncation: bool
    double: bool
    target_network: Literal["none", "hard", "soft"]
    target_every: PositiveInt
    target_rate: Annotated[float, Field(gt=0, le=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.batch_size > self.replay_capacity:
            raise ValueError(
                f"batch_size is {self.batch_size}; "
                f"allowed: at most replay_capacity, {self.replay_capacity}"
            )
        if self.epsilon_end > self.epsilon_start:
            raise ValueError(
                f"epsilon_end is {self.epsilon_end}; "
                f"allowed: at most epsilon_start, {self.epsilon_start}"
            )
        if self.double and self.target_network == "none":
            raise ValueError("double is true; allowed: only with a target_network, hard or soft")
        return self

    @property
    def rounds(self) -> int:
        """Return how many rounds a training can have at the most."""
        match self.length_unit, self.train_unit:
            case "episodes", "steps":
                return -(-self.length * self.maximum_steps // self.train_every)
            case "steps", "steps":
                return -(-self.length // self.train_every)
            case _:
                return self.length


class Numbers(NamedTuple):
    """The hyperparameters that are only numbers: each may differ between the lanes, [L]."""

    learning_rate: tf.Tensor
    discount: tf.Tensor
    epsilon_start: tf.Tensor
    epsilon_end: tf.Tensor
    epsilon_decay: tf.Tensor


class Play(NamedTuple):
    """Where the lanes stand; in a round by episodes only the counts outlive the round."""

    state: tf.Tensor  # [.., L]
    step: tf.Tensor  # of the current episode, int32 [L]
    reward: tf.Tensor  # of the current episode so far [L]
    episodes: tf.Tensor  # finished, int32 [L]
    steps: tf.Tensor  # played in all, int32 [L]


class Learner(NamedTuple):
    """What learning changes."""

    weights: networks.Weights
    target: networks.Weights
    optimiser: optimisers.State


class Training(NamedTuple):
    """What a training leaves, as NumPy arrays; K rounds."""

    returns: np.ndarray  # of the last episode each round finished, NaN without one [K, L]
    steps: np.ndarray  # environment steps each lane has played by the end of each round [K, L]
    losses: np.ndarray  # mean loss of each round's gradient steps, NaN without one [K, L]
    targets: np.ndarray  # mean target of each round's gradient steps, NaN without one [K, L]
    final: list[np.ndarray]  # weights [.., L]
    best: list[
        np.ndarray
    ]  # the weights that played the best episode, the latest among equals [.., L]
    best_round: np.ndarray  # which round that was [L]


def q_values(weights: networks.Weights, observation: tf.Tensor, h: Hyperparameters) -> tf.Tensor:
    """Return the Q-values [..., A, L] of observations [..., O, L]."""
    outputs = networks.forward(weights, observation, h.activation)
    if not h.dueling:
        return outputs
    value, advantages = outputs[..., :1, :], outputs[..., 1:, :]
    return value + advantages - tf.reduce_mean(advantages, -2, keepdims=True)


def greedy(q: tf.Tensor) -> tf.Tensor:
    """Return the action of the highest Q-value, the first among equals: [..., A, L] -> [..., L]."""
    best, *others = tf.unstack(q, axis=-2)
    action = tf.zeros_like(best, tf.int32)
    for a, value in enumerate(others, 1):
        action, best = tf.where(value > best, a, action), tf.maximum(value, best)
    return action


def chosen(q: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """Return the Q-values of the actions taken: [..., A, L] -> [..., L]."""
    return tf.add_n(
        [tf.where(action == a, value, 0.0) for a, value in enumerate(tf.unstack(q, axis=-2))]
    )


def targets(
    learner: Learner, batch: replay.Transitions, discount: tf.Tensor, h: Hyperparameters
) -> tf.Tensor:
    """Return the target Q-values [B, L] of a batch."""
    judge = learner.weights if h.target_network == "none" else learner.target
    q = q_values(judge, batch.following, h)
    if h.double and h.target_network != "none":
        future = chosen(q, greedy(q_values(learner.weights, batch.following, h)))
    else:
        future = chosen(q, greedy(q))
    ended = batch.terminated if h.bootstrap_at_truncation else batch.terminated | batch.truncated
    return batch.reward + tf.where(ended, 0.0, discount * future)


def errors(loss: str, difference: tf.Tensor) -> tf.Tensor:
    """Return each transition's loss: the square, or Huber's with its corner at 1."""
    squared = difference * difference
    if loss == "mse":
        return squared
    size = tf.abs(difference)
    return tf.where(size <= 1, 0.5 * squared, size - 0.5)


def gradients(
    learner: Learner, batch: replay.Transitions, numbers: Numbers, h: Hyperparameters
) -> list[tf.Tensor]:
    """Return the gradients of the lanes' losses, then the losses and the mean targets [L]."""
    target = tf.stop_gradient(targets(learner, batch, numbers.discount, h))
    with tf.GradientTape() as tape:
        tape.watch(learner.weights)
        q = chosen(q_values(learner.weights, batch.observation, h), batch.action)
        loss = tf.reduce_mean(errors(h.loss, target - q), 0)  # [L]
    # The tape sums over lanes; they share no weight, so each gets the gradient of its own loss.
    return [*tape.gradient(loss, learner.weights), loss, tf.reduce_mean(target, 0)]


def update_target(
    target: networks.Weights, weights: networks.Weights, step: tf.Tensor, h: Hyperparameters
) -> list:
    """Return the target network: copied every n gradient steps, or drawn nearer at each."""
    if h.target_network == "hard":
        due = step % h.target_every == 0
        return [tf.where(due, w, t) for w, t in zip(weights, target, strict=True)]
    if h.target_network == "soft":
        return [t + h.target_rate * (w - t) for w, t in zip(weights, target, strict=True)]
    return target


def epsilon(
    episodes: tf.Tensor, steps: tf.Tensor, numbers: Numbers, h: Hyperparameters
) -> tf.Tensor:
    """Return the share of random actions [L]: from its start linearly towards 0, to a floor."""
    clock = tf.cast(episodes if h.epsilon_unit == "episodes" else steps, tf.float32)
    return tf.maximum(
        numbers.epsilon_start * (1 - clock / numbers.epsilon_decay), numbers.epsilon_end
    )


def interact(
    weights: networks.Weights, state: tf.Tensor, step: tf.Tensor, random: tf.Tensor, share:
        tf.Tensor,
    environment: Environment, h: Hyperparameters,
) -> tuple[tf.Tensor, replay.Transitions]:  # fmt: skip
    """Take one epsilon-greedy step in every lane.

    Args:
        weights: of the Q-network.
        state: of the environment [.., L].
        step: which step of the episode this is, from 1, int32 [L] or a scalar.
        random: two uniform numbers a lane [2, L].
        share: epsilon [L].
        environment: what is played.
        h: hyperparameters.

    Returns:
        The next state, and the transitions with fields [L].
    """
    observation = environment.observe(state)
    anything = tf.cast(random[1] * environment.actions, tf.int32)
    action = tf.where(random[0] < share, anything, greedy(q_values(weights, observation, h)))
    following, reward, terminated = environment.step(state, action)
    truncated = (step >= h.maximum_steps) & ~terminated
    next_observation = environment.observe(following)
    return following, replay.Transitions(
        observation, action, reward, next_observation, terminated, truncated
    )


def play_episode(
    weights: networks.Weights, play: Play, active: tf.Tensor, keys: tf.Tensor, numbers: Numbers,
    environment: Environment, h: Hyperparameters,
) -> tuple[tf.Tensor, tf.Tensor, Play, tf.Tensor]:  # fmt: skip
    """Play an episode in every active lane; one that has ended waits for the longest one.

    Args:
        weights: of the Q-network that behaves.
        play: where the lanes stand.
        active: which lanes play, bool [L].
        keys: uint32 [2, L], this round's.
        numbers: the lanes' numeric hyperparameters.
        environment: what is played.
        h: the other hyperparameters.

    Returns:
        The experienced rows [T, F, L], how many of them count [L], where the lanes stand then, and
        the episodes' returns, NaN in lanes that did not play [L].
    """
    lanes = active.shape[0]
    random = lane_random.uniform(lane_random.fold(keys, 1), (h.maximum_steps, 2))
    memory = replay.recorder(h.maximum_steps, lanes, environment.observation_size)

    def tick(t, alive, count, state, memory):
        share = epsilon(play.episodes, play.steps + t, numbers, h)
        following, transitions = interact(weights, state, t + 1, random[t], share, environment, h)
        # A lane that stands still keeps its state: stepping a fallen pole on would end in
        # infinities.
        state = tf.where(alive, following, state)
        count = count + tf.cast(alive, tf.int32)
        alive = alive & ~(transitions.terminated | transitions.truncated)
        return t + 1, alive, count, state, replay.record(memory, t, transitions)

    start = (
        tf.constant(0),
        active,
        tf.zeros([lanes], tf.int32),
        environment.reset(lane_random.fold(keys, 0)),
        memory,
    )
    *_, count, _, memory = tf.while_loop(lambda t, alive, *_: tf.reduce_any(alive), tick, start)
    rows = replay.rows(memory)
    played = tf.range(h.maximum_steps)[:, None] < count
    total = tf.reduce_sum(tf.where(played, rows[:, -3], 0.0), 0)  # of the rewards
    play = play._replace(
        episodes=play.episodes + tf.cast(active, tf.int32), steps=play.steps + count
    )
    return rows, count, play, tf.where(active, total, float("nan"))


def play_steps(
    weights: networks.Weights, play: Play, active: tf.Tensor, keys: tf.Tensor, numbers: Numbers,
    environment: Environment, h: Hyperparameters,
) -> tuple[tf.Tensor, tf.Tensor, Play, tf.Tensor]:  # fmt: skip
    """Play `train_every` steps in every active lane, a new episode after each end.

    As `play_episode`; the returns are of the last episode that ended, NaN where none did.
    """
    lanes = active.shape[0]
    random = lane_random.uniform(lane_random.fold(keys, 1), (h.train_every, 2))
    memory = replay.recorder(h.train_every, lanes, environment.observation_size)

    def tick(t, play, finished, memory):
        share = epsilon(play.episodes, play.steps, numbers, h)
        following, transitions = interact(
            weights, play.state, play.step + 1, random[t], share, environment, h
        )
        ended = active & (transitions.terminated | transitions.truncated)
        total = play.reward + transitions.reward
        fresh = environment.reset(lane_random.fold(lane_random.fold(keys, 0), t))
        play = Play(
            state=tf.where(ended, fresh, tf.where(active, following, play.state)),
            step=tf.where(ended, 0, play.step + 1), reward=tf.where(ended, 0.0, total),
            episodes=play.episodes + tf.cast(ended, tf.int32), steps=play.steps + tf.cast(active,
            tf.int32),
        )  # fmt: skip
        return t + 1, play, tf.where(ended, total, finished), replay.record(memory, t, transitions)

    start = (tf.constant(0), play, tf.fill([lanes], float("nan")), memory)
    _, play, finished, memory = tf.while_loop(lambda t, *_: t < h.train_every, tick, start)
    return replay.rows(memory), tf.where(active, h.train_every, 0), play, finished


def learn(
    learner: Learner,
    buffer: replay.Buffer,
    keys: tf.Tensor,
    due: tf.Tensor,
    numbers: Numbers,
    h: Hyperparameters,
) -> tuple[Learner, tf.Tensor, tf.Tensor]:
    """Take a round's gradient steps if it is due; also return mean losses and mean targets [L]."""
    lanes = keys.shape[-1]
    once = tf.cast(numbers.learning_rate[0] > 0, tf.int32)

    def body(n, learner, loss, target):
        def compute():
            batch = replay.sample(buffer, lane_random.fold(keys, n), h.batch_size)
            return gradients(learner, batch, numbers, h)

        *slopes, here, aim = networks.separately(compute, [*learner.weights, loss, target], once)
        state, weights = optimisers.apply(
            h.optimiser, learner.optimiser, learner.weights, slopes, numbers.learning_rate
        )
        learner = Learner(weights, update_target(learner.target, weights, state.step, h), state)
        return n + 1, learner, loss + here / h.gradient_steps, target + aim / h.gradient_steps

    steps = tf.where(due, h.gradient_steps, 0)
    start = tf.where(due, tf.zeros([lanes]), float("nan"))
    return tf.while_loop(lambda n, *_: n < steps, body, (tf.constant(0), learner, start, start))[1:]


def select(where: tf.Tensor, new: networks.Weights, old: networks.Weights) -> networks.Weights:
    """Return the new weights of some lanes and the old ones of the others."""
    return [tf.where(where, n, o) for n, o in zip(new, old, strict=True)]


def training(
    keys: tf.Tensor, numbers: Numbers, environment: Environment, h: Hyperparameters
) -> tuple:
    """Train all lanes from their keys [2, L]; this is the program that is compiled."""
    lanes = keys.shape[-1]
    sizes = (environment.observation_size, *h.hidden_sizes, environment.actions + h.dueling)
    weights = networks.glorot_uniform(lane_random.fold(keys, 0), sizes)
    learner = Learner(weights, weights, optimisers.initial(weights))
    nothing, play_round = (
        tf.zeros([lanes], tf.int32),
        play_steps if h.train_unit == "steps" else play_episode,
    )
    play = Play(
        environment.reset(lane_random.fold(keys, 2)), nothing, tf.zeros([lanes]), nothing, nothing
    )
    best = (weights, tf.fill([lanes], float("-inf")), nothing)
    curves = tuple(tf.TensorArray(tf.float32, h.rounds, element_shape=[lanes]) for _ in range(3))
    clock = tf.TensorArray(tf.int32, h.rounds, element_shape=[lanes])
    in_step = h.length_unit == h.train_unit  # then all lanes finish in the same round

    def active(play):
        if in_step:
            return tf.ones([lanes], tf.bool)
        return (play.episodes if h.length_unit == "episodes" else play.steps) < h.length

    def body(number, learner, best, buffer, play, curves, clock):
        keys_here = lane_random.fold(lane_random.fold(keys, 1), number)
        playing = active(play)
        rows, count, play, finished = play_round(
            learner.weights, play, playing, lane_random.fold(keys_here, 0), numbers, environment, h
        )
        buffer = replay.extend(buffer, rows, count)
        better = finished >= best[1]  # a NaN, no episode finished, is never better
        best = (
            select(better, learner.weights, best[0]),
            tf.where(better, finished, best[1]),
            tf.where(better, number, best[2]),
        )
        if h.train_unit == "episodes":
            due = (number > h.learning_start) & (number % h.train_every == 0)
        else:
            due = (number + 1) * h.train_every > h.learning_start
        old = learner
        learner, loss, target = learn(old, buffer, lane_random.fold(keys_here, 1), due, numbers, h)
        if not in_step:
            learner = Learner(
                select(playing, learner.weights, old.weights),
                select(playing, learner.target, old.target),
                learner.optimiser._replace(
                    momentum=select(playing, learner.optimiser.momentum, old.optimiser.momentum),
                    velocity=select(playing, learner.optimiser.velocity, old.optimiser.velocity),
                ),
            )
            loss, target = (tf.where(playing, x, float("nan")) for x in (loss, target))
        curves = tuple(
            c.write(number, x) for c, x in zip(curves, (finished, loss, target), strict=True)
        )
        return number + 1, learner, best, buffer, play, curves, clock.write(number, play.steps)

    def goes_on(number, learner, best, buffer, play, *_):
        return (number < h.rounds) & (in_step or tf.reduce_any(active(play)))

    buffer = replay.empty(h.replay_capacity, lanes, environment.observation_size)
    number, learner, best, _, _, curves, clock = tf.while_loop(
        goes_on, body, (tf.constant(0), learner, best, buffer, play, curves, clock)
    )
    return number, [c.stack() for c in curves], clock.stack(), learner.weights, best[0], best[2]


@cache
def program(environment: Environment, h: Hyperparameters):
    """Return the compiled training."""
    return tf.function(
        lambda keys, numbers: training(keys, numbers, environment, h),
        jit_compile=True,
        autograph=False,
    )


def train(hyperparameters: Hyperparameters, environment: Environment, keys: np.ndarray) -> Training:
    """Train one lane for each key.

    Args:
        hyperparameters: of the algorithm.
        environment: what is played.
        keys: uint32 [L, 2], from `seeds.lane_keys`.
    """
    lanes = len(keys)
    numbers = Numbers(*(
        tf.fill([lanes], float(getattr(hyperparameters, name))) for name in Numbers._fields
    ))  # fmt: skip
    compiled = program(environment, hyperparameters.structure(Hyperparameters, Numbers._fields))
    number, curves, steps, final, best, best_round = compiled(
        tf.constant(keys.T, tf.uint32), numbers
    )
    returns, losses, targets_ = (curve.numpy()[: int(number)] for curve in curves)
    return Training(
        returns=returns, steps=steps.numpy()[: int(number)], losses=losses, targets=targets_,
        final=[w.numpy() for w in final], best=[w.numpy() for w in best],
        best_round=best_round.numpy(),
    )  # fmt: skip


def policy(
    weights: networks.Weights, h: Hyperparameters
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Return all lanes' greedy policy: from observations [E, O, L] and step to actions [E, L]."""

    @partial(tf.function, jit_compile=True, autograph=False)
    def act(observations):
        return greedy(q_values([tf.constant(weight) for weight in weights], observations, h))

    return lambda observations, step: act(tf.constant(observations)).numpy()


def export(weights: networks.Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Return Q-networks as named arrays; a dueling one's last layer gives plain Q-values."""
    if h.dueling:
        actions = weights[-1].shape[0] - 1
        fold = np.hstack([np.ones((actions, 1)), np.eye(actions) - 1 / actions])
        last = [
            np.einsum("qo,o...->q...", fold, weight).astype(np.float32) for weight in weights[-2:]
        ]
        weights = [*weights[:-2], *last]
    return networks.to_arrays(weights, h.activation, "linear")
