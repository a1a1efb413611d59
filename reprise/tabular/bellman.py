"""The Bellman backup as a function, from values to a greedy policy, and what a solver returns.

Axes: S states, A actions.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from reprise.errors import PlainError
from reprise.tabular.kernels import back_up_pairs, over_blocks
from reprise.tabular.model import MDP, numbers
from reprise.tabular.names import ModelError
from reprise.tabular.undiscounted import check_discount, resting_actions, ways_to_rest

TIE = 1e-10  # Q-values this close, relative to the larger or to `unit`, are one value
ROUNDING = 4 * float(np.finfo(np.float64).eps)  # relative: smaller changes of a value mean nothing


class ConvergenceError(PlainError, RuntimeError):
    """A solver ended its sweeps before the values settled."""


class Solution(NamedTuple):
    """What a solver found and how."""

    values: np.ndarray  # V*, float64 [S]
    policy: np.ndarray  # greedy with regard to values, int64 [S]
    sweeps: int  # Bellman backups of all states; for policy iteration, policies evaluated
    residual: float  # the largest change of a value in the last of them


def q_values(mdp: MDP, values: np.ndarray, discount: float) -> np.ndarray:
    """Return Q(s, a) = Σ_s' T(s, a, s') [R(s, a, s') + γ V(s')], and -∞ for impossible actions.

    Args:
        mdp: the model.
        values: V, [S].
        discount: γ.

    Returns:
        Q, float64 [S, A].
    """
    check_discount(discount)
    out = np.empty(mdp.possible.shape)
    with over_blocks(mdp.number_of_states) as run:
        run(
            back_up_pairs,
            *model_arrays(mdp),
            discount,
            np.ascontiguousarray(values, np.float64),
            out,
        )
    return out


def greedy_policy(q: np.ndarray) -> np.ndarray:
    """Return π(s) = argmax_a Q(s, a), the first action of those that tie but for rounding.

    Args:
        q: Q-values, [..., S, A], -∞ for impossible actions.

    Returns:
        The policy, int64 [..., S].
    """
    return np.argmax(near_best(q, 0.0), axis=-1)


def near_best(q: np.ndarray, least: float, tie: float = TIE) -> np.ndarray:
    """Return where Q equals max_a Q(s, a) but for a tie, bool [..., S, A].

    Args:
        q: Q-values, [..., S, A], -∞ for impossible actions.
        least: the least |Q| to which the tie is relative.
        tie: relative to |max_a Q(s, a)|.
    """
    best = q.max(axis=-1, keepdims=True)
    return q >= best - tie * np.maximum(least, np.abs(best))


def best_actions(mdp: MDP, values: np.ndarray, discount: float) -> np.ndarray:
    """Return where an action attains max_a Q(s, a) but for rounding, bool [S, A]."""
    return near_best(q_values(mdp, values, discount), least_value(mdp, values))


def least_value(mdp: MDP, values: np.ndarray) -> float:
    """Return to what a tie of small Q-values is relative: 1, or the largest reward if it is below.

    It is more where values are so large that the tie would be less than their rounding.
    """
    return max(unit(mdp), ROUNDING / TIE * float(np.abs(values).max()))


def policy_of(mdp: MDP, values: np.ndarray, discount: float) -> np.ndarray:
    """Return a greedy policy, int64 [S]: of actions that tie, the first.

    With a discount of 1, it is one that comes to rest, as the values say: of actions that tie, the
    first may lead round in circles. Values that are not exact may part actions that tie, so the
    tie is widened until it finds one.
    """
    q, least, tie = q_values(mdp, values, discount), least_value(mdp, values), TIE
    near = near_best(q, least, tie)
    if discount < 1:
        return np.argmax(near, axis=1)
    while True:
        worthless = np.abs(values) <= tie * least
        resting = resting_actions(mdp, near & worthless[:, np.newaxis])
        policy, reached = ways_to_rest(mdp, near, resting)
        if reached.all():
            return policy
        tie *= 10
        near = near_best(q, least, tie)


def model_arrays(mdp: MDP) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the arrays with which the arguments of every backup kernel begin."""
    return mdp.row_starts, mdp.successors, mdp.probabilities, mdp.expected_rewards


def checked_policy(mdp: MDP, policy: ArrayLike) -> np.ndarray:
    """Return the policy as an array, int64 [S].

    Raises:
        ModelError: if its shape is wrong, or an action is impossible, naming the state and the
        action.
    """
    actions = numbers("policy", policy, dtype=None)
    if actions.shape != (mdp.number_of_states,) or actions.dtype.kind not in "iu":
        raise ModelError(
            f"policy has shape {actions.shape} and type {actions.dtype}; allowed: "
            f"{(mdp.number_of_states,)}, integers"
        )
    known = (actions >= 0) & (actions < mdp.number_of_actions)
    possible = known & mdp.possible[np.arange(len(actions)), np.where(known, actions, 0)]
    if not possible.all():
        state = int(np.argmin(possible))
        allowed = ", ".join(str(action) for action in np.flatnonzero(mdp.possible[state]))
        raise ModelError(
            f"state {mdp.state_names[state]!r}: the policy's action {actions[state]} is "
            f"impossible; allowed: {allowed}"
        )
    return actions.astype(np.int64)


def reward_scale(mdp: MDP) -> float:
    """Return the largest |R(s, a, s')|; 1 if all are 0."""
    return max(float(mdp.rewards.max()), -float(mdp.rewards.min())) or 1.0


def unit(mdp: MDP) -> float:
    """Return 1, or the largest reward where it is below 1: what tolerances are relative to."""
    return min(1.0, reward_scale(mdp))


def smallest_change(mdp: MDP, discount: float, tolerance: float) -> float:
    """Return the change below which an error is: tolerance·(1 - γ)/γ, or tolerance if γ = 1.

    Where the largest reward is below 1, the tolerance is relative to it.

    Raises:
        ModelError: if the tolerance is not positive.
    """
    if not tolerance > 0:
        raise ModelError(f"tolerance is {tolerance}; allowed: above 0")
    tolerance *= unit(mdp)
    if discount == 1:
        return tolerance
    return np.inf if discount == 0 else tolerance * (1 - discount) / discount


def settled(change: float, enough: float, values: np.ndarray) -> bool:
    """Return whether a change of values is small enough, or no more than their rounding."""
    return change <= enough or change <= ROUNDING * float(np.abs(values).max())


def not_converged(
    mdp: MDP, discount: float, rounds: int, allowed: float, change: np.ndarray
) -> ConvergenceError:
    """Return the error of a solver whose rounds are used up, naming the state that changes most.

    Args:
        mdp: the model.
        discount: γ.
        rounds: how many there were.
        allowed: the change that would have ended them.
        change: of each state's value in the last round, [S].
    """
    state = int(np.argmax(np.abs(change)))
    return ConvergenceError(
        f"discount {discount}: after {rounds} sweeps the value of state "
        f"{mdp.state_names[state]!r} still changes by {change[state]:.6g}; allowed: {allowed:.6g}"
    )
