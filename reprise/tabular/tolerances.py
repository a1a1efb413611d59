"""Tolerances: settled values, and actions that tie except for rounding.

Axes: S states, A actions.
"""

import numpy as np

from reprise.errors import PlainError
from reprise.tabular.mdp import MDP
from reprise.tabular.names import ModelError

TIE = 1e-10  # Q-values this close, relative to the larger or to `unit`, are one value
ROUNDING = 4 * float(np.finfo(np.float64).eps)  # relative: smaller changes of a value mean nothing


class ConvergenceError(PlainError, RuntimeError):
    """A solver reached its last sweep before the values settled."""


def greedy_policy(q: np.ndarray) -> np.ndarray:
    """Return π(s) = argmax_a Q(s, a), int64 [S]; of actions that tie to rounding, the first."""
    return np.argmax(near_best(q, 0.0), axis=1)


def near_best(q: np.ndarray, least: float, tie: float = TIE) -> np.ndarray:
    """Return where Q ties with max_a Q(s, a): by `tie`, relative to |max Q| or `least`, [S, A]."""
    best = q.max(axis=1, keepdims=True)
    return q >= best - tie * np.maximum(least, np.abs(best))


def reward_scale(mdp: MDP) -> float:
    """Return the largest |R(s, a, s')|; 1 if all are 0."""
    return max(float(mdp.rewards.max()), -float(mdp.rewards.min())) or 1.0


def unit(mdp: MDP) -> float:
    """Return 1, or the largest reward where it is below 1: tolerances are relative to it."""
    return min(1.0, reward_scale(mdp))


def least_value(mdp: MDP, values: np.ndarray) -> float:
    """Return the number to which a tie of small Q-values is relative: `unit`, or their rounding."""
    return max(unit(mdp), ROUNDING / TIE * largest(values))


def largest(values: np.ndarray) -> float:
    """Return the largest absolute value."""
    return float(np.abs(values).max())


def smallest_change(mdp: MDP, discount: float, tolerance: float) -> float:
    """Return the change at which sweeps end: tolerance·(1 - γ)/γ, or tolerance if γ = 1."""
    if not tolerance > 0:
        raise ModelError(f"tolerance is {tolerance}; allowed: above 0")
    tolerance *= unit(mdp)
    if discount == 1:
        return tolerance
    return np.inf if discount == 0 else tolerance * (1 - discount) / discount


def settled(change: np.ndarray, enough: float, values: np.ndarray) -> bool:
    """Return whether the largest change is small enough, or no more than the values' rounding."""
    return largest(change) <= max(enough, ROUNDING * largest(values))


def not_converged(
    mdp: MDP, discount: float, sweeps: int, allowed: float, change: np.ndarray
) -> ConvergenceError:
    """Return the error of a solver after its last sweep, with the state that changes most."""
    state = int(np.argmax(np.abs(change)))
    return ConvergenceError(
        f"discount {discount}: after {sweeps} sweeps the value of state "
        f"{mdp.state_names[state]!r} still changes by {change[state]:.6g}; allowed: {allowed:.6g}"
    )
