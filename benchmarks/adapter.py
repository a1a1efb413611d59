"""Gymnasium's environments behind the protocol against Gymnasium's own vector of as many.

    python -m benchmarks.run adapter

Both play random actions in the same number of environments, begin anew what has ended, and take
turns. Ours does it with a seed for each episode, theirs without.
"""

import time
import warnings
from functools import partial

import gymnasium

from benchmarks.spread import Spread, spread

ENVIRONMENTS = ("CartPole-v1", "Acrobot-v1", "MountainCar-v0", "LunarLander-v3", "FrozenLake-v1")
EPISODES, SEEDS = 10, 32  # of a pack in credit_assignment: together 320 environments
STEPS, REPEATS = 100, 5


def vector(environment_id: str) -> float:
    """Return the steps a second of `gymnasium.make_vec`."""
    environments = gymnasium.make_vec(environment_id, EPISODES * SEEDS, vectorization_mode="sync")
    environments.action_space.seed(0)
    actions = [environments.action_space.sample() for _ in range(STEPS)]
    environments.reset(seed=0)
    start = time.perf_counter()
    for action in actions:
        environments.step(action)
    seconds = time.perf_counter() - start
    environments.close()
    return STEPS * EPISODES * SEEDS / seconds


class Ours:
    """An adapted environment and random play in it, traced once."""

    def __init__(self, environment_id: str) -> None:
        """Trace the random play."""
        from reprise import seeds
        from reprise.environments.gymnasium_env import GymnasiumEnvironment
        from reprise.environments.specification import plain
        from reprise.nn import streams
        from reprise.nn.determinism import tf

        self.environment = environment = GymnasiumEnvironment(plain(environment_id))
        keys = seeds.training_keys(42, "training", range(EPISODES * SEEDS))

        def play(keys: tf.Tensor) -> tf.Tensor:
            random = streams.uniform(keys, (STEPS,))
            actions = tf.cast(random * environment.actions, tf.int32)

            def tick(t, state):
                state, _, terminated = environment.step(state, actions[t], random)
                ended = terminated | environment.truncated(state)
                return t + 1, environment.renew(state, ended, partial(streams.fold_in, keys, t))

            start = (tf.constant(0), environment.reset(keys))
            return tf.while_loop(lambda t, _: t < STEPS, tick, start)[1]

        self._play = tf.function(play, autograph=False)
        self._words = tf.constant(keys.T)
        self._play(self._words)

    def random(self) -> float:
        """Return the steps a second of random play, all resets included, making nothing."""
        start = time.perf_counter()
        self._play(self._words)
        return STEPS * EPISODES * SEEDS / (time.perf_counter() - start)


def measure() -> dict[str, Spread]:
    """Return all measurements."""
    warnings.simplefilter("ignore")  # of make_vec, about environments that a newer one replaces
    results: dict[str, Spread] = {}
    ratios: dict[str, list[float]] = {}
    for environment_id in ENVIRONMENTS:
        ours = Ours(environment_id)
        pairs = [(ours.random(), vector(environment_id)) for _ in range(REPEATS)]
        ratios[environment_id] = [mine / theirs for mine, theirs in pairs]
        name = environment_id.partition("-")[0].lower()
        results |= {
            f"{name}_ratio": spread(ratios[environment_id]),
            f"{name}_steps_per_second": spread([mine for mine, _ in pairs]),
            f"{name}_make_vec_steps_per_second": spread([theirs for _, theirs in pairs]),
        }
        print(f"  {environment_id}: {results[f'{name}_ratio']} of make_vec", flush=True)
    lowest = [min(each) for each in zip(*ratios.values(), strict=True)]
    return {"lowest_ratio": spread(lowest), **results}
