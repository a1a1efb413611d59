"""The chapter's trainings as it teaches them: plain eager TensorFlow, one episode after another.

    python benchmarks/yardsticks/chapter_loop.py reinforce|dqn SEED ITERATIONS_OR_EPISODES

It trains one seed in Gymnasium's CartPole and calls the network at every step. It prints the steps
played and the seconds taken. TensorFlow has its default settings, not those of Reprise. Networks are
called as functions, which takes a fraction of the time of `predict`.
"""

import json
import sys
import time
from collections import deque

import gymnasium
import numpy as np
import tensorflow as tf

MAXIMUM_STEPS, DISCOUNT, LEARNING_RATE = 200, 0.95, 0.01
EPISODES_PER_ITERATION = 10
BATCH, CAPACITY, EXPLORING, LOWEST, FIRST_LEARNING = 32, 2000, 500, 0.01, 50


def network(hidden, activation, outputs, last):
    layers = [tf.keras.layers.Dense(size, activation=activation) for size in hidden]
    return tf.keras.Sequential([*layers, tf.keras.layers.Dense(outputs, activation=last)])


# REINFORCE


def discounted(rewards, discount):
    """Return the return of each step of an episode."""
    returns = np.array(rewards, dtype=float)
    for step in reversed(range(len(returns) - 1)):
        returns[step] += discount * returns[step + 1]
    return returns


def advantages(episodes, discount):
    """Return the returns of all episodes, less their mean, over their standard deviation."""
    returns = [discounted(rewards, discount) for rewards in episodes]
    every = np.concatenate(returns)
    return [(each - every.mean()) / every.std() for each in returns]


def policy_step(environment, observation, model, random):
    """Draw and play an action; return what follows, and the gradients that make it likelier."""
    with tf.GradientTape() as tape:
        left = model(observation[np.newaxis])
        action = int(random.random() > float(left[0, 0]))
        wanted = tf.constant([[1.0 - action]])
        loss = tf.reduce_mean(tf.keras.losses.binary_crossentropy(wanted, left))
    gradients = tape.gradient(loss, model.trainable_variables)
    observation, reward, terminated, truncated, _ = environment.step(action)
    return observation, reward, terminated or truncated, gradients


def reinforce(environment, seed, iterations):
    """Train a policy; return the steps played."""
    random = np.random.default_rng(seed)
    model = network([5], "relu", 1, "sigmoid")
    optimiser = tf.keras.optimizers.Nadam(LEARNING_RATE)
    observation, _ = environment.reset(seed=seed)
    played = 0
    for _ in range(iterations):
        rewards, gradients = [], []
        for _ in range(EPISODES_PER_ITERATION):
            rewards.append([])
            observation, _ = environment.reset()
            for _ in range(MAXIMUM_STEPS):
                observation, reward, done, slopes = policy_step(
                    environment, observation, model, random
                )
                rewards[-1].append(reward)
                gradients.append(slopes)
                if done:
                    break
        weights = np.concatenate(advantages(rewards, DISCOUNT))
        means = [
            tf.reduce_mean([w * slope for w, slope in zip(weights, slopes)], axis=0)
            for slopes in zip(*gradients)
        ]
        optimiser.apply_gradients(zip(means, model.trainable_variables))
        played += len(weights)
    return played


# Deep Q-learning


def q_step(environment, observation, model, epsilon, memory, random):
    """Play an action, by chance with probability epsilon, and remember what came of it."""
    if random.random() < epsilon:
        action = int(random.integers(2))
    else:
        action = int(np.argmax(model(observation[np.newaxis])[0]))
    following, reward, terminated, truncated, _ = environment.step(action)
    memory.append((observation, action, reward, following, terminated or truncated))
    return following, terminated or truncated


def learn(model, optimiser, memory, random):
    """Take one gradient step on a batch of what is remembered; return its loss."""
    chosen = [memory[place] for place in random.integers(len(memory), size=BATCH)]
    observations, actions, rewards, following, done = map(np.array, zip(*chosen))
    best = np.max(model(following), axis=1)
    targets = (rewards + (1.0 - done) * DISCOUNT * best).astype(np.float32)
    mask = tf.one_hot(actions, 2)
    with tf.GradientTape() as tape:
        q = tf.reduce_sum(model(observations) * mask, axis=1)
        loss = tf.reduce_mean(tf.square(targets - q))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimiser.apply_gradients(zip(gradients, model.trainable_variables))
    return float(loss)


def dqn(environment, seed, episodes):
    """Train a Q-network; return the steps played."""
    random = np.random.default_rng(seed)
    model = network([32, 32], "elu", 2, None)
    optimiser = tf.keras.optimizers.Nadam(LEARNING_RATE)
    memory = deque(maxlen=CAPACITY)
    environment.reset(seed=seed)
    played = 0
    for episode in range(episodes):
        observation, _ = environment.reset()
        epsilon = max(1 - episode / EXPLORING, LOWEST)
        for _ in range(MAXIMUM_STEPS):
            observation, done = q_step(environment, observation, model, epsilon, memory, random)
            played += 1
            if done:
                break
        if episode > FIRST_LEARNING:
            learn(model, optimiser, memory, random)
    return played


def main():
    algorithm, seed, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    environment = gymnasium.make("CartPole-v1", max_episode_steps=MAXIMUM_STEPS)
    train = {"reinforce": reinforce, "dqn": dqn}[algorithm]
    tf.keras.utils.set_random_seed(seed)
    train(environment, seed, {"reinforce": 1, "dqn": FIRST_LEARNING + 2}[algorithm])  # warms up
    start = time.perf_counter()
    steps = train(environment, seed, length)
    print(json.dumps({"steps": steps, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
