"""Updates a second of tabular Q-learning on one core, against the chapter's loop in plain Python.

python -m benchmarks.q_learning
"""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.spread import Spread, listing, spread
from reprise.algorithms.q_learning import RANDOM, Hyperparameters, q_learning
from reprise.mdp.loaders import from_yaml
from reprise.mdp.model import MDP

RUNS, ITERATIONS, REPEATS = 1000, 10_000, 7
PLAIN_ITERATIONS = 10_000


def seconds(function: Callable[[], object]) -> float:
    """Return the processor seconds that the function takes, however busy the other cores are."""
    start = time.process_time()
    function()
    return time.process_time() - start


def plain(model: MDP, generator: np.random.Generator) -> np.ndarray:
    """Learn as the chapter does, with a choice() for the action and one for the transition."""
    probabilities = np.zeros((3, 3, 3))
    rewards = np.zeros((3, 3, 3))
    for row in range(9):
        for n in range(int(model.row_starts[row]), int(model.row_starts[row + 1])):
            cell = row // 3, row % 3, model.successors[n]
            probabilities[cell], rewards[cell] = model.probabilities[n], model.rewards[n]
    possible = [np.flatnonzero(actions) for actions in model.possible]
    q = np.where(model.possible, 0.0, -np.inf)
    history = np.empty((PLAIN_ITERATIONS, 3, 3))
    state = 0
    for iteration in range(PLAIN_ITERATIONS):
        history[iteration] = q
        action = generator.choice(possible[state])
        successor = generator.choice([0, 1, 2], p=probabilities[state, action])
        reward = rewards[state, action, successor]
        alpha = 0.05 / (1 + iteration * 0.005)
        q[state, action] *= 1 - alpha
        q[state, action] += alpha * (reward + 0.9 * np.max(q[successor]))
        state = successor
    return history


def measure() -> dict[str, Spread]:
    """Return updates a second, with all that a run does, and the ratio to plain Python."""
    model = from_yaml("data/inputs/three_state.yaml")
    hyperparameters = Hyperparameters(
        learning_rate=0.05,
        learning_rate_decay=0.005,
        discount=0.9,
        iterations=ITERATIONS,
        record_every=1,
    )

    def compiled() -> None:
        generators = [np.random.default_rng([run, 0]) for run in range(RUNS)]
        q_learning(model, hyperparameters, RANDOM, generators, "s0", ("s0", "a0"))

    generator = np.random.default_rng(0)
    compiled()  # compiles
    rates, ratios = [], []
    for _ in range(REPEATS):
        rate = RUNS * ITERATIONS / seconds(compiled)
        rates.append(rate)
        ratios.append(rate / (PLAIN_ITERATIONS / seconds(lambda: plain(model, generator))))
    return {
        "updates_per_second": spread(rates),
        "times_plain_python": spread(ratios),
    }


def main() -> None:
    """Print the measurements."""
    print(listing(measure()))


if __name__ == "__main__":
    main()
