"""Times our compiled training, with the hyperparameters of params.yaml.

The first call compiles, and is timed separately. Whole trainings follow until the time is over.
"""

import importlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np

SECONDS = 2.0
STAGES = {
    "reinforce": "reinforce_training",
    "dqn": "dqn_training",
    "actor_critic": "actor_critic",
    "ppo": "actor_critic",  # a variant of it
}
_together: list[Callable[[], object]] = []  # in a worker: waits for the other workers


class Run(NamedTuple):
    """Times of one process."""

    first_call: float  # seconds, with compilation
    seconds: list[float]  # of each later call
    rates: list[float]  # environment steps per second, of each later call

    @property
    def rate(self) -> float:
        """Environment steps per second over all later calls."""
        steps = [rate * each for rate, each in zip(self.rates, self.seconds, strict=True)]
        return sum(steps) / sum(self.seconds)


def train(
    algorithm: str,
    seeds: int,
    seconds: float,
    changes: Mapping[str, Any] = {},
    together: bool = False,
) -> Run:
    """Train one pack in this process repeatedly.

    Args:
        algorithm: a key of STAGES.
        seeds: number of seeds in the pack.
        seconds: no call starts later than this; 0 times one call.
        changes: hyperparameters to change.
        together: whether to wait, after compiling, until all workers of the pool have compiled.
    """
    from reprise.environments.cartpole import CartPole
    from reprise.nn.determinism import tf
    from reprise.pipeline import parameters
    from reprise.seeds import training_keys

    name = STAGES[algorithm]
    params = parameters.load(name, importlib.import_module(f"stages.{name}").Params)
    variant = params.variants["ppo"] if algorithm == "ppo" else {}
    params = params.model_copy(update={**variant, **changes})
    agent = importlib.import_module(f"reprise.agents.{name.removesuffix('_training')}")
    keys = training_keys(params.seed, "training", range(seeds))
    tf.constant(0)  # loads TensorFlow, which is not timed

    def call() -> tuple[float, float]:
        begun = time.perf_counter()
        steps = float(np.sum(agent.train(params, CartPole(), keys).steps[-1]))
        return time.perf_counter() - begun, steps

    first_call, _ = call()
    if together:
        _together[0]()
    start, calls = time.perf_counter(), []
    while not calls or time.perf_counter() - start < seconds:
        calls.append(call())
    return Run(first_call, [took for took, _ in calls], [steps / took for took, steps in calls])


def pool(workers: int = 1) -> ProcessPoolExecutor:
    """Start worker processes, each of which compiles a program once."""
    context = get_context("spawn")
    barrier = context.Barrier(workers, timeout=600)  # in case a worker fails
    return ProcessPoolExecutor(workers, context, _meet, (barrier,))


def _meet(barrier: Any) -> None:
    """Keep the barrier of a worker: pickling `_together.append` would copy the list."""
    _together.append(barrier.wait)
