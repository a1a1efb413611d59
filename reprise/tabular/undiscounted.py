"""Discount 1: models with finite values, policies that rest.

An agent is at rest where it goes on for reward 0 alone. All solvers find the same finite values if
from every state some policy surely ends at rest (otherwise a value is -∞), and no reward above 0
can come again and again (otherwise a value may be +∞, or a sum never settles). Source: D. P.
Bertsekas and J. N. Tsitsiklis, An analysis of stochastic shortest path problems, 1991. Sets of
actions are masks, bool [S, A].
"""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from reprise.tabular.mdp import MDP
from reprise.tabular.names import ModelError

ENDLESS = "discount is 1 and cannot converge"


def check_discount(discount: float) -> None:
    """Refuse a discount γ outside 0 to 1."""
    if not 0 <= discount <= 1:
        raise ModelError(f"discount is {discount}; allowed: from 0 to 1")


def absorbing_states(mdp: MDP) -> np.ndarray:
    """Return the states that lead only to themselves, unpaid, [S]."""
    states = mdp.rows // mdp.number_of_actions
    left = states[(mdp.transitions.indices != states) | (mdp.rewards != 0)]
    return np.bincount(left, minlength=mdp.number_of_states) == 0


def first_state(mdp: MDP, name: str) -> int:
    """Return the index of a state that is not absorbing."""
    state, absorbing = mdp.state(name), absorbing_states(mdp)
    if absorbing[state]:
        others = (mdp.state_names[int(other)] for other in np.flatnonzero(~absorbing)[:6])
        allowed = ", ".join(others) or "none"
        raise ModelError(f"start state {name!r} is absorbing; allowed: {allowed}")
    return state


def lasting(mdp: MDP, allowed: np.ndarray) -> np.ndarray:
    """Return the actions that never lead away from allowed ones."""
    kept, before = allowed, -1
    while kept.sum() != before:
        before = kept.sum()
        leaving = mdp.transitions @ np.logical_not(kept.any(axis=1)) > 0
        kept = kept & ~leaving.reshape(kept.shape)
    return kept


def resting_actions(mdp: MDP, allowed: np.ndarray) -> np.ndarray:
    """Return the allowed actions that keep to reward 0."""
    free = allowed.copy()
    free.ravel()[mdp.rows[mdp.rewards != 0]] = False
    return lasting(mdp, free)


def ways_to_rest(
    mdp: MDP, allowed: np.ndarray, resting: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return an allowed policy, and where it ends resting, [S]."""
    policy, reached = np.argmax(resting, axis=1), np.asarray(resting.any(axis=1))
    while True:
        closer = allowed & (mdp.transitions @ reached > 0).reshape(allowed.shape)
        new = closer.any(axis=1) & ~reached
        if not new.any():
            return policy, reached
        policy[new] = np.argmax(closer[new], axis=1)
        reached |= new


def proper_policy(mdp: MDP, policy: np.ndarray | None = None) -> np.ndarray:
    """Return a policy that ends at rest, or the given.

    A ModelError names the first state from which none does.
    """
    allowed = mdp.possible if policy is None else only(mdp, policy)
    proper, reached = ways_to_rest(mdp, allowed, resting_actions(mdp, allowed))
    for state in np.flatnonzero(~reached)[:1].tolist():
        who = "no policy leads" if policy is None else "the policy does not lead"
        raise ModelError(
            f"{ENDLESS}: {who} from state {mdp.state_names[state]!r} to an absorbing state of "
            "reward 0; allowed: a discount below 1, or a model with episodes that end"
        )
    return proper


def only(mdp: MDP, policy: np.ndarray) -> np.ndarray:
    """Return the actions that a policy takes."""
    return np.arange(mdp.number_of_actions) == policy[:, np.newaxis]


def check_solvable(mdp: MDP, discount: float) -> None:
    """Refuse a discount γ with perhaps infinite values.

    With a discount of 1, episodes can end, and no reward above 0 comes again and again.
    """
    check_discount(discount)
    if discount < 1:
        return
    proper_policy(mdp)
    states = mdp.rows // mdp.number_of_actions
    edges = np.ones(len(states), np.int8), (states, mdp.transitions.indices)
    graph = sparse.csr_array(edges, (mdp.number_of_states,) * 2)
    _, component = connected_components(graph, connection="strong")
    returning = component[states] == component[mdp.transitions.indices]
    for state in states[returning & (mdp.rewards > 0)][:1].tolist():
        raise ModelError(
            f"{ENDLESS}: from state {mdp.state_names[state]!r} a reward above 0 can come again and "
            "again; allowed: a discount below 1, or rewards above 0 on ways without return only"
        )
