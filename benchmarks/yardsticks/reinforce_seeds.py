# A yardstick: the trainings of reprise/agents must reach this program's speed; nothing else uses it.
"""Feasibility spike and yardstick: the chapter's REINFORCE, many seeds in one XLA program.

Run: python reinforce_seeds.py SEEDS        prints one line: speed, result, hash of the curves.

What it shows, and what the product must keep:
  - the whole training (environment, policy, returns, gradients, Nadam) is ONE tf.function(jit_compile=True);
  - L seeds are L seeds of stacked Keras weights; seed i gives the same bits whatever L is;
  - no dot products and no x / sqrt(y): the bits of those two operations differ between CPUs.
"""
import hashlib
import os
import sys
import time

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_max_isa=AVX2")

import keras
import tensorflow as tf

L = int(sys.argv[1])
E, T, ITERATIONS, DISCOUNT, LEARNING_RATE = 10, 200, 150, 0.95, 0.01
split = tf.random.experimental.stateless_split


def per_seed(draw, seeds):
    """Draws for each seed from its own seed, so that a seed never depends on its neighbours: [L, ...]."""
    return tf.map_fn(draw, seeds, fn_output_signature=tf.float32)


class SeedDense(keras.layers.Layer):
    """A Dense layer per seed: inputs [B, L, i] -> [B, L, units]; multiply and sum, not a dot product."""

    def __init__(self, units, activation, seeds):
        super().__init__()
        self.units, self.activation, self.seeds = units, keras.activations.get(activation), seeds

    def build(self, shape):
        limit = (6 / (shape[-1] + self.units)) ** 0.5
        draw = lambda s: tf.random.stateless_uniform([shape[-1], self.units], s, -limit, limit)
        self.kernel = self.add_weight(
            shape=(L, shape[-1], self.units), initializer=lambda *_, **__: per_seed(draw, self.seeds))
        self.bias = self.add_weight(shape=(L, self.units), initializer="zeros")

    def call(self, x):
        return self.activation(tf.reduce_sum(x[..., None] * self.kernel, -2) + self.bias)


def cartpole_step(state, action):
    x, v, a, w = tf.unstack(state, axis=-1)
    force = tf.where(action == 1, 10.0, -10.0)
    sin, cos = tf.sin(a), tf.cos(a)
    temp = (force + 0.05 * w * w * sin) / 1.1
    alpha = (9.8 * sin - cos * temp) / (0.5 * (4 / 3 - 0.1 * cos * cos / 1.1))
    acc = temp - 0.05 * alpha * cos / 1.1
    state = tf.stack([x + 0.02 * v, v + 0.02 * acc, a + 0.02 * w, w + 0.02 * alpha], -1)
    return state, (tf.abs(state[..., 0]) > 2.4) | (tf.abs(state[..., 2]) > 0.20943951)


def fold(seeds, data):
    return tf.map_fn(lambda s: tf.random.experimental.stateless_fold_in(s, data), seeds)


keys = tf.stack([tf.random.experimental.stateless_fold_in(tf.constant([42, 0]), i) for i in range(L)])
model = keras.Sequential([keras.Input((L, 4)), SeedDense(5, "relu", fold(keys, 1)),
                          SeedDense(1, None, fold(keys, 2))])
optimizer = keras.optimizers.Nadam(LEARNING_RATE)
optimizer.build(model.trainable_variables)


def rollout(seeds):
    draw = lambda s: tf.random.stateless_uniform([E, 4], s, -0.05, 0.05)
    state = tf.transpose(per_seed(draw, fold(seeds, 0)), [1, 0, 2])
    uniform = tf.transpose(per_seed(lambda s: tf.random.stateless_uniform([T, E], s), fold(seeds, 1)), [1, 2, 0])
    arrays = [tf.TensorArray(tf.float32, T, element_shape=shape) for shape in ([E, L, 4], [E, L], [E, L])]

    def body(t, state, alive, observations, actions, mask):
        left = tf.sigmoid(model(state)[..., 0])
        action = tf.cast(uniform[t] > left, tf.int32)
        following, done = cartpole_step(state, action)
        return (t + 1, following, alive & ~done, observations.write(t, state),
                actions.write(t, tf.cast(action, tf.float32)), mask.write(t, tf.cast(alive, tf.float32)))

    *_, observations, actions, mask = tf.while_loop(
        lambda t, s, alive, *_: (t < T) & tf.reduce_any(alive), body, (0, state, tf.ones([E, L], tf.bool), *arrays))
    return observations.stack(), actions.stack(), mask.stack()


@tf.function(jit_compile=True)
def train(seeds):
    curve = tf.TensorArray(tf.float32, ITERATIONS, element_shape=[L])
    for iteration in tf.range(ITERATIONS):
        observations, actions, mask = rollout(fold(seeds, iteration))
        returns = tf.scan(lambda acc, r: r + DISCOUNT * acc, mask, reverse=True, initializer=tf.zeros([E, L])) * mask
        steps = tf.reduce_sum(mask, [0, 1])
        mean = tf.reduce_sum(returns, [0, 1]) / steps
        std = tf.sqrt(tf.reduce_sum(mask * (returns - mean) ** 2, [0, 1]) / steps)
        weight = mask * (returns - mean) / (std + 1e-8) / steps
        with tf.GradientTape() as tape:
            logits = tf.reshape(model(tf.reshape(observations, [T * E, L, 4])), [T, E, L])
            loss = tf.reduce_sum(weight * tf.nn.sigmoid_cross_entropy_with_logits(1 - actions, logits))
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        curve = curve.write(iteration, steps / E)
    return curve.stack()


start = time.perf_counter()
weights = [v.numpy() for v in model.trainable_variables + optimizer.variables]
train(fold(keys, 3))
first = time.perf_counter() - start
for v, w in zip(model.trainable_variables + optimizer.variables, weights):
    v.assign(w)
start = time.perf_counter()
curve = train(fold(keys, 3)).numpy()
run = time.perf_counter() - start
steps = curve.sum() * E
digest = lambda x: hashlib.sha256(x.tobytes()).hexdigest()[:12]
print(f"seeds {L}: first call {first:.1f} s, run {run:.2f} s, {steps / run / 1e6:.2f} M env steps/s, last-10 mean "
      f"{curve[-10:].mean():.1f}, seed 0 {digest(curve[:, 0].copy())}, all {digest(curve)}")
