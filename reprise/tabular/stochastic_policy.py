"""Policies that draw their actions, and the model of an agent that follows one.

Axes: S states, A actions.
"""

import numpy as np
from numpy.typing import ArrayLike

from reprise.tabular.dynamic_programming import policy_evaluation
from reprise.tabular.mdp import MDP, divisors, from_transitions, numbers
from reprise.tabular.names import ModelError


def uniform_policy(mdp: MDP) -> np.ndarray:
    """Return π(a | s), the same for each possible action of a state, float64 [S, A]."""
    return mdp.possible / mdp.possible.sum(axis=1, keepdims=True)


def following(mdp: MDP, policy: ArrayLike) -> MDP:
    """Return the model of an agent that follows a policy: T(s, s') = Σ_a π(a | s) T(s, a, s').

    The policy is π(a | s), [S, A]. The model has one action, "follow". Transitions that differ in
    their rewards stay apart.

    Raises:
        ModelError: if the probabilities of a state's possible actions do not sum to 1.
    """
    weights = numbers("policy", policy)
    if weights.shape != mdp.possible.shape:
        raise ModelError(f"policy has shape {weights.shape}; allowed: {mdp.possible.shape}")
    wrong = ~((weights >= 0) & (weights <= 1)) | (~mdp.possible & (weights != 0))
    for state, action in np.argwhere(wrong)[:1]:
        allowed = "from 0 to 1" if mdp.possible[state, action] else "0, the action being impossible"
        raise ModelError(
            f"{mdp.place(state, action)}: the policy's probability is {weights[state, action]}; "
            f"allowed: {allowed}"
        )
    divide = divisors(
        weights.sum(axis=1), lambda s: f"state {mdp.state_names[s]!r}: the policy's probabilities"
    )
    weights, rows = (weights / divide[:, np.newaxis]).ravel(), mdp.rows
    return from_transitions(
        rows // mdp.number_of_actions,
        np.zeros(len(rows), np.int64),
        mdp.transitions.indices,
        mdp.transitions.data * weights[rows],
        mdp.rewards,
        shape=(mdp.number_of_states, 1),
        state_names=mdp.state_names,
        action_names=["follow"],
    )


def evaluate(mdp: MDP, policy: ArrayLike, discount: float) -> np.ndarray:
    """Solve V(s) = Σ_a π(a | s) Σ_s' T(s, a, s') [R(s, a, s') + γ V(s')], float64 [S].

    The policy is π(a | s), [S, A]. A discount γ of 1 is only for a policy that ends at rest from
    every state.

    Raises:
        ModelError: as `following`, and if the discount is not possible.
    """
    follow = np.zeros(mdp.number_of_states, np.int64)
    return policy_evaluation(following(mdp, policy), follow, discount)
