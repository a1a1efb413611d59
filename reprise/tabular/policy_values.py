"""A policy's values in a small model, exactly, in microseconds: for evaluating very many policies.

Where the policy leads on with certainty, a state's value is its successor's but for reward and
discount, and chains of such states shrink to one jump. What is left, the states with a choice of
chance, is a linear system, solved by elimination. `solvers.policy_evaluation` solves large models.

Axes: S states, A actions, N transitions, M states that chance leads on from.
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from reprise.tabular.bellman import checked_policy, model_arrays
from reprise.tabular.model import MDP
from reprise.tabular.names import ModelError

NEGLIGIBLE = 1e-18  # what is discounted by so much adds nothing to a float


def policy_values(mdp: MDP, policy: ArrayLike, discount: float) -> np.ndarray:
    """Solve V = R_π + γ T_π V.

    Args:
        mdp: the model.
        policy: π, an action for each state, [S].
        discount: γ, below 1.

    Returns:
        V_π, float64 [S].

    Raises:
        ModelError: if the discount or an action is not possible.
    """
    if not 0 <= discount < 1:
        raise ModelError(f"discount is {discount}; allowed: from 0 to below 1")
    return evaluate(*model_arrays(mdp), checked_policy(mdp, policy), discount)


@njit
def evaluate(
    row_starts: np.ndarray,  # [S·A + 1]
    successors: np.ndarray,  # [N]
    probabilities: np.ndarray,  # [N]
    expected_rewards: np.ndarray,  # [S, A]
    policy: np.ndarray,  # [S]
    discount: float,
) -> np.ndarray:
    """Return V_π, [S]."""
    number_of_states, number_of_actions = expected_rewards.shape
    gains, weights = np.zeros(number_of_states), np.ones(number_of_states)
    jumps = np.arange(number_of_states)  # V(s) = gain + weight·V(jump), at first of itself
    branching = np.empty(number_of_states, np.int64)
    place = np.full(number_of_states, -1)  # in the system
    size = 0
    for state in range(number_of_states):
        row = state * number_of_actions + policy[state]
        if row_starts[row + 1] - row_starts[row] == 1:
            jumps[state] = successors[row_starts[row]]
            gains[state] = expected_rewards[state, policy[state]]
            weights[state] = discount
        else:
            branching[size], place[state] = state, size
            size += 1
    weight = discount
    while weight > NEGLIGIBLE:  # each round, a jump takes over that of the state it leads to
        for state in range(number_of_states):
            jump = jumps[state]
            gains[state] += weights[state] * gains[jump]
            weights[state] *= weights[jump]
            jumps[state] = jumps[jump]
        weight *= weight

    system, constants = np.zeros((size, size)), np.empty(size)  # (I - γT) V = R
    for i in range(size):
        state = branching[i]
        row = state * number_of_actions + policy[state]
        constants[i] = expected_rewards[state, policy[state]]
        system[i, i] += 1.0
        for n in range(row_starts[row], row_starts[row + 1]):
            successor, factor = successors[n], discount * probabilities[n]
            constants[i] += factor * gains[successor]
            if place[jumps[successor]] >= 0:
                system[i, place[jumps[successor]]] -= factor * weights[successor]
    solve(system, constants)

    values = np.zeros(number_of_states)
    for i in range(size):
        values[branching[i]] = constants[i]
    for state in range(number_of_states):  # where a jump ends nowhere, its weight is negligible
        if place[state] < 0 and place[jumps[state]] >= 0:
            values[state] = gains[state] + weights[state] * values[jumps[state]]
        elif place[state] < 0:
            values[state] = gains[state]
    return values


@njit
def solve(system: np.ndarray, constants: np.ndarray) -> None:
    """Eliminate without pivots, which I - γT does not need, and past zeros; the result is left.

    Args:
        system: [M, M], changed.
        constants: [M], changed to the solution.
    """
    size = len(constants)
    for pivot in range(size):
        for i in range(pivot + 1, size):
            if system[i, pivot] != 0.0:
                factor = system[i, pivot] / system[pivot, pivot]
                for j in range(pivot + 1, size):
                    system[i, j] -= factor * system[pivot, j]
                constants[i] -= factor * constants[pivot]
    for i in range(size - 1, -1, -1):
        for j in range(i + 1, size):
            constants[i] -= system[i, j] * constants[j]
        constants[i] /= system[i, i]
