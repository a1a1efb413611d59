"""Progress of Q-learning: value of the greedy policy, and coverage.

Axes: N seeds, S states, A actions, K checkpoints.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

from reprise.tabular.exploration import Behaviour
from reprise.tabular.mdp import MDP
from reprise.tabular.problems import Problem
from reprise.tabular.q_learning import Learner, Learning, episodes
from reprise.tabular.settling import settling_records


def explore(
    problem: Problem,
    hyperparameters: Learning,
    behaviour: Behaviour,
    generators: Sequence[np.random.Generator],
    checkpoints: Sequence[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Learn, and evaluate the greedy policy at each checkpoint.

    Each generator is a seed. A policy's value is an episode's exact expected return,
    computed from the model; actions that tie are equally probable. Checkpoints are ascending
    numbers of iterations, [K]. Returns the values, and the shares of the explorable states' actions
    that were tried, [N, K].
    """
    mdp, discount = problem.mdp, hyperparameters.discount
    model = episodes(mdp, problem.start, discount)
    pairs = int(mdp.possible[explorable_states(mdp, problem.start)].sum())
    progress, coverage = np.empty((2, len(generators), len(checkpoints)))
    for number, generator in enumerate(generators):
        learner = Learner(mdp, model, hyperparameters, behaviour, generator)
        for k, checkpoint in enumerate(checkpoints):
            learner.learn(checkpoint)
            values = policy_values(mdp, greedy_policy(learner.q), discount)
            progress[number, k] = problem.start_value(values)
            coverage[number, k] = np.count_nonzero(learner.visits) / pairs
    return progress, coverage


def greedy_policy(q: np.ndarray) -> np.ndarray:
    """Compute π(a | s) of the greedy policy, [S, A]."""
    ties = q == q.max(axis=1, keepdims=True)
    return ties / ties.sum(axis=1, keepdims=True)


def policy_values(mdp: MDP, policy: np.ndarray, discount: float) -> np.ndarray:
    """Solve V = R_π + γ T_π V.

    The policy is π(a | s), [S, A]; V are its values, [S]. The model must be small, and γ below 1.
    """
    t = mdp.transitions
    return _solved(t.indptr, t.indices, t.data, mdp.expected_rewards, policy, discount)


@njit
def _solved(row_starts, successors, probabilities, rewards, policy, discount) -> np.ndarray:
    size, number_of_actions = rewards.shape  # [S, A]
    # Gaussian elimination, which needs no pivoting here. It skips the zeros outside first to last.
    system, values = np.eye(size), np.zeros(size)
    first, last = np.arange(size), np.arange(size)  # of each row, the columns that may not be 0
    for state, action in np.ndindex(rewards.shape):
        weight = policy[state, action]
        if weight > 0:
            row = state * number_of_actions + action
            values[state] += weight * rewards[state, action]
            for n in range(row_starts[row], row_starts[row + 1]):
                column = successors[n]
                system[state, column] -= weight * discount * probabilities[n]
                first[state], last[state] = min(first[state], column), max(last[state], column)
    for i in range(size):
        for pivot in range(first[i], i):
            if system[i, pivot] != 0.0:
                factor = system[i, pivot] / system[pivot, pivot]
                for j in range(pivot + 1, last[pivot] + 1):
                    system[i, j] -= factor * system[pivot, j]
                values[i] -= factor * values[pivot]
                last[i] = max(last[i], last[pivot])
    for i in range(size - 1, -1, -1):
        for j in range(i + 1, last[i] + 1):
            values[i] -= system[i, j] * values[j]
        values[i] /= system[i, i]
    return values


def steps_to_within(
    values: np.ndarray, optimum: float, relative_tolerance: float, checkpoints: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Find when each seed is near-optimal: first, and for good.

    Values [N, K] are near if |optimum - value| ≤ relative_tolerance·|optimum|. Returns checkpoints,
    [N], NaN for seeds that do not get there.
    """
    steps = np.append(np.asarray(checkpoints, np.float64), np.nan)
    near = np.abs(values - optimum) <= relative_tolerance * abs(optimum)
    first = np.where(near.any(axis=1), np.argmax(near, axis=1), -1)
    return steps[first], steps[np.nan_to_num(settling_records(near), nan=-1).astype(int)]


def explorable_states(mdp: MDP, start: np.ndarray) -> np.ndarray:
    """Find the states that episodes reach, except ends [S]."""
    states, reached, before = mdp.rows // mdp.number_of_actions, start > 0, -1
    while reached.sum() > before:
        before = int(reached.sum())
        reached[mdp.transitions.indices[reached[states]]] = True
    return reached & ~mdp.absorbing


def checkpoints_until(last: int, first: int, growth: float) -> list[int]:
    """List checkpoints, each `growth` times the one before."""
    found = [min(first, last)]
    while found[-1] < last:
        found.append(min(last, max(found[-1] + 1, int(found[-1] * growth))))
    return found
