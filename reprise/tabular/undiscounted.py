"""Discount 1: models with finite values, policies that rest.

An agent is at rest where it goes on for reward 0 alone. All solvers find the same finite values if
from every state some policy surely ends at rest (otherwise a value is -∞), and going on for ever
without rest costs, on average over time (otherwise a value is +∞, or a sum never settles). Source:
D. P. Bertsekas and J. N. Tsitsiklis, An analysis of stochastic shortest path problems, 1991; M. L.
Puterman, Markov Decision Processes, 1994, section 9.3. Sets of actions are masks, bool [S, A].
"""

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from reprise.tabular.mdp import MDP
from reprise.tabular.names import ModelError

ENDLESS = "discount is 1 and cannot converge"
NOTHING = 1e-6  # of the largest reward: the linear program is exact to a tenth of it


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
    """Refuse a discount γ with values that are not finite.

    With a discount of 1, going on without rest must cost. The linear program finds the largest
    reward a step, on average, of going on for ever: the least g for which some h has
    g + h(s) ≥ R(s, a) + Σ_s' T(s, a, s') h(s'). Where g is attained, both sides are equal.
    """
    check_discount(discount)
    if discount < 1:
        return
    proper_policy(mdp)
    if not (mdp.rewards > 0).any():
        return
    rows, kept = mdp.rows, endless_actions(mdp, mdp.possible).ravel()
    if not (mdp.rewards[kept[rows]] > 0).any():
        return
    pairs, size = np.flatnonzero(kept), mdp.number_of_states
    rewards = mdp.expected_rewards.ravel()[pairs]
    rewards = rewards / (np.abs(rewards).max() or 1.0)
    here = sparse.csr_array(sparse.eye_array(size))[pairs // mdp.number_of_actions]
    gain = -np.ones((len(pairs), 1))
    solved = linprog(
        np.append(np.zeros(size), 1.0),
        A_ub=sparse.hstack([mdp.transitions[pairs] - here, gain], format="csc"),
        b_ub=-rewards,
        bounds=(None, None),
    )
    if solved.success and solved.fun < -NOTHING:
        return
    attained = np.zeros_like(kept)
    attained[pairs] = solved.slack <= NOTHING if solved.success else True
    attained = endless_actions(mdp, attained.reshape(mdp.possible.shape)).ravel()
    for row in rows[attained[rows] & (mdp.rewards != 0)][:1].tolist():
        state = mdp.state_names[row // mdp.number_of_actions]
        raise ModelError(
            f"{ENDLESS}: from state {state!r} the rewards go on for ever without a loss; allowed: "
            "a discount below 1, or a model in which going on for ever costs"
        )


def endless_actions(mdp: MDP, allowed: np.ndarray) -> np.ndarray:
    """Return the allowed actions that can be repeated for ever.

    They form end components, never left, in which every state is reached from every other.
    Source: L. de Alfaro, Formal verification of probabilistic systems, 1997, section 3.3.
    """
    rows, size = mdp.rows, mdp.number_of_states
    states, successors = rows // mdp.number_of_actions, mdp.transitions.indices
    while True:
        kept = lasting(mdp, allowed).ravel()
        edges = kept[rows]
        graph = sparse.csr_array(
            (np.ones(edges.sum(), np.int8), (states[edges], successors[edges])), (size, size)
        )
        _, component = connected_components(graph, connection="strong")
        leaving = edges & (component[states] != component[successors])
        if not leaving.any():
            return kept.reshape(allowed.shape)
        kept[rows[leaving]] = False
        allowed = kept.reshape(allowed.shape)
