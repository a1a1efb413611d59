"""PPO in JAX as PureJaxRL writes it: many seeds by `vmap`, CartPole by gymnax.

    .venv-benchmarks/bin/python benchmarks/yardsticks/jax_ppo.py SEEDS

Networks, rollouts, epochs, minibatches, optimiser and steps are those of the variant `ppo` of
Reprise's actor_critic. The structure is that of PureJaxRL's ppo.py: a scan over updates, in it a
scan over the steps of a rollout, one over epochs and one over minibatches, which each seed draws in
its own order. As there, a time limit ends an episode like a fall. Value losses are not clipped, as in
Reprise.

Source: Lu et al. (2022), Discovered Policy Optimisation; github.com/luchris429/purejaxrl.
"""

import sys

import jax
import jax.numpy as jnp
import optax
from jax_seeds import environment, initial, network, physics, report

HIDDEN = 5
MAXIMUM_STEPS, DISCOUNT, LAMBDA, LEARNING_RATE = 200, 0.95, 0.95, 0.01
TOTAL_STEPS, COPIES, HORIZON, EPOCHS, MINIBATCHES = 140_000, 8, 128, 4, 4
CLIP, VALUE_WEIGHT, ENTROPY_WEIGHT, MAXIMUM_NORM = 0.2, 0.5, 0.01, 0.5
BATCH = COPIES * HORIZON
UPDATES = -(-TOTAL_STEPS // BATCH)

physics = physics.replace(max_steps_in_episode=MAXIMUM_STEPS)
optimiser = optax.chain(optax.clip_by_global_norm(MAXIMUM_NORM), optax.nadam(LEARNING_RATE))
reset = jax.vmap(environment.reset, (0, None))
step = jax.vmap(environment.step, (0, 0, 0, None))


def outputs(both, observation):
    """Return the logits and the value."""
    actor, critic = both
    value = network(critic, observation, jax.nn.relu)[..., 0]
    return network(actor, observation, jax.nn.relu), value


def log_prob(logits, action):
    every = jax.nn.log_softmax(logits)
    return jnp.take_along_axis(every, action[..., None], -1)[..., 0]


def rollout(both, state, observation, key):
    """Play the horizon; return where it ended, and its steps."""

    def tick(carry, key):
        state, observation = carry
        acting, moving = jax.random.split(key)
        logits, value = outputs(both, observation)
        action = jax.random.categorical(acting, logits)
        moves = jax.random.split(moving, COPIES)
        following, state, reward, terminated, truncated, _ = step(moves, state, action, physics)
        row = (observation, action, log_prob(logits, action), value, reward, terminated | truncated)
        return (state, following), row

    return jax.lax.scan(tick, (state, observation), jax.random.split(key, HORIZON))


def advantages(value, reward, done, last_value):
    def earlier(carry, row):
        advantage, next_value = carry
        value, reward, done = row
        delta = reward + DISCOUNT * next_value * (1 - done) - value
        advantage = delta + DISCOUNT * LAMBDA * (1 - done) * advantage
        return (advantage, value), advantage

    start, rows = (jnp.zeros(COPIES), last_value), (value, reward, done)
    return jax.lax.scan(earlier, start, rows, reverse=True, unroll=16)[1]


def loss(both, batch):
    observation, action, old_log_prob, advantage, target = batch
    logits, value = outputs(both, observation)
    ratio = jnp.exp(log_prob(logits, action) - old_log_prob)
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    clipped = jnp.clip(ratio, 1 - CLIP, 1 + CLIP)
    objective = jnp.minimum(ratio * advantage, clipped * advantage).mean()
    every = jax.nn.log_softmax(logits)
    entropy = -(jnp.exp(every) * every).sum(-1).mean()
    error = 0.5 * jnp.square(value - target).mean()
    return -objective + VALUE_WEIGHT * error - ENTROPY_WEIGHT * entropy


def ppo(key):
    """Train actor and critic; return the steps of each update, over its ended episodes."""
    one, two, starting, key = jax.random.split(key, 4)
    both = initial(one, (4, HIDDEN, 2)), initial(two, (4, HIDDEN, 1))
    observation, state = reset(jax.random.split(starting, COPIES), physics)

    def update(carry, key):
        both, moments, state, observation = carry
        playing, key = jax.random.split(key)
        (state, observation), rows = rollout(both, state, observation, playing)
        *seen, value, reward, done = rows
        advantage = advantages(value, reward, done, outputs(both, observation)[1])
        rows = (*seen, advantage, advantage + value)
        rows = jax.tree.map(lambda x: x.reshape(BATCH, *x.shape[2:]), rows)

        def minibatch(carry, batch):
            both, moments = carry
            slopes, moments = optimiser.update(jax.grad(loss)(both, batch), moments)
            return (optax.apply_updates(both, slopes), moments), None

        def epoch(carry, key):
            order = jax.random.permutation(key, BATCH).reshape(MINIBATCHES, -1)
            return jax.lax.scan(minibatch, carry, jax.tree.map(lambda x: x[order], rows))

        (both, moments), _ = jax.lax.scan(epoch, (both, moments), jax.random.split(key, EPOCHS))
        return (both, moments, state, observation), BATCH / jnp.maximum(done.sum(), 1)

    carry = both, optimiser.init(both), state, observation
    return jax.lax.scan(update, carry, jax.random.split(key, UPDATES))[1]


if __name__ == "__main__":
    seeds = int(sys.argv[1])
    report(ppo, seeds, lambda _: seeds * UPDATES * BATCH)
