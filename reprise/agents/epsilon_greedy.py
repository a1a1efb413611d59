"""How a Q-network plays in training: epsilon-greedy, an episode or some steps a round.

Lanes stay in step: one whose episode has ended idles until the longest one ends, or begins anew.

Shapes: L lanes, T time, F numbers of a row of the replay buffer, D random numbers of a step.

Source: the chapter, section Implementing Deep Q-Learning; Mnih et al. (2015), algorithm 1.
"""

from __future__ import annotations

from typing import NamedTuple

from reprise.agents.dqn_hyperparameters import Hyperparameters, Numbers
from reprise.agents.q_networks import q_values
from reprise.environments import programs
from reprise.environments.base import Environment
from reprise.nn import networks, replay_buffer, streams
from reprise.nn.determinism import tf
from reprise.nn.heads import greedy


class Play(NamedTuple):
    """Where the lanes stand; in a round by episodes only the counts outlive the round."""

    state: tf.Tensor  # [.., L]
    step: tf.Tensor  # of the current episode, int32 [L]
    reward: tf.Tensor  # of the current episode so far [L]
    episodes: tf.Tensor  # finished, int32 [L]
    steps: tf.Tensor  # played in all, int32 [L]


def epsilon(
    episodes: tf.Tensor, steps: tf.Tensor, numbers: Numbers, h: Hyperparameters
) -> tf.Tensor:
    """Return the share of random actions [L]: from its start linearly towards 0, to a floor."""
    clock = tf.cast(episodes if h.epsilon_unit == "episodes" else steps, tf.float32)
    return tf.maximum(
        numbers.epsilon_start * (1 - clock / numbers.epsilon_decay), numbers.epsilon_end
    )


def interact(
    weights: networks.Weights, state: tf.Tensor, step: tf.Tensor, random: tf.Tensor,
    chance: tf.Tensor, share: tf.Tensor, environment: Environment, h: Hyperparameters,
) -> tuple[tf.Tensor, replay_buffer.Transitions]:  # fmt: skip
    """Take one epsilon-greedy step in every lane.

    Args:
        weights: of the Q-network.
        state: of the environment [.., L].
        step: which step of the episode this is, from 1, int32 [L] or a scalar.
        random: two uniform numbers a lane, for the action [2, L].
        chance: uniform numbers for the environment [D, L].
        share: epsilon [L].
        environment: what is played.
        h: hyperparameters.

    Returns:
        The next state, and the transitions with fields [L].
    """
    observation = environment.observe(state)
    anything = tf.cast(random[1] * environment.actions, tf.int32)
    best = programs.part(environment, lambda seen: greedy(q_values(weights, seen, h)))
    action = tf.where(random[0] < share, anything, best(observation))
    following, reward, terminated = environment.step(state, action, chance)
    cut = programs.truncated(environment, following)
    truncated = ((step >= h.maximum_steps) | cut) & ~terminated
    next_observation = environment.observe(following)
    return following, replay_buffer.Transitions(
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
    random = streams.uniform(streams.fold(keys, 1), (h.maximum_steps, 2))
    chance = streams.uniform(streams.fold(keys, 2), (h.maximum_steps, environment.draws))
    memory = replay_buffer.recorder(h.maximum_steps, lanes, environment.observation_size)

    def tick(t, alive, count, state, memory):
        share = epsilon(play.episodes, play.steps + t, numbers, h)
        following, transitions = interact(
            weights, state, t + 1, random[t], chance[t], share, environment, h
        )
        # A lane that stands still keeps its state: stepping a fallen pole on would end in
        # infinities.
        state = tf.where(alive, following, state)
        count = count + tf.cast(alive, tf.int32)
        alive = alive & ~(transitions.terminated | transitions.truncated)
        return t + 1, alive, count, state, replay_buffer.record(memory, t, transitions)

    start = (
        tf.constant(0),
        active,
        tf.zeros([lanes], tf.int32),
        environment.reset(streams.fold(keys, 0)),
        memory,
    )
    *_, count, _, memory = tf.while_loop(lambda t, alive, *_: tf.reduce_any(alive), tick, start)
    rows = replay_buffer.rows(memory)
    played = tf.range(h.maximum_steps)[:, None] < count
    rewards = tf.cast(tf.where(played, rows[:, -3], 0.0), programs.precision(environment))
    total = tf.cast(tf.reduce_sum(rewards, 0), tf.float32)
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
    random = streams.uniform(streams.fold(keys, 1), (h.train_every, 2))
    chance = streams.uniform(streams.fold(keys, 2), (h.train_every, environment.draws))
    memory = replay_buffer.recorder(h.train_every, lanes, environment.observation_size)

    def tick(t, play, finished, memory):
        share = epsilon(play.episodes, play.steps, numbers, h)
        following, transitions = interact(
            weights, play.state, play.step + 1, random[t], chance[t], share, environment, h
        )
        ended = active & (transitions.terminated | transitions.truncated)
        total = play.reward + tf.cast(transitions.reward, play.reward.dtype)
        stands = tf.where(active, following, play.state)

        def fresh():
            return streams.fold(streams.fold(keys, 0), t)

        play = Play(
            state=programs.renewed(environment, stands, ended, fresh),
            step=tf.where(ended, 0, play.step + 1),
            reward=tf.where(ended, tf.constant(0, total.dtype), total),
            episodes=play.episodes + tf.cast(ended, tf.int32), steps=play.steps + tf.cast(active,
            tf.int32),
        )  # fmt: skip
        finished = tf.where(ended, tf.cast(total, tf.float32), finished)
        return t + 1, play, finished, replay_buffer.record(memory, t, transitions)

    start = (tf.constant(0), play, tf.fill([lanes], float("nan")), memory)
    _, play, finished, memory = tf.while_loop(lambda t, *_: t < h.train_every, tick, start)
    return replay_buffer.rows(memory), tf.where(active, h.train_every, 0), play, finished
