"""Discount 1: which models have finite values, and policies that come to rest.

Without discount a return is the sum of all rewards, for ever. An agent is at rest where it goes on
for reward 0 alone: in an absorbing state, or anywhere else that it can stay for nothing. All
returns that matter are finite, and all solvers find the same values, if

1. from every state some policy surely comes to rest (otherwise a value is -∞), and
2. going on for ever without rest costs, on average over time (otherwise a value is +∞, or the sum
   of the rewards never settles).

Source: D. P. Bertsekas and J. N. Tsitsiklis, An analysis of stochastic shortest path problems,
1991; M. L. Puterman, Markov Decision Processes, 1994, section 9.3, for the linear program. Axes: S
states, A actions, N transitions.
"""

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from reprise.tabular.kernels import reach, stay
from reprise.tabular.model import MDP
from reprise.tabular.names import ModelError

NOTHING = 1e-6  # of the largest reward: the linear program is exact to a tenth of it


def check_discount(discount: float) -> None:
    """Raise a ModelError unless the discount γ is from 0 to 1."""
    if not 0 <= discount <= 1:
        raise ModelError(f"discount is {discount}; allowed: from 0 to 1")


def check_solvable(mdp: MDP, discount: float) -> None:
    """Raise a ModelError unless the discount γ is below 1, or 1 and all values are finite."""
    check_discount(discount)
    if discount == 1:
        proper_policy(mdp)
        check_costs(mdp)


def absorbing_states(mdp: MDP) -> np.ndarray:
    """Return where every possible action leads back to the state itself with reward 0, bool [S]."""
    starts = mdp.row_starts[:: mdp.number_of_actions].astype(np.int64)  # [S + 1]
    states = np.repeat(np.arange(mdp.number_of_states), np.diff(starts))
    leaves = (mdp.successors != states) | (mdp.rewards != 0)
    return ~np.logical_or.reduceat(leaves, starts[:-1])


def first_state(mdp: MDP, name: str) -> int:
    """Return the index of a state in which an agent can begin to learn.

    Raises:
        ModelError: if the state is unknown, or absorbing: nothing happens there.
    """
    state, absorbing = mdp.state(name), absorbing_states(mdp)
    if absorbing[state]:
        others = [mdp.state_names[int(other)] for other in np.flatnonzero(~absorbing)[:6]]
        raise ModelError(
            f"start state {name!r} is absorbing; allowed: {', '.join(others) or 'none'}"
        )
    return state


def only(mdp: MDP, policy: np.ndarray) -> np.ndarray:
    """Return the pairs of state and action that a policy takes, bool [S, A]."""
    taken = np.zeros_like(mdp.possible)
    taken[np.arange(mdp.number_of_states), policy] = True
    return taken


def resting_actions(mdp: MDP, allowed: np.ndarray) -> np.ndarray:
    """Return the actions that keep to reward 0 for ever, bool [S, A], of those allowed, [S, A]."""
    free = allowed.copy()
    free.ravel()[_rows(mdp)[mdp.rewards != 0]] = False
    stay(mdp.row_starts, mdp.successors, free)
    return free


def ways_to_rest(
    mdp: MDP, allowed: np.ndarray, resting: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a policy of allowed actions, int64 [S], and the states from which it comes to rest.

    Args:
        mdp: the model.
        allowed: the actions to choose from, bool [S, A].
        resting: those by which to stay at rest, bool [S, A].
    """
    reached, policy = np.asarray(resting.any(axis=1)), np.argmax(resting, axis=1)
    reach(mdp.row_starts, mdp.successors, allowed, reached, policy)
    return policy, reached


def proper_policy(mdp: MDP, policy: np.ndarray | None = None) -> np.ndarray:
    """Return a policy that surely comes to rest from everywhere, int64 [S].

    Args:
        mdp: the model.
        policy: the actions to which to keep, [S]; all that are possible if it is None.

    Raises:
        ModelError: if there is none, naming the first state from which it does not.
    """
    allowed = mdp.possible if policy is None else only(mdp, policy)
    proper, reached = ways_to_rest(mdp, allowed, resting_actions(mdp, allowed))
    if not reached.all():
        state = mdp.state_names[int(np.argmin(reached))]
        who = "no policy leads" if policy is None else "the policy does not lead"
        raise ModelError(
            f"discount is 1 and cannot converge: {who} from state {state!r} to an absorbing "
            "state of reward 0; allowed: a discount below 1, or a model whose episodes end"
        )
    return proper


def check_costs(mdp: MDP) -> None:
    """Check that whoever goes on for ever without coming to rest loses by it.

    The linear program finds the largest reward a step, on average, of going on for ever: the least
    g for which some h has g + h(s) ≥ R(s, a) + Σ_s' T(s, a, s') h(s'). Where g is attained, both
    sides are equal.

    Raises:
        ModelError: if it is not so, naming a state.
    """
    if not (mdp.rewards > 0).any():
        return
    kept = endless_actions(mdp, mdp.possible)
    rows = _rows(mdp)
    if not (mdp.rewards[kept.ravel()[rows]] > 0).any():
        return
    pairs = np.flatnonzero(kept)
    size = mdp.number_of_states
    rewards = mdp.expected_rewards.ravel()[pairs]
    rewards = rewards / np.abs(rewards).max(initial=0.0) if rewards.any() else rewards
    here = sparse.csr_array(
        (np.ones(len(pairs)), (np.arange(len(pairs)), pairs // mdp.number_of_actions)),
        shape=(len(pairs), size),
    )
    leading = _matrix(mdp)[pairs] - here
    solved = linprog(
        np.append(np.zeros(size), 1.0),
        A_ub=sparse.hstack([leading, -np.ones((len(pairs), 1))], format="csc"),
        b_ub=-rewards,
        bounds=(None, None),
    )
    if not solved.success or solved.fun >= -NOTHING:
        attained = np.zeros_like(kept)
        slack = solved.slack if solved.success else np.zeros(len(pairs))
        attained.ravel()[pairs] = slack <= NOTHING
        paid = endless_actions(mdp, attained).ravel()[rows] & (mdp.rewards != 0)
        if paid.any():
            state = mdp.state_names[int(rows[np.argmax(paid)] // mdp.number_of_actions)]
            raise ModelError(
                f"discount is 1 and cannot converge: from state {state!r} rewards can be had for "
                "ever without a loss; allowed: a discount below 1, or a model in which going on "
                "for ever costs"
            )


def endless_actions(mdp: MDP, allowed: np.ndarray) -> np.ndarray:
    """Return the allowed actions that can be taken again and again for ever, bool [S, A].

    They form the end components: sets of states that are never left, in which every state is
    reached from every other. Source: L. de Alfaro, Formal verification of probabilistic systems,
    1997, section 3.3.
    """
    kept, rows = allowed.copy(), _rows(mdp)
    states = rows // mdp.number_of_actions
    while True:
        stay(mdp.row_starts, mdp.successors, kept)
        edges = kept.ravel()[rows]
        graph = sparse.csr_array(
            (np.ones(edges.sum(), np.int8), (states[edges], mdp.successors[edges])),
            shape=(mdp.number_of_states,) * 2,
        )
        _, component = connected_components(graph, connection="strong")
        leaving = edges & (component[states] != component[mdp.successors])
        if not leaving.any():
            return kept
        kept.ravel()[rows[leaving]] = False


def _rows(mdp: MDP) -> np.ndarray:
    """Return the row s·A + a of each transition, int64 [N]."""
    return np.repeat(np.arange(mdp.possible.size), np.diff(mdp.row_starts.astype(np.int64)))


def _matrix(mdp: MDP) -> sparse.csr_array:
    """Return the transition probabilities of all pairs, [S·A, S]."""
    indices = mdp.successors.astype(np.int64), mdp.row_starts.astype(np.int64)
    return sparse.csr_array(
        (mdp.probabilities, *indices), shape=(mdp.possible.size, mdp.number_of_states)
    )
