"""Tolerances: settled values, and actions that tie to rounding."""

import numpy as np

from reprise.errors import PlainError
from reprise.tabular.mdp import MDP
from reprise.tabular.names import ModelError

TIE = 1e-10  # Q-values this close, relative to the larger or to `least_value`, tie
ROUNDING = 4 * float(np.finfo(np.float64).eps)  # relative: smaller changes of a value mean nothing


class ConvergenceError(PlainError, RuntimeError):
    """A solver reached its last sweep before the values settled."""


def near_best(q: np.ndarray, least: float, tie: float = TIE) -> np.ndarray:
    """Return where Q ties with max_a Q(s, a), [S, A]."""
    best = q.max(axis=1, keepdims=True)
    return q >= best - tie * np.maximum(least, np.abs(best))


def reward_scale(mdp: MDP) -> float:
    """Return the largest |R|, 1 if all are 0."""
    return max(float(mdp.rewards.max()), -float(mdp.rewards.min())) or 1.0


def least_value(mdp: MDP, values: np.ndarray) -> float:
    """Return the size that ties near 0 are relative to."""
    return max(min(1.0, reward_scale(mdp)), ROUNDING / TIE * largest(values))


def largest(values: np.ndarray) -> float:
    """Return the largest absolute value."""
    return float(np.abs(values).max())


def check_discount(discount: float) -> None:
    """Refuse a discount γ outside 0 to 1."""
    if not 0 <= discount <= 1:
        raise ModelError(f"discount is {discount}; allowed: from 0 to 1")


def smallest_change(mdp: MDP, discount: float, tolerance: float) -> float:
    """Return the change at which sweeps end: tolerance·(1 - γ)/γ."""
    check_discount(discount)
    if not tolerance > 0:
        raise ModelError(f"tolerance is {tolerance}; allowed: above 0")
    tolerance *= min(1.0, reward_scale(mdp))
    if discount == 1:
        return tolerance
    return tolerance * (1 - discount) / discount if discount else np.inf


def settled(change: np.ndarray, enough: float, values: np.ndarray) -> bool:
    """Return whether changes are small, or the values' rounding."""
    return largest(change) <= max(enough, ROUNDING * largest(values))


def not_converged(
    mdp: MDP, discount: float, sweeps: int, allowed: float, change: np.ndarray
) -> ConvergenceError:
    """Return a solver's error, with the state that changes most."""
    state = int(np.argmax(np.abs(change)))
    return ConvergenceError(
        f"discount {discount}: after {sweeps} sweeps the value of state "
        f"{mdp.state_names[state]!r} still changes by {change[state]:.6g}; allowed: {allowed:.6g}"
    )
