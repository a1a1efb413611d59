"""Tolerances: when values have settled, and when actions tie."""

import numpy as np

from reprise.errors import PlainError
from reprise.tabular.mdp import MDP
from reprise.tabular.names import ModelError

TIE = 1e-10  # Q-values this close tie, relative to the largest, or to 1 if that is smaller
ROUNDING = 4 * float(np.finfo(np.float64).eps)  # smaller relative changes are rounding errors


class ConvergenceError(PlainError, RuntimeError):
    """A solver did not converge within its limit of sweeps."""


def near_best(q: np.ndarray) -> np.ndarray:
    """Mark actions that tie for the largest Q-value [S, A]."""
    best = q.max(axis=1, keepdims=True)
    return q >= best - TIE * np.maximum(1.0, np.abs(best))


def largest(values: np.ndarray) -> float:
    """Return the largest absolute value."""
    return float(np.abs(values).max())


def check_discount(discount: float) -> None:
    """Refuse a discount γ outside 0 to 1."""
    if not 0 <= discount <= 1:
        raise ModelError(f"discount is {discount}; allowed: from 0 to 1")


def smallest_change(discount: float, tolerance: float) -> float:
    """Compute the change at which sweeps end: tolerance·(1 - γ)/γ."""
    check_discount(discount)
    if not tolerance > 0:
        raise ModelError(f"tolerance is {tolerance}; allowed: above 0")
    if discount == 1:
        return tolerance
    return tolerance * (1 - discount) / discount if discount else np.inf


def settled(change: np.ndarray, enough: float, values: np.ndarray) -> bool:
    """Check whether changes are small enough, or only rounding."""
    return largest(change) <= max(enough, ROUNDING * largest(values))


def not_converged(
    mdp: MDP, discount: float, sweeps: int, allowed: float, change: np.ndarray
) -> ConvergenceError:
    """Build an error that names the state that changes most."""
    state = int(np.argmax(np.abs(change)))
    return ConvergenceError(
        f"discount {discount}: after {sweeps} sweeps the value of state "
        f"{mdp.state_names[state]!r} still changes by {change[state]:.6g}; allowed: {allowed:.6g}"
    )
