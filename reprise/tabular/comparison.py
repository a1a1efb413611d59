"""One problem, four solvers: the cost of each and its error. Axes: S states, K sweeps."""

import math
from typing import Any, SupportsFloat

import numpy as np
import pandas as pd

from reprise.hyperparameters import Frozen, PositiveFloat, PositiveInt
from reprise.tabular.dynamic_programming import (
    Solution,
    best_actions,
    converged_q_value_iteration,
    modified_policy_iteration,
    optimal_q_values,
    policy_iteration,
    value_iteration,
)
from reprise.tabular.mdp import MDP
from reprise.tabular.names import metric_keys, quoted
from reprise.tabular.problems import Problem
from reprise.tabular.tolerances import reward_scale

EXACT = "policy_iteration"  # the solver that solves linear systems
DECIMALS = 12  # of rewards near 1; a linear solve's error lies below, other bits on another CPU


class Limits(Frozen):
    """Convergence of a solver, and a limit of its sweeps."""

    tolerance: PositiveFloat  # the largest error of a value
    evaluation_sweeps: PositiveInt  # of modified policy iteration, after each improvement
    maximum_sweeps: PositiveInt


def solve_by_all(problem: Problem, limits: Limits) -> dict[str, Solution]:
    """Return the solution of a problem by each solver's name; errors as of `value_iteration`."""
    model, tolerance = (problem.mdp, problem.discount), limits.tolerance
    improvement, sweeps = limits.evaluation_sweeps, limits.maximum_sweeps
    return {
        "value_iteration": value_iteration(*model, tolerance, sweeps),
        "q_value_iteration": converged_q_value_iteration(*model, tolerance, sweeps),
        EXACT: policy_iteration(*model, sweeps),
        "modified_policy_iteration": modified_policy_iteration(
            *model, tolerance, improvement, sweeps
        ),
    }


def solver_table(problem: Problem, solutions: dict[str, Solution]) -> pd.DataFrame:
    """Return a row for each solver."""
    mdp, exact = problem.mdp, solutions[EXACT].values
    return pd.DataFrame(
        {
            "mdp": problem.name,
            "discount": problem.discount,
            "states": mdp.number_of_states,
            "pairs": int(mdp.possible.sum()),  # of a state and an action possible in it
            "solver": solver,
            "sweeps": solution.sweeps,
            "residual": denoised(solution.residual, mdp),
            "error": denoised(np.abs(solution.values - exact).max(), mdp),
            "start_value": denoised(problem.start @ solution.values, mdp),
        }
        for solver, solution in solutions.items()
    )


def state_table(problem: Problem, solutions: dict[str, Solution]) -> pd.DataFrame:
    """Return a row for each state: its optimal value and the actions that attain it."""
    mdp, values = problem.mdp, solutions[EXACT].values
    best = best_actions(mdp, values, problem.discount)
    names = np.array([quoted(name) for name in mdp.action_names])
    return pd.DataFrame(
        {
            "mdp": problem.name,
            "discount": problem.discount,
            "state": name,
            "value": denoised(values[state], mdp),
            "best_actions": " ".join(names[best[state]]),
        }
        for state, name in enumerate(mdp.state_names)
    )


def history_table(mdp: MDP, discount: float, history: np.ndarray) -> pd.DataFrame:
    """Return a row for each sweep and each possible pair, from the history, [K + 1, S, A]."""
    return pd.DataFrame(
        {
            "discount": discount,
            "sweep": sweep,
            "state": state,
            "action": action,
            "q": denoised(q[pair], mdp),
        }
        for sweep, q in enumerate(history)
        for pair, state, action in possible_pairs(mdp)
    )


def gap_table(mdp: MDP, state: int, action: int, rival: int, discounts: np.ndarray) -> pd.DataFrame:
    """Return Q*(s, a) - Q*(s, b) at each discount."""
    optimal = [optimal_q_values(mdp, discount)[state] for discount in discounts.tolist()]
    gaps = [denoised(q[action] - q[rival], mdp) for q in optimal]
    return pd.DataFrame({"discount": discounts, "gap": gaps})


def summary(problem: Problem, solutions: dict[str, Solution]) -> dict[str, Any]:
    """Return a problem's size, its value, and each solver's sweeps, for metrics.json."""
    return {
        "states": problem.mdp.number_of_states,
        "start_value": denoised(problem.start @ solutions[EXACT].values, problem.mdp),
        "sweeps": {solver: solution.sweeps for solver, solution in solutions.items()},
    }


def history_summary(
    mdp: MDP, discount: float, history: np.ndarray, relative_tolerance: float
) -> dict[str, Any]:
    """Return a model's optimal Q-values and best actions, for metrics.json."""
    optimal = optimal_q_values(mdp, discount)
    states = metric_keys(mdp.state_names, "state")
    actions = metric_keys(mdp.action_names, "action")
    q: dict[str, dict[str, float]] = {state: {} for state in states}
    for state, action in np.argwhere(mdp.possible):
        q[states[state]][actions[action]] = denoised(optimal[state, action], mdp)
    policy = np.argmax(best_actions(mdp, optimal.max(axis=1), discount), axis=1)
    return {
        "sweeps_until_near": sweeps_until_near(history, optimal, relative_tolerance),
        "best_action": {
            state: mdp.action_names[a] for state, a in zip(states, policy, strict=True)
        },
        "q": q,
    }


def possible_pairs(mdp: MDP) -> list[tuple[tuple[int, int], str, str]]:
    """Return the indices and the names of each state and each action possible in it."""
    return [
        ((state, action), mdp.state_names[state], mdp.action_names[action])
        for state, action in np.argwhere(mdp.possible).tolist()
    ]


def sweeps_until_near(
    history: np.ndarray, optimal: np.ndarray, relative_tolerance: float
) -> int | None:
    """Return the sweeps after which no Q-value is again away from Q*, [S, A]; None if the last is.

    The tolerance is relative to the largest |Q*|, since a single Q* may be 0.
    """
    possible = np.isfinite(optimal)
    errors = np.abs(history[:, possible] - optimal[possible]).max(axis=1)  # [K + 1]
    away = np.flatnonzero(errors > relative_tolerance * np.abs(optimal[possible]).max())
    if not away.size:
        return 0
    return None if away[-1] == len(history) - 1 else int(away[-1]) + 1


def denoised(value: SupportsFloat, mdp: MDP) -> float:
    """Round off noise: at 12 decimals, or fewer or more by thousands for other sizes of rewards."""
    thousands = int(math.log10(reward_scale(mdp)) / 3)
    return round(float(value), DECIMALS - 3 * thousands)
