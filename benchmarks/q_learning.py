"""Speed of tabular Q-learning on one core, compared with the chapter's loop in Python.

    python -m benchmarks.run q_learning

Each exploration policy is also measured on the taxi, the largest of the problems.
"""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.spread import Spread, spread
from reprise.tabular.exploration import RANDOM, Behaviour, epsilon_greedy, with_bonus
from reprise.tabular.loaders import from_yaml
from reprise.tabular.mdp import MDP
from reprise.tabular.problems import Problem, from_state, toy_text
from reprise.tabular.q_learning import Hyperparameters, Learner, Learning, episodes, q_learning

RUNS, ITERATIONS, REPEATS = 1000, 10_000, 7
EXPLORING_ITERATIONS = 200_000
PLAIN_ITERATIONS = 10_000
BEHAVIOURS = {
    "random": RANDOM,
    "epsilon_greedy": epsilon_greedy(1.0, 0.05, EXPLORING_ITERATIONS / 2),
    "curious": with_bonus(1.0),
}


def seconds(function: Callable[[], object]) -> float:
    """Time a function in processor seconds, which other processes do not affect."""
    start = time.process_time()
    function()
    return time.process_time() - start


def plain(model: MDP, generator: np.random.Generator) -> np.ndarray:
    """Learn as the chapter does, with choice() for actions and transitions."""
    probabilities, rewards = np.zeros((2, 3, 3, 3))
    cells = *np.divmod(model.rows, 3), model.transitions.indices
    probabilities[cells], rewards[cells] = model.transitions.data, model.rewards
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
    """Measure updates per second, and the ratio to plain Python."""
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
        q_learning(model, hyperparameters, generators, "s0", ("s0", "a0"))

    generator = np.random.default_rng(0)
    compiled()  # compiles
    rates, ratios = [], []
    for _ in range(REPEATS):
        rate = RUNS * ITERATIONS / seconds(compiled)
        rates.append(rate)
        ratios.append(rate / (PLAIN_ITERATIONS / seconds(lambda: plain(model, generator))))
    exploring = {
        f"{name}_updates_per_second_{where}": spread(exploring_rates(problem, behaviour))
        for where, problem in (
            ("three_state", from_state("three_state", model, 0.9, "s0")),
            ("taxi", toy_text("Taxi-v4", 0.99)),
        )
        for name, behaviour in BEHAVIOURS.items()
    }
    slowest = min(exploring.values(), key=lambda measured: measured.median)
    return {
        "updates_per_second": spread(rates),
        "times_plain_python": spread(ratios),
        "slowest_behaviour_updates_per_second": slowest,
        **exploring,
    }


def exploring_rates(problem: Problem, behaviour: Behaviour) -> list[float]:
    """Measure the updates per second of each repeat."""
    hyperparameters = Learning(
        learning_rate=0.5,
        learning_rate_decay=1e-4,
        discount=problem.discount,
        iterations=EXPLORING_ITERATIONS,
    )
    model = episodes(problem.mdp, problem.start, problem.discount)

    def compiled() -> None:
        for run in range(10):
            generator = np.random.default_rng([run, 1])
            learner = Learner(problem.mdp, model, hyperparameters, behaviour, generator)
            learner.learn(EXPLORING_ITERATIONS)

    compiled()  # compiles
    return [10 * EXPLORING_ITERATIONS / seconds(compiled) for _ in range(REPEATS)]
