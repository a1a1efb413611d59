"""One problem, four solvers: what each costs and how near it comes to the exact values.

Axes: S states, A actions, K sweeps.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple, SupportsFloat

import numpy as np

from reprise.hyperparameters import Frozen, PositiveFloat, PositiveInt
from reprise.tabular.bellman import (
    Solution,
    best_actions,
    not_converged,
    policy_of,
    q_values,
    reward_scale,
    settled,
    smallest_change,
)
from reprise.tabular.model import MDP
from reprise.tabular.names import metric_keys, quoted
from reprise.tabular.policy_iteration import (
    first_values,
    modified_policy_iteration,
    policy_iteration,
)
from reprise.tabular.problems import Problem
from reprise.tabular.undiscounted import check_solvable
from reprise.tabular.value_iteration import value_iteration

EXACT = "policy_iteration"  # the solver whose values are those of a linear system
MOST_POLICIES = 1000  # policy iteration needs a handful
DECIMALS = 12  # of rewards near 1; a linear solve's error lies below, other bits on another CPU


class Limits(Frozen):
    """When a solver has converged, and how long to wait for it."""

    tolerance: PositiveFloat  # the largest error of a value
    evaluation_sweeps: PositiveInt  # of modified policy iteration, after each improvement
    maximum_sweeps: PositiveInt


class SolverRow(NamedTuple):
    """What one solver made of one problem."""

    mdp: str
    discount: float
    states: int
    pairs: int  # of a state and an action possible in it
    solver: str
    sweeps: int
    residual: float
    error: float  # the largest difference from the exact values
    start_value: float  # the expected discounted return of an episode


class HistoryRow(NamedTuple):
    """One Q-value after one sweep of Q-value iteration."""

    discount: float
    sweep: int
    state: str
    action: str
    q: float


class GapRow(NamedTuple):
    """How far the one action's optimal Q-value is above the other's."""

    discount: float
    gap: float


class StateRow(NamedTuple):
    """The optimal value of one state, and the actions that attain it."""

    mdp: str
    discount: float
    state: str
    value: float
    best_actions: str  # joined by spaces, each quoted unless it is one word


def solve_by_all(problem: Problem, limits: Limits) -> dict[str, Solution]:
    """Return the solution of a problem by each solver's name.

    Raises:
        ModelError: if the discount is not below 1.
        ConvergenceError: if the sweeps are used up.
    """
    model = problem.mdp, problem.discount
    tolerance, sweeps = limits.tolerance, limits.maximum_sweeps
    return {
        "value_iteration": value_iteration(*model, tolerance, sweeps),
        "q_value_iteration": converged_q_value_iteration(*model, tolerance, sweeps),
        EXACT: policy_iteration(*model, sweeps),
        "modified_policy_iteration": modified_policy_iteration(
            *model, tolerance, limits.evaluation_sweeps, sweeps
        ),
    }


def converged_q_value_iteration(
    mdp: MDP, discount: float, tolerance: float, max_sweeps: int
) -> Solution:
    """Sweep Q(s, a) ← Σ_s' T(s, a, s') [R(s, a, s') + γ max_a' Q(s', a')] from 0 to Q*.

    Args:
        mdp: the model.
        discount: γ.
        tolerance: the largest error of a Q-value, as in `value_iteration`.
        max_sweeps: how many sweeps to wait for that.

    Raises:
        ModelError: if the discount is not possible.
        ConvergenceError: if the sweeps are used up.
    """
    check_solvable(mdp, discount)
    enough = smallest_change(mdp, discount, tolerance)
    q = np.where(mdp.possible, first_values(mdp, discount)[:, np.newaxis], -np.inf)
    change = np.zeros(mdp.possible.shape)
    for sweep in range(1, max_sweeps + 1):
        new = q_values(mdp, q.max(axis=1), discount)
        np.subtract(new, q, out=change, where=mdp.possible)
        q = new
        residual = float(np.abs(change).max())
        values = q.max(axis=1)
        if settled(residual, enough, values):
            return Solution(values, policy_of(mdp, values, discount), sweep, residual)
    largest = np.abs(change).max(axis=1)
    raise not_converged(mdp, discount, max_sweeps, enough, largest)


def solver_rows(problem: Problem, solutions: dict[str, Solution]) -> Iterator[SolverRow]:
    """Yield a row for each solver."""
    mdp, exact = problem.mdp, solutions[EXACT].values
    for solver, solution in solutions.items():
        yield SolverRow(
            problem.name,
            problem.discount,
            mdp.number_of_states,
            int(mdp.possible.sum()),
            solver,
            solution.sweeps,
            _denoised(solution.residual, mdp),
            _denoised(np.abs(solution.values - exact).max(), mdp),
            _denoised(problem.start @ solution.values, mdp),
        )


def state_rows(problem: Problem, solutions: dict[str, Solution]) -> Iterator[StateRow]:
    """Yield a row for each state."""
    mdp, values = problem.mdp, solutions[EXACT].values
    best = best_actions(mdp, values, problem.discount)
    for state, name in enumerate(mdp.state_names):
        actions = (quoted(mdp.action_names[int(action)]) for action in np.flatnonzero(best[state]))
        value = _denoised(values[state], mdp)
        yield StateRow(problem.name, problem.discount, name, value, " ".join(actions))


def history_rows(mdp: MDP, discount: float, history: np.ndarray) -> Iterator[HistoryRow]:
    """Yield a row for each sweep and each possible pair, from the history [K + 1, S, A]."""
    for sweep, q in enumerate(history):
        for pair, state, action in possible_pairs(mdp):
            yield HistoryRow(discount, sweep, state, action, _denoised(q[pair], mdp))


def gap_rows(
    mdp: MDP, state: int, action: int, rival: int, discounts: np.ndarray
) -> Iterator[GapRow]:
    """Yield Q*(s, a) - Q*(s, b) at each discount."""
    for discount in discounts:
        q = optimal_q_values(mdp, float(discount))[state]
        yield GapRow(float(discount), _denoised(q[action] - q[rival], mdp))


def summary(problem: Problem, solutions: dict[str, Solution]) -> dict[str, Any]:
    """Return what metrics.json says of a problem: its size, its value, and each solver's sweeps."""
    return {
        "states": problem.mdp.number_of_states,
        "start_value": _denoised(problem.start @ solutions[EXACT].values, problem.mdp),
        "sweeps": {solver: solution.sweeps for solver, solution in solutions.items()},
    }


def history_summary(
    mdp: MDP, discount: float, history: np.ndarray, relative_tolerance: float
) -> dict[str, Any]:
    """Return what metrics.json says of a model's Q-values.

    Args:
        mdp: the model.
        discount: γ.
        history: of Q-value iteration, [K + 1, S, A].
        relative_tolerance: as of `sweeps_until_near`.
    """
    optimal = optimal_q_values(mdp, discount)
    states = metric_keys(mdp.state_names, "state")
    actions = metric_keys(mdp.action_names, "action")
    q: dict[str, dict[str, float]] = {state: {} for state in states}
    for state, action in np.argwhere(mdp.possible):
        q[states[state]][actions[action]] = _denoised(optimal[state, action], mdp)
    policy = np.argmax(best_actions(mdp, optimal.max(axis=1), discount), axis=1)
    return {
        "sweeps_until_near": sweeps_until_near(history, optimal, relative_tolerance),
        "best_action": {
            state: mdp.action_names[int(action)]
            for state, action in zip(states, policy, strict=True)
        },
        "q": q,
    }


def optimal_q_values(mdp: MDP, discount: float) -> np.ndarray:
    """Return Q*, exactly but for rounding, float64 [S, A], -∞ for impossible actions."""
    return q_values(mdp, policy_iteration(mdp, discount, MOST_POLICIES).values, discount)


def possible_pairs(mdp: MDP) -> list[tuple[tuple[int, int], str, str]]:
    """Return the indices and the names of each state and each action possible in it."""
    return [
        ((int(state), int(action)), mdp.state_names[int(state)], mdp.action_names[int(action)])
        for state, action in np.argwhere(mdp.possible)
    ]


def sweeps_until_near(
    history: np.ndarray, optimal: np.ndarray, relative_tolerance: float
) -> int | None:
    """Return the sweeps after which no Q-value is again away from its optimum.

    Args:
        history: Q before the first sweep and after each, [K + 1, S, A].
        optimal: Q*, [S, A], -∞ for impossible actions.
        relative_tolerance: of the largest |Q*|, since a single Q* may be 0.

    Returns:
        How many, or None if the last sweep is still away.
    """
    possible = np.isfinite(optimal)
    errors = np.abs(history[:, possible] - optimal[possible]).max(axis=1)  # [K + 1]
    away = np.flatnonzero(errors > relative_tolerance * np.abs(optimal[possible]).max())
    if not away.size:
        return 0
    return None if away[-1] == len(history) - 1 else int(away[-1]) + 1


def _denoised(value: SupportsFloat, mdp: MDP) -> float:
    """Round off what is noise; where rewards are not near 1, by thousands, other decimals are."""
    thousands = int(math.log10(reward_scale(mdp)) / 3)
    return round(float(value), DECIMALS - 3 * thousands)
