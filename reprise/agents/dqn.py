"""Deep Q-learning over lanes, the whole training as one compiled program.

A round is one episode of every lane (or `train_every` steps), then learning. The equations are in
`q_networks`, playing is in `epsilon_greedy`.

Shapes: L lanes, K rounds, E episodes, A actions, O features of an observation.

Source: Mnih et al. (2015), algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from reprise.agents.dqn_hyperparameters import Hyperparameters, Numbers, numbers_of
from reprise.agents.epsilon_greedy import Play, play_episode, play_steps
from reprise.agents.q_networks import Learner, export, gradients, q_values, update_target
from reprise.environments import programs
from reprise.environments.base import Environment
from reprise.nn import networks, optimizers, replay_buffer, streams
from reprise.nn.determinism import tf
from reprise.nn.heads import greedy

__all__ = ["Hyperparameters", "Numbers", "Training", "export", "numbers_of", "policy", "train"]


class Training(NamedTuple):
    """What a training leaves, as NumPy arrays; K rounds."""

    returns: np.ndarray  # of the last episode each round finished, NaN without one [K, L]
    steps: np.ndarray  # environment steps each lane has played by the end of each round [K, L]
    losses: np.ndarray  # mean loss of each round's gradient steps, NaN without one [K, L]
    targets: np.ndarray  # mean target of each round's gradient steps, NaN without one [K, L]
    final: list[np.ndarray]  # weights [.., L]
    best: list[np.ndarray]  # those that played the best episode, the latest among equals [.., L]
    best_round: np.ndarray  # which round that was [L]


def learn(
    learner: Learner,
    buffer: replay_buffer.Buffer,
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
            batch = replay_buffer.sample(buffer, streams.fold(keys, n), h.batch_size)
            return gradients(learner, batch, numbers, h)

        *slopes, here, aim = networks.separately(compute, [*learner.weights, loss, target], once)
        state, weights = optimizers.apply(
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
    weights = networks.glorot_uniform(streams.fold(keys, 0), sizes)
    learner = Learner(weights, weights, optimizers.initial(weights))
    play_round = play_steps if h.train_unit == "steps" else play_episode
    nothing = tf.zeros([lanes], tf.int32)
    paid = tf.zeros([lanes], programs.precision(environment))
    play = Play(environment.reset(streams.fold(keys, 2)), nothing, paid, nothing, nothing)
    best = (weights, tf.fill([lanes], float("-inf")), nothing)
    curves = tuple(tf.TensorArray(tf.float32, h.rounds, element_shape=[lanes]) for _ in range(3))
    clock = tf.TensorArray(tf.int32, h.rounds, element_shape=[lanes])
    study = programs.part(environment, partial(learn, h=h))
    in_step = h.length_unit == h.train_unit  # then all lanes finish in the same round

    def active(play):
        if in_step:
            return tf.ones([lanes], tf.bool)
        return (play.episodes if h.length_unit == "episodes" else play.steps) < h.length

    def body(number, learner, best, buffer, play, curves, clock):
        keys_here = streams.fold(streams.fold(keys, 1), number)
        playing = active(play)
        rows, count, play, finished = play_round(
            learner.weights, play, playing, streams.fold(keys_here, 0), numbers, environment, h
        )
        buffer = replay_buffer.extend(buffer, rows, count)
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
        learner, loss, target = study(old, buffer, streams.fold(keys_here, 1), due, numbers)
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

    buffer = replay_buffer.empty(h.replay_capacity, lanes, environment.observation_size)
    number, learner, best, _, _, curves, clock = tf.while_loop(
        goes_on, body, (tf.constant(0), learner, best, buffer, play, curves, clock)
    )
    return number, [c.stack() for c in curves], clock.stack(), learner.weights, best[0], best[2]


@cache
def program(environment: Environment, h: Hyperparameters):
    """Return the training, compiled if the environment is."""
    return programs.program(
        environment, lambda keys, numbers: training(keys, numbers, environment, h)
    )


def train(
    hyperparameters: Hyperparameters,
    environment: Environment,
    keys: np.ndarray,
    numbers: Numbers | None = None,
) -> Training:
    """Train one lane for each key.

    Args:
        hyperparameters: of the algorithm.
        environment: what is played.
        keys: uint32 [L, 2], from `seeds.lane_keys`.
        numbers: of each lane; by default the hyperparameters' own.
    """
    if numbers is None:
        numbers = numbers_of([hyperparameters] * len(keys))
    compiled = program(environment, hyperparameters.structure(Hyperparameters, Numbers._fields))
    number, curves, steps, final, best, best_round = compiled(
        tf.constant(keys.T, tf.uint32), numbers
    )
    returns, losses, targets_ = (curve.numpy()[: int(number)] for curve in curves)
    return Training(
        returns=returns, steps=steps.numpy()[: int(number)], losses=losses, targets=targets_,
        final=programs.on_observations(environment, [w.numpy() for w in final]),
        best=programs.on_observations(environment, [w.numpy() for w in best]),
        best_round=best_round.numpy(),
    )  # fmt: skip


@cache
def greedy_actions(h: Hyperparameters) -> tf.Function:
    """Return the compiled policy: from weights and observations [E, O, L] to actions [E, L]."""
    return tf.function(
        lambda weights, observations: greedy(q_values(weights, observations, h)),
        jit_compile=True, autograph=False,
    )  # fmt: skip


def policy(
    weights: networks.Weights, h: Hyperparameters
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Return all lanes' greedy policy: from observations [E, O, L] and step to actions [E, L]."""
    constants = [tf.constant(weight) for weight in weights]
    act = greedy_actions(h.structure(Hyperparameters, Numbers._fields))
    return lambda observations, step: act(constants, tf.constant(observations)).numpy()
