"""Policy iteration: evaluate a policy, exactly or by a few sweeps, and improve it.

Source: R. S. Sutton and A. G. Barto, Reinforcement Learning, 2018, chapter 4; M. L. Puterman,
Markov Decision Processes, 1994, chapter 6. Axes: S states, A actions.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import spsolve

from reprise.tabular.bellman import (
    ConvergenceError,
    Solution,
    best_actions,
    checked_policy,
    greedy_policy,
    model_arrays,
    not_converged,
    q_values,
    settled,
    smallest_change,
)
from reprise.tabular.kernels import (
    back_up_states,
    evaluate_once,
    gather_policy,
    over_blocks,
    spread,
)
from reprise.tabular.model import MDP
from reprise.tabular.names import ModelError
from reprise.tabular.undiscounted import (
    check_discount,
    check_solvable,
    only,
    proper_policy,
    resting_actions,
)

EVALUATED = 0.1  # of the improvement's span: the policy changes again, more precision is wasted


def policy_evaluation(mdp: MDP, policy: ArrayLike, discount: float) -> np.ndarray:
    """Solve V = R_π + γ T_π V exactly, as a sparse linear system.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> policy_evaluation(mdp, [0, 0, 1], discount=0.9).round(2).tolist()
    [18.92, 0.0, 50.13]

    Args:
        mdp: the model.
        policy: π, an action for each state, [S].
        discount: γ; 1 only for a policy that comes to rest from everywhere (see `undiscounted`).

    Returns:
        V_π, float64 [S].

    Raises:
        ModelError: if the discount or an action is not possible.
    """
    check_discount(discount)
    actions = checked_policy(mdp, policy)
    size = mdp.number_of_states
    row_starts, successors = mdp.row_starts.astype(np.int64), mdp.successors.astype(np.int64)
    every_pair = sparse.csr_array(
        (mdp.probabilities, successors, row_starts), shape=(mdp.possible.size, size)
    )
    states = np.arange(size)
    transitions = every_pair[states * mdp.number_of_actions + actions]  # [S, S]
    rewards = mdp.expected_rewards[states, actions]
    if discount == 1:
        proper_policy(mdp, actions)
        moving = ~resting_actions(mdp, only(mdp, actions)).any(axis=1)  # at rest, V = 0
        transitions = sparse.diags_array(moving.astype(float)) @ transitions
    system = sparse.eye_array(size, format="csc") - discount * transitions
    return np.asarray(spsolve(system.tocsc(), rewards)).reshape(size)


def first_values(mdp: MDP, discount: float) -> np.ndarray:
    """Return the values from which value iteration starts, float64 [S]: 0, if that is safe.

    With a discount of 1 and rewards of both signs, a value may not start above V*. A finite horizon
    can take a reward and end before it is paid for, and a circle of reward 0 keeps such a value for
    ever. The values of a policy that comes to rest are below V*.
    """
    mixed = (mdp.rewards > 0).any() and (mdp.rewards < 0).any()
    if discount == 1 and mixed:
        return policy_evaluation(mdp, proper_policy(mdp), discount)
    return np.zeros(mdp.number_of_states)


def policy_iteration(mdp: MDP, discount: float, max_policies: int) -> Solution:
    """Find V* by evaluating a policy exactly and improving it, until no action is better.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> policy_iteration(mdp, discount=0.9, max_policies=10).policy.tolist()
    [0, 0, 1]

    Args:
        mdp: the model.
        discount: γ; 1 only for models that `undiscounted` allows.
        max_policies: how many policies to evaluate.

    Raises:
        ModelError: if the discount is not possible.
        ConvergenceError: if that many policies do not suffice.
    """
    check_solvable(mdp, discount)
    policy = proper_policy(mdp) if discount == 1 else greedy_policy(mdp.expected_rewards)
    states = np.arange(mdp.number_of_states)
    for count in range(1, max_policies + 1):
        values = policy_evaluation(mdp, policy, discount)
        best = best_actions(mdp, values, discount)
        kept = best[states, policy]  # an action that ties is no better: no going in circles
        if kept.all():
            residual = float(np.abs(q_values(mdp, values, discount).max(axis=1) - values).max())
            # among ties without discount, only the policy that was evaluated is known to end
            policy = policy if discount == 1 else np.argmax(best, axis=1)
            return Solution(values, policy, count, residual)
        policy = np.where(kept, policy, np.argmax(best, axis=1))
    raise ConvergenceError(
        f"discount {discount}: the policy still changes after {max_policies} evaluations; "
        "allowed: a policy that stays"
    )


def modified_policy_iteration(
    mdp: MDP, discount: float, tolerance: float, evaluation_sweeps: int, max_sweeps: int
) -> Solution:
    """Find V* by improving the policy and evaluating it by a few sweeps only, fast on large models.

    Improvements end when the span of their changes, max - min, is at most tolerance·(1 - γ)/γ; V*
    then lies between two bounds, of which the middle is returned (Puterman, 1994, section 6.6.3),
    and the residual is half the span.

    Args:
        mdp: the model.
        discount: γ, below 1.
        tolerance: the largest error of a value, relative to the largest reward where that is below
            1.
        evaluation_sweeps: the most sweeps of evaluation after an improvement.
        max_sweeps: how many improvements to wait for.

    Raises:
        ModelError: if the discount is not possible.
        ConvergenceError: if the sweeps are used up.
    """
    check_discount(discount)
    if discount == 1:
        raise ModelError(
            "discount is 1; allowed for modified policy iteration: below 1 "
            "(value iteration and policy iteration take 1 where episodes end)"
        )
    enough = smallest_change(mdp, discount, tolerance)
    lowest = np.where(mdp.possible, mdp.expected_rewards, np.inf).min() / (1 - discount)
    values = np.full(mdp.number_of_states, lowest)  # from below, every step is upward
    new, policy = np.empty_like(values), np.empty(mdp.number_of_states, np.int64)
    model, chain = model_arrays(mdp), _room_for_a_policy(mdp)
    sweeps = 0
    with over_blocks(mdp.number_of_states) as run:
        for _ in range(max_sweeps):
            low, high = spread(run(back_up_states, *model, discount, values, new, policy))
            sweeps += 1
            span = high - low
            if span <= enough or settled(high, 0.0, new):  # from below, no change is downward
                new += discount / (1 - discount) * (low + high) / 2
                return Solution(new, policy, sweeps, span / 2)
            run(gather_policy, *model, policy, *chain)
            for _ in range(evaluation_sweeps):
                values, new = new, values
                low, high = spread(run(evaluate_once, *chain, discount, values, new))
                sweeps += 1
                if high - low <= EVALUATED * span:
                    break
            values, new = new, values
        run(back_up_states, *model, discount, values, new, policy)
    raise not_converged(mdp, discount, max_sweeps, enough, new - values)


def _room_for_a_policy(mdp: MDP) -> tuple[np.ndarray, ...]:
    """Make room for a policy's transitions, M at most, once for all policies.

    Returns:
        Where each state's transitions begin and end [S], successors [M], probabilities [M],
        expected rewards [S].
    """
    size = mdp.number_of_states
    longest = np.diff(mdp.row_starts).reshape(mdp.possible.shape).max(axis=1)
    starts = np.zeros(size, np.uint64)
    np.cumsum(longest[:-1], out=starts[1:])
    room = int(longest.sum())
    return starts, starts.copy(), np.empty(room, np.uint32), np.empty(room), np.empty(size)
