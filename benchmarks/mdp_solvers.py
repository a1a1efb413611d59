"""Modified policy iteration on a million states, compared with QuantEcon's DiscreteDP.

    python -m benchmarks.run mdp_solvers

Both run in one process on the same list of transitions. Building and solving the model are timed
separately. For the peak memory, a separate process makes the transitions, builds our model and
solves it.
"""

import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from quantecon.markov import DiscreteDP
from scipy import sparse

from benchmarks.spread import Spread, spread
from reprise.tabular.dynamic_programming import modified_policy_iteration
from reprise.tabular.mdp import MDP, from_transitions

STATES, ACTIONS, SUCCESSORS = 1_000_000, 4, 5
DISCOUNT, TOLERANCE, EVALUATION_SWEEPS, MOST_SWEEPS = 0.95, 1e-6, 20, 1000
REPEATS = 3

Transitions = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def random_transitions(number_of_states: int, seed: int) -> Transitions:
    """Return a random model's states, actions, successors, probabilities, rewards."""
    generator = np.random.default_rng(seed)
    rows = number_of_states * ACTIONS
    states = np.repeat(np.arange(number_of_states, dtype=np.int32), ACTIONS * SUCCESSORS)
    actions = np.tile(np.repeat(np.arange(ACTIONS, dtype=np.int8), SUCCESSORS), number_of_states)
    successors = generator.integers(number_of_states, size=rows * SUCCESSORS, dtype=np.int32)
    weights = generator.random((rows, SUCCESSORS))
    weights /= weights.sum(axis=1, keepdims=True)
    rewards = generator.random(rows * SUCCESSORS)
    return states, actions, successors, weights.ravel(), rewards


def build_ours(transitions: Transitions) -> MDP:
    """Build our model, which checks and copies the transitions."""
    return from_transitions(*transitions, shape=(int(transitions[0][-1]) + 1, ACTIONS))


def build_theirs(transitions: Transitions) -> DiscreteDP:
    """Build QuantEcon's model in its sparse state-action-pair form."""
    states, actions, successors, probabilities, rewards = transitions
    starts = np.arange(0, len(states) + 1, SUCCESSORS)
    shape = (len(starts) - 1, int(states[-1]) + 1)
    matrix = sparse.csr_matrix((probabilities, successors, starts), shape=shape)
    expected = np.add.reduceat(probabilities * rewards, starts[:-1])
    pairs = states[::SUCCESSORS], actions[::SUCCESSORS].astype(np.int64)
    return DiscreteDP(expected, matrix, DISCOUNT, *pairs)


def solve_ours(model: MDP) -> np.ndarray:
    """Solve our model for V*."""
    return modified_policy_iteration(
        model, DISCOUNT, TOLERANCE, EVALUATION_SWEEPS, MOST_SWEEPS
    ).values


def solve_theirs(model: DiscreteDP) -> np.ndarray:
    """Solve QuantEcon's model for V*."""
    return model.solve(
        "modified_policy_iteration", epsilon=TOLERANCE, max_iter=MOST_SWEEPS, k=EVALUATION_SWEEPS
    ).v


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """Call a function; return its result and the seconds."""
    gc.collect()
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def peak_memory_alone() -> float:
    """Measure the gigabytes that building and solving the model takes."""
    # On Linux a child's peak starts at its parent's memory, so measure while the parent is small.
    command = [sys.executable, "-m", "benchmarks.mdp_solvers"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)["gigabytes"]


def measure() -> dict[str, Spread]:
    """Measure seconds, ratios ours / theirs, largest difference and memory."""
    gigabytes = peak_memory_alone()
    small = random_transitions(2000, seed=0)
    solve_ours(build_ours(small))  # compiles
    solve_theirs(build_theirs(small))

    transitions = random_transitions(STATES, seed=1)
    seconds: dict[str, list[float]] = {}
    difference = 0.0
    for _ in range(REPEATS):
        ours, our_build = timed(build_ours, transitions)
        our_values, our_solve = timed(solve_ours, ours)
        del ours
        theirs, their_build = timed(build_theirs, transitions)
        their_values, their_solve = timed(solve_theirs, theirs)
        theirs.controlled_mc = lambda sigma: None  # skips the Markov chain that solve() adds
        _, their_bare = timed(solve_theirs, theirs)
        del theirs
        difference = max(difference, float(np.abs(our_values - their_values).max()))
        for name, value in {
            "build_seconds": our_build,
            "solve_seconds": our_solve,
            "quantecon_build_seconds": their_build,
            "quantecon_solve_seconds": their_solve,
            "build_ratio": our_build / their_build,
            "solve_ratio": our_solve / their_solve,
            "solve_ratio_without_markov_chain": our_solve / their_bare,
        }.items():
            seconds.setdefault(name, []).append(value)
    spreads = {name: spread(values) for name, values in seconds.items()}
    return spreads | {
        "largest_difference": spread([difference]),
        "peak_gigabytes": spread([gigabytes]),
    }


if __name__ == "__main__":  # for `peak_memory_alone`
    solve_ours(build_ours(random_transitions(STATES, seed=1)))
    print(
        json.dumps({"gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9})
    )
