# A yardstick: the trainings of reprise/agents must reach this program's speed; nothing else uses it.
"""Feasibility spike and yardstick: the chapter's DQN, many seeds in one XLA program.

Run: python dqn_seeds.py SEEDS [elu|relu]      prints one line: speed, result, hash of the curves.

The chapter's loop: 600 episodes of at most 200 steps, epsilon from 1 to 0.01 over 500 episodes, a replay
buffer of 2,000, one gradient step (batch 32) per episode once 50 episodes have been played. Seeds play the same
episode number in lockstep; a seed idles after its episode until the longest one ends.
"""
import hashlib
import os
import sys
import time

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_max_isa=AVX2")

import tensorflow as tf

L = int(sys.argv[1])
activate = getattr(tf.nn, sys.argv[2] if len(sys.argv) > 2 else "elu")
EPISODES, T, DISCOUNT, RATE, CAPACITY, BATCH, HIDDEN = 600, 200, 0.95, 1e-2, 2000, 32, 32


def per_seed(draw, seeds, dtype=tf.float32):
    return tf.map_fn(draw, seeds, fn_output_signature=dtype)


def fold(seeds, data):
    return tf.map_fn(lambda s: tf.random.experimental.stateless_fold_in(s, data), seeds)


def cartpole_step(state, action):
    x, v, a, w = tf.unstack(state, axis=-1)
    force = tf.where(action == 1, 10.0, -10.0)
    sin, cos = tf.sin(a), tf.cos(a)
    temp = (force + 0.05 * w * w * sin) / 1.1
    alpha = (9.8 * sin - cos * temp) / (0.5 * (4 / 3 - 0.1 * cos * cos / 1.1))
    acc = temp - 0.05 * alpha * cos / 1.1
    state = tf.stack([x + 0.02 * v, v + 0.02 * acc, a + 0.02 * w, w + 0.02 * alpha], -1)
    return state, (tf.abs(state[..., 0]) > 2.4) | (tf.abs(state[..., 2]) > 0.20943951)


def q_values(weights, observations):
    """Q-values [L, B, 2] of observations [L, B, 4]; multiply and sum, not dot products."""
    x = observations
    for layer in range(3):
        kernel, bias = weights[2 * layer], weights[2 * layer + 1]
        x = tf.reduce_sum(x[..., None] * kernel[:, None], -2) + bias[:, None]
        x = activate(x) if layer < 2 else x
    return x


def initial_weights(seeds):
    weights = []
    for layer, (fan_in, fan_out) in enumerate([(4, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 2)]):
        limit = (6 / (fan_in + fan_out)) ** 0.5
        draw = lambda s: tf.random.stateless_uniform([fan_in, fan_out], s, -limit, limit)
        weights += [per_seed(draw, fold(seeds, layer)), tf.zeros([L, fan_out])]
    return weights


def play(episode, weights, buffer, written, seeds):
    epsilon = tf.maximum(1 - tf.cast(episode, tf.float32) / 500, 0.01)
    state = per_seed(lambda s: tf.random.stateless_uniform([4], s, -0.05, 0.05), fold(seeds, 0))
    uniform = tf.transpose(per_seed(lambda s: tf.random.stateless_uniform([T, 2], s), fold(seeds, 1)), [1, 2, 0])

    def body(t, state, alive, buffer, written):
        greedy = tf.argmax(q_values(weights, state[:, None])[:, 0], -1, output_type=tf.int32)
        action = tf.where(uniform[t, 0] < epsilon, tf.cast(uniform[t, 1] * 2, tf.int32), greedy)
        following, done = cartpole_step(state, action)
        row = tf.concat([state, following, tf.stack([tf.cast(action, tf.float32), tf.cast(done, tf.float32)], -1)], -1)
        slot = tf.where(alive, written % CAPACITY, CAPACITY)  # row CAPACITY collects what idle seeds write
        buffer = tf.tensor_scatter_nd_update(buffer, tf.stack([slot, tf.range(L)], -1), row)
        return t + 1, following, alive & ~done, buffer, written + tf.cast(alive, tf.int32)

    *_, buffer, after = tf.while_loop(lambda t, s, alive, *_: (t < T) & tf.reduce_any(alive), body,
                                      (0, state, tf.ones([L], tf.bool), buffer, written))
    return buffer, after, after - written


def learn(step, weights, m, v, schedule, buffer, written, seeds):
    """One Nadam step (Keras' formula) on a batch drawn from each seed's own buffer."""
    filled = tf.cast(tf.minimum(written, CAPACITY), tf.float32)
    index = tf.cast(per_seed(lambda s: tf.random.stateless_uniform([BATCH], s), seeds) * filled[:, None], tf.int32)
    batch = tf.gather_nd(buffer, tf.stack([index, tf.broadcast_to(tf.range(L)[:, None], [L, BATCH])], -1))
    state, following, action, done = batch[..., :4], batch[..., 4:8], tf.cast(batch[..., 8], tf.int32), batch[..., 9]
    target = 1 + DISCOUNT * (1 - done) * tf.reduce_max(q_values(weights, following), -1)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        chosen = tf.reduce_sum(q_values(weights, state) * tf.one_hot(action, 2), -1)
        loss = tf.reduce_sum(tf.reduce_mean((target - chosen) ** 2, -1))
    gradients = tape.gradient(loss, weights)
    t = tf.cast(step + 1, tf.float32)
    now, then = 0.9 * (1 - 0.5 * tf.pow(0.96, t)), 0.9 * (1 - 0.5 * tf.pow(0.96, t + 1))
    schedule *= now
    m = [0.9 * a + 0.1 * g for a, g in zip(m, gradients)]
    v = [0.999 * a + 0.001 * g * g for a, g in zip(v, gradients)]
    ahead = [then * a / (1 - schedule * then) + (1 - now) * g / (1 - schedule) for a, g in zip(m, gradients)]
    weights = [w - RATE * a / (tf.sqrt(b / (1 - tf.pow(0.999, t))) + 1e-7) for w, a, b in zip(weights, ahead, v)]
    return weights, m, v, schedule


@tf.function(jit_compile=True)
def train(seeds):
    weights = initial_weights(fold(seeds, 1))
    zeros = [tf.zeros_like(w) for w in weights]
    curve = tf.TensorArray(tf.int32, EPISODES, element_shape=[L])
    buffer, written = tf.zeros([CAPACITY + 1, L, 10]), tf.zeros([L], tf.int32)

    def body(episode, weights, m, v, schedule, buffer, written, curve):
        here = fold(fold(seeds, 2), episode)
        buffer, written, steps = play(episode, weights, buffer, written, fold(here, 0))
        weights, m, v, schedule = tf.cond(
            episode > 50, lambda: learn(episode - 51, weights, m, v, schedule, buffer, written, fold(here, 1)),
            lambda: (weights, m, v, schedule))
        return episode + 1, weights, m, v, schedule, buffer, written, curve.write(episode, steps)

    out = tf.while_loop(lambda episode, *_: episode < EPISODES, body,
                        (0, weights, zeros, zeros, tf.constant(1.0), buffer, written, curve))
    return out[-1].stack()


seeds = tf.stack([tf.random.experimental.stateless_fold_in(tf.constant([42, 0]), i) for i in range(L)])
start = time.perf_counter()
train(seeds)
first = time.perf_counter() - start
start = time.perf_counter()
curve = train(seeds).numpy()
run = time.perf_counter() - start
print(f"seeds {L}: first call {first:.1f} s, run {run:.2f} s, {curve.sum() / run / 1e6:.2f} M env steps/s, last-50 mean "
      f"{curve[-50:].mean():.1f}, reached 200 in {(curve >= 200).any(0).mean():.0%} of seeds, "
      f"all {hashlib.sha256(curve.tobytes()).hexdigest()[:12]}")
