"""Gymnasium's environments behind the protocol against Gymnasium's own vector of as many.

    python -m benchmarks.adapter

Both play random actions in the same number of environments, begin anew what has ended, and take
turns. Beside it, how fast REINFORCE trains there, with its network and its gradients.
"""

import time
import warnings

import gymnasium
import numpy as np

from benchmarks.spread import Spread, listing, spread

ENVIRONMENTS = ("CartPole-v1", "Acrobot-v1", "MountainCar-v0", "LunarLander-v3", "FrozenLake-v1")
EPISODES, LANES = 16, 4  # environments, together 64
STEPS, REPEATS = 300, 5


def vector(environment_id: str) -> float:
    """Return the steps a second of `gymnasium.make_vec`."""
    environments = gymnasium.make_vec(environment_id, EPISODES * LANES, vectorization_mode="sync")
    environments.action_space.seed(0)
    actions = [environments.action_space.sample() for _ in range(STEPS)]
    environments.reset(seed=0)
    start = time.perf_counter()
    for action in actions:
        environments.step(action)
    seconds = time.perf_counter() - start
    environments.close()
    return STEPS * EPISODES * LANES / seconds


class Ours:
    """An adapted environment and its programs, each traced and compiled once."""

    def __init__(self, environment_id: str) -> None:
        """Trace the random play."""
        from reprise import lane_random, seeds
        from reprise.determinism import tf
        from reprise.environments.gymnasium_adapter import GymnasiumAdapter
        from reprise.environments.programs import renewed
        from reprise.environments.specification import plain

        self.environment = environment = GymnasiumAdapter(plain(environment_id))
        self.keys = seeds.lane_keys(42, "training", range(EPISODES * LANES))

        def play(keys: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            random = lane_random.uniform(keys, (STEPS,))

            def tick(t, state, total):
                action = tf.cast(random[t] * environment.actions, tf.int32)
                state, reward, terminated = environment.step(state, action, random[t])
                ended = terminated | environment.truncated(state)
                state = renewed(environment, state, ended, lambda: lane_random.fold(keys, t))
                return t + 1, state, total + reward

            start = (tf.constant(0), environment.reset(keys), tf.zeros([EPISODES * LANES]))
            return tf.while_loop(lambda t, *_: t < STEPS, tick, start)[1:]

        self._play = tf.function(play, autograph=False)
        self._words = tf.constant(self.keys.T)
        self._play(self._words)

    def random(self) -> float:
        """Return the steps a second of random play, resets and making the environments left out."""
        start = time.perf_counter()
        self._play(self._words)
        return STEPS * EPISODES * LANES / (time.perf_counter() - start)

    def training(self) -> float:
        """Return the steps a second of a training by REINFORCE."""
        from reprise.algorithms import reinforce

        h = reinforce.Hyperparameters(
            hidden_sizes=(32, 32), activation="relu", iterations=5,
            episodes_per_iteration=EPISODES, maximum_steps=STEPS, behaviour="sampled",
            credit="advantage", discount=0.99, optimiser="nadam", learning_rate=0.005,
        )  # fmt: skip
        start = time.perf_counter()
        trained = reinforce.train(h, self.environment, self.keys[:LANES])
        return float(np.sum(trained.steps)) / (time.perf_counter() - start)


def measure() -> dict[str, Spread]:
    """Return all measurements."""
    warnings.simplefilter("ignore")  # of make_vec, about environments that a newer one replaces
    results: dict[str, Spread] = {}
    ratios: dict[str, list[float]] = {}
    for environment_id in ENVIRONMENTS:
        ours = Ours(environment_id)
        pairs = [(ours.random(), vector(environment_id)) for _ in range(REPEATS)]
        ratios[environment_id] = [mine / theirs for mine, theirs in pairs]
        ours.training()  # compiles
        name = environment_id.partition("-")[0].lower()
        results |= {
            f"{name}_ratio": spread(ratios[environment_id]),
            f"{name}_steps_per_second": spread([mine for mine, _ in pairs]),
            f"{name}_make_vec_steps_per_second": spread([theirs for _, theirs in pairs]),
            f"{name}_training_steps_per_second": spread([ours.training() for _ in range(REPEATS)]),
        }
        print(f"  {environment_id}: {results[f'{name}_ratio']} of make_vec", flush=True)
    lowest = [min(each) for each in zip(*ratios.values(), strict=True)]
    return {"lowest_ratio": spread(lowest), **results}


if __name__ == "__main__":
    print(listing(measure()))
