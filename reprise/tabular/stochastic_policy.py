"""Policies that draw their actions, and the model that is left when one is followed.

Axes: S states, A actions.
"""

import numpy as np
from numpy.typing import ArrayLike

from reprise.tabular.model import MDP, check_sums, from_transitions, normalised, numbers
from reprise.tabular.names import ModelError
from reprise.tabular.policy_iteration import policy_evaluation


def uniform_policy(mdp: MDP) -> np.ndarray:
    """Return π(a | s), the same for each possible action of a state, float64 [S, A]."""
    return mdp.possible / mdp.possible.sum(axis=1, keepdims=True)


def following(mdp: MDP, policy: ArrayLike) -> MDP:
    """Return the model that following a policy leaves: T(s, s') = Σ_a π(a | s) T(s, a, s').

    It has one action, "follow". Transitions that differ in their rewards stay apart.

    Args:
        mdp: the model.
        policy: π(a | s), [S, A].

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
            f"state {mdp.state_names[int(state)]!r}, action {mdp.action_names[int(action)]!r}: "
            f"the policy's probability is {weights[state, action]}; allowed: {allowed}"
        )
    sums = weights.sum(axis=1)
    check_sums(sums, lambda state: f"state {mdp.state_names[state]!r}: the policy's probabilities")
    weights = normalised(weights, sums[:, np.newaxis])
    rows = np.repeat(np.arange(weights.size), np.diff(mdp.row_starts.astype(np.int64)))  # s·A + a
    return from_transitions(
        rows // mdp.number_of_actions,
        np.zeros(len(rows), np.int64),
        mdp.successors,
        mdp.probabilities * weights.ravel()[rows],
        mdp.rewards,
        shape=(mdp.number_of_states, 1),
        state_names=mdp.state_names,
        action_names=["follow"],
    )


def evaluate(mdp: MDP, policy: ArrayLike, discount: float) -> np.ndarray:
    """Solve V(s) = Σ_a π(a | s) Σ_s' T(s, a, s') [R(s, a, s') + γ V(s')] as a linear system.

    Args:
        mdp: the model.
        policy: π(a | s), [S, A].
        discount: γ; 1 only where the policy reaches an absorbing state from everywhere.

    Returns:
        V_π, float64 [S].

    Raises:
        ModelError: as `following`, and if the discount is not possible.
    """
    followed = following(mdp, policy)
    return policy_evaluation(followed, np.zeros(mdp.number_of_states, np.int64), discount)
