"""The solvers in one place, and the discount at which an optimal policy changes."""

import numpy as np
from scipy import optimize

from reprise.tabular.bellman import ConvergenceError, Solution, greedy_policy, near_best, q_values
from reprise.tabular.model import MDP
from reprise.tabular.names import ModelError
from reprise.tabular.policy_iteration import (
    modified_policy_iteration,
    policy_evaluation,
    policy_iteration,
)
from reprise.tabular.value_iteration import q_value_iteration, value_iteration

__all__ = [
    "ConvergenceError",
    "Solution",
    "greedy_policy",
    "modified_policy_iteration",
    "near_best",
    "policy_evaluation",
    "policy_iteration",
    "q_value_iteration",
    "q_values",
    "switching_discount",
    "value_iteration",
]

MOST_POLICIES = 1000  # policy iteration needs a handful


def switching_discount(
    mdp: MDP, state: int, action_a: int, action_b: int, bracket: tuple[float, float]
) -> float:
    """Return the discount γ at which Q*(s, a) = Q*(s, b), and the optimal policy changes.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> round(switching_discount(mdp, 1, 0, 2, bracket=(0.9, 0.99)), 6)
    0.947633

    Args:
        mdp: the model.
        state: s.
        action_a: a, better at one end of the bracket.
        action_b: b, better at the other.
        bracket: two discounts.

    Returns:
        γ, to about 12 digits.

    Raises:
        ModelError: if an action is impossible, or one of them is better at both ends.
    """
    for action in (action_a, action_b):
        mdp.pair(mdp.state_names[state], mdp.action_names[action])  # an error if it is impossible

    def advantage(discount: float) -> float:
        values = policy_iteration(mdp, discount, MOST_POLICIES).values
        q = q_values(mdp, values, discount)[state]
        return float(q[action_a] - q[action_b])

    ends = [advantage(discount) for discount in bracket]
    if np.sign(ends[0]) == np.sign(ends[1]):
        raise ModelError(
            f"state {mdp.state_names[state]!r}, actions {mdp.action_names[action_a]!r} and "
            f"{mdp.action_names[action_b]!r}: the Q-values differ by {ends[0]:.6g} and "
            f"{ends[1]:.6g} at discounts {bracket[0]} and {bracket[1]}; "
            "allowed: a bracket in which the sign changes"
        )
    return optimize.root_scalar(
        advantage, method="brentq", bracket=bracket, xtol=1e-13, rtol=1e-13
    ).root
