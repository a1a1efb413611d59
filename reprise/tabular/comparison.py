"""Four solvers on one problem: cost and error of each."""

import math
from typing import Any, SupportsFloat

import numpy as np
import pandas as pd

from reprise.hyperparameters import Frozen, PositiveFloat, PositiveInt
from reprise.tabular import dynamic_programming as dp
from reprise.tabular.dynamic_programming import Solution, best_actions, optimal_q_values
from reprise.tabular.mdp import MDP
from reprise.tabular.names import metric_keys, quoted
from reprise.tabular.problems import Problem
from reprise.tabular.settling import settling_records

EXACT = "policy_iteration"  # it solves linear systems; the others iterate
DECIMALS = 12  # digits beyond are rounding errors of a linear solver, and differ between CPUs


class Limits(Frozen):
    """Precision of the solvers, and a limit of their sweeps."""

    tolerance: PositiveFloat  # the largest error of a value
    evaluation_sweeps: PositiveInt  # of modified policy iteration, after each improvement
    maximum_sweeps: PositiveInt


def solve_by_all(problem: Problem, limits: Limits) -> dict[str, Solution]:
    """Solve a problem with every solver, by name."""
    model, tolerance = (problem.mdp, problem.discount), limits.tolerance
    evaluation, sweeps = limits.evaluation_sweeps, limits.maximum_sweeps
    return {
        "value_iteration": dp.value_iteration(*model, tolerance, sweeps),
        "q_value_iteration": dp.converged_q_value_iteration(*model, tolerance, sweeps),
        EXACT: dp.policy_iteration(*model, sweeps),
        "modified_policy_iteration": dp.modified_policy_iteration(
            *model, tolerance, evaluation, sweeps
        ),
    }


def solver_table(problem: Problem, solutions: dict[str, Solution]) -> pd.DataFrame:
    """List the cost and error of each solver."""
    mdp, exact = problem.mdp, solutions[EXACT].values
    return pd.DataFrame(
        {
            "mdp": problem.name,
            "discount": problem.discount,
            "states": mdp.number_of_states,
            "pairs": int(mdp.possible.sum()),  # of a state and a possible action
            "solver": solver,
            "sweeps": solution.sweeps,
            "residual": denoised(solution.residual),
            "error": denoised(np.abs(solution.values - exact).max()),
            "start_value": denoised(problem.start @ solution.values),
        }
        for solver, solution in solutions.items()
    )


def state_table(problem: Problem, solutions: dict[str, Solution]) -> pd.DataFrame:
    """List each state's optimal value and best actions."""
    mdp, values = problem.mdp, solutions[EXACT].values
    names = np.array([quoted(name) for name in mdp.action_names])
    best = best_actions(mdp, values, problem.discount)
    return pd.DataFrame(
        {
            "mdp": problem.name,
            "discount": problem.discount,
            "state": mdp.state_names,
            "value": [denoised(value) for value in values],
            "best_actions": [" ".join(names[actions]) for actions in best],
        }
    )


def history_table(mdp: MDP, discount: float, history: np.ndarray) -> pd.DataFrame:
    """List the Q-values of all possible pairs, by sweep."""
    rows = [
        (discount, sweep, state, action, denoised(q[pair]))
        for sweep, q in enumerate(history)
        for pair, state, action in possible_pairs(mdp)
    ]
    return pd.DataFrame(rows, columns=["discount", "sweep", "state", "action", "q"])


def gap_table(mdp: MDP, state: int, action: int, rival: int, discounts: np.ndarray) -> pd.DataFrame:
    """Compute Q*(s, a) - Q*(s, b) at each discount."""
    optimal = [optimal_q_values(mdp, discount)[state] for discount in discounts.tolist()]
    gaps = [denoised(q[action] - q[rival]) for q in optimal]
    return pd.DataFrame({"discount": discounts, "gap": gaps})


def summary(problem: Problem, solutions: dict[str, Solution]) -> dict[str, Any]:
    """Summarize a problem's value and each solver's sweeps."""
    return {
        "states": problem.mdp.number_of_states,
        "start_value": denoised(problem.start @ solutions[EXACT].values),
        "sweeps": {solver: solution.sweeps for solver, solution in solutions.items()},
    }


def history_summary(
    mdp: MDP, discount: float, history: np.ndarray, relative_tolerance: float
) -> dict[str, Any]:
    """Summarize optimal Q-values and best actions, for metrics.json."""
    optimal = optimal_q_values(mdp, discount)
    states = metric_keys(mdp.state_names)
    actions = metric_keys(mdp.action_names)
    policy = np.argmax(best_actions(mdp, optimal.max(axis=1), discount), axis=1)
    return {
        "sweeps_until_near": sweeps_until_near(history, optimal, relative_tolerance),
        "best_action": {s: mdp.action_names[a] for s, a in zip(states, policy, strict=True)},
        "q": {
            state: {actions[a]: denoised(row[a]) for a in np.flatnonzero(np.isfinite(row))}
            for state, row in zip(states, optimal, strict=True)
        },
    }


def possible_pairs(mdp: MDP) -> list[tuple[tuple[int, int], str, str]]:
    """List each possible pair's indices, and its two names."""
    return [
        ((state, action), mdp.state_names[state], mdp.action_names[action])
        for state, action in np.argwhere(mdp.possible).tolist()
    ]


def sweeps_until_near(
    history: np.ndarray, optimal: np.ndarray, relative_tolerance: float
) -> int | None:
    """Count the sweeps after which all Q-values stay near Q*."""
    possible = np.isfinite(optimal)
    errors = np.abs(history[:, possible] - optimal[possible]).max(axis=1)
    near = errors <= relative_tolerance * np.abs(optimal[possible]).max()  # a single Q* may be 0
    record = settling_records(near[np.newaxis]).item()
    return None if math.isnan(record) else int(record)


def denoised(value: SupportsFloat) -> float:
    """Round away digits that differ between CPUs."""
    return round(float(value), DECIMALS)
