"""The chapter's REINFORCE and DQN in JAX: many seeds by `vmap`, CartPole by gymnax.

    .venv-benchmarks/bin/python benchmarks/yardsticks/jax_seeds.py reinforce|dqn|dqn_scanned SEEDS

It runs in an environment of its own. Networks, updates, schedules and numbers of episodes are
those of Reprise's trainings; the code is what a user of JAX writes today: `lax.scan` over
iterations, `lax.while_loop` or `lax.scan` over the steps of an episode, optax's Nadam, dot products
as XLA likes them. It compiles, then trains. It prints the steps played and the seconds taken, the
seconds of compilation, and the mean return at the end of training.
"""

import json
import os
import sys
import time
from functools import partial

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import gymnax
import jax
import jax.numpy as jnp
import numpy as np
import optax

MAXIMUM_STEPS, DISCOUNT, LEARNING_RATE = 200, 0.95, 0.01
ITERATIONS, EPISODES_PER_ITERATION = 150, 10
EPISODES, BATCH, CAPACITY, EXPLORING, LOWEST, FIRST_LEARNING = 600, 32, 2000, 500, 0.01, 50

environment, physics = gymnax.make("CartPole-v1")
optimiser = optax.nadam(LEARNING_RATE)


def initial(key, sizes):
    """Return the layers of a network, Glorot uniform."""
    keys = jax.random.split(key, len(sizes) - 1)
    draw = jax.nn.initializers.glorot_uniform()
    shapes = zip(keys, sizes[:-1], sizes[1:])
    return [(draw(each, (i, o)), jnp.zeros(o)) for each, i, o in shapes]


def network(layers, x, activation):
    for kernel, bias in layers[:-1]:
        x = activation(x @ kernel + bias)
    kernel, bias = layers[-1]
    return x @ kernel + bias


# REINFORCE


def play_scanned(layers, key):
    """Play an episode; return observations, actions and whether each step was played."""
    start, acting = jax.random.split(key)
    observation, state = environment.reset_env(start, physics)

    def tick(carry, random):
        observation, state, alive = carry
        left = jax.nn.sigmoid(network(layers, observation, jax.nn.relu)[0])
        action = (random > left).astype(jnp.int32)
        following, state, _, done, _ = environment.step_env(key, state, action, physics)
        return (following, state, alive & ~done), (observation, action, alive)

    uniform = jax.random.uniform(acting, (MAXIMUM_STEPS,))
    return jax.lax.scan(tick, (observation, state, jnp.array(True)), uniform)[1]


def reinforce(key):
    """Train a policy; return the mean return of each iteration."""
    begin, key = jax.random.split(key)
    layers = initial(begin, (4, 5, 1))

    def iteration(carry, key):
        layers, moments = carry
        keys = jax.random.split(key, EPISODES_PER_ITERATION)
        observations, actions, played = jax.vmap(play_scanned, (None, 0))(layers, keys)
        mask = played.astype(jnp.float32)  # [E, T]

        def earlier(later, reward):
            return reward + DISCOUNT * later, reward + DISCOUNT * later

        none = jnp.zeros(EPISODES_PER_ITERATION)
        returns = jax.lax.scan(earlier, none, mask.T, reverse=True)[1].T * mask
        steps = mask.sum()
        mean = returns.sum() / steps
        deviation = jnp.sqrt((mask * (returns - mean) ** 2).sum() / steps)
        credit = mask * (returns - mean) / (deviation + 1e-8)

        def loss(layers):
            logits = network(layers, observations, jax.nn.relu)[..., 0]
            surprise = optax.sigmoid_binary_cross_entropy(logits, 1 - actions)
            return (credit * surprise).sum() / steps

        updates, moments = optimiser.update(jax.grad(loss)(layers), moments)
        return (optax.apply_updates(layers, updates), moments), steps / EPISODES_PER_ITERATION

    keys = jax.random.split(key, ITERATIONS)
    return jax.lax.scan(iteration, (layers, optimiser.init(layers)), keys)[1]


# Deep Q-learning


def dqn(key, scanned=False):
    """Train a Q-network; return the return of each episode.

    An episode is a loop that ends with it and writes into the replay buffer, as the chapter has it.
    For many seeds by `vmap`, such a loop copies every buffer in each step. `scanned`, an episode is
    always MAXIMUM_STEPS steps, and the buffer is written after it.
    """
    begin, key = jax.random.split(key)
    layers = initial(begin, (4, 32, 32, 2))
    memory = (
        jnp.zeros((CAPACITY, 4)), jnp.zeros(CAPACITY, jnp.int32),
        jnp.zeros((CAPACITY, 4)), jnp.zeros(CAPACITY),
    )  # fmt: skip

    def q_values(layers, observation):
        return network(layers, observation, jax.nn.elu)

    def episode(carry, numbered):
        layers, moments, memory, written = carry
        number, key = numbered
        start, acting, learning = jax.random.split(key, 3)
        epsilon = jnp.maximum(1 - number / EXPLORING, LOWEST)
        uniform = jax.random.uniform(acting, (MAXIMUM_STEPS, 2))
        observation, state = environment.reset_env(start, physics)

        def move(t, observation, state):
            anything = (uniform[t, 1] * 2).astype(jnp.int32)
            greedy = jnp.argmax(q_values(layers, observation))
            action = jnp.where(uniform[t, 0] < epsilon, anything, greedy)
            following, state, _, done, _ = environment.step_env(key, state, action, physics)
            ended = done | (t + 1 >= MAXIMUM_STEPS)
            return following, state, ended, (observation, action, following, ended)

        def ticked(carry, t):
            observation, state, alive = carry
            following, state, ended, row = move(t, observation, state)
            return (following, state, alive & ~ended), (row, alive)

        def looped(carry):
            t, observation, state, _, memory = carry
            following, state, ended, row = move(t, observation, state)
            place = (written + t) % CAPACITY
            memory = tuple(old.at[place].set(new) for old, new in zip(memory, row))
            return t + 1, following, state, ended, memory

        if scanned:
            ticks, first = jnp.arange(MAXIMUM_STEPS), (observation, state, jnp.array(True))
            _, (rows, played) = jax.lax.scan(ticked, first, ticks)
            steps = played.sum()
            place = jnp.where(played, (written + ticks) % CAPACITY, CAPACITY)
            memory = tuple(old.at[place].set(new, mode="drop") for old, new in zip(memory, rows))
        else:
            first = (0, observation, state, jnp.array(False), memory)
            steps, *_, memory = jax.lax.while_loop(lambda carry: ~carry[3], looped, first)
        written = written + steps

        def loss(layers, target, observations, actions):
            q = q_values(layers, observations)
            return jnp.mean((target - jnp.take_along_axis(q, actions[:, None], 1)[:, 0]) ** 2)

        def learn(layers, moments):
            filled = jnp.minimum(written, CAPACITY)
            chosen = (jax.random.uniform(learning, (BATCH,)) * filled).astype(jnp.int32)
            observations, actions, following, ended = (part[chosen] for part in memory)
            best = q_values(layers, following).max(1)
            target = jax.lax.stop_gradient(1 + DISCOUNT * (1 - ended) * best)
            slopes = jax.grad(loss)(layers, target, observations, actions)
            updates, moments = optimiser.update(slopes, moments)
            return optax.apply_updates(layers, updates), moments

        layers, moments = jax.lax.cond(
            number > FIRST_LEARNING, learn, lambda *same: same, layers, moments
        )
        return (layers, moments, memory, written), steps.astype(jnp.float32)

    numbered = jnp.arange(EPISODES), jax.random.split(key, EPISODES)
    return jax.lax.scan(episode, (layers, optimiser.init(layers), memory, 0), numbered)[1]


def report(algorithm, seeds, steps):
    """Compile, train, and print what jax_seeds.py promises."""
    keys = jax.random.split(jax.random.key(42), seeds)
    start = time.perf_counter()
    train = jax.jit(jax.vmap(algorithm)).lower(keys).compile()
    compiled = time.perf_counter()
    curves = np.asarray(train(keys))
    ended = time.perf_counter()
    print(json.dumps({
        "steps": float(steps(curves)), "seconds": ended - compiled,
        "compilation": compiled - start, "last_return": float(curves[:, -10:].mean()),
    }))  # fmt: skip


def main():
    algorithms = {"reinforce": reinforce, "dqn": dqn, "dqn_scanned": partial(dqn, scanned=True)}
    algorithm, seeds = algorithms[sys.argv[1]], int(sys.argv[2])
    episodes = EPISODES_PER_ITERATION if algorithm is reinforce else 1
    report(algorithm, seeds, lambda curves: curves.sum() * episodes)


if __name__ == "__main__":
    main()
