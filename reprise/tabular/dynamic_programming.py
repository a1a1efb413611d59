"""Dynamic programming: the optimal values of a known model, and the values of a policy.

The Bellman optimality equation, and the algorithms that turn it into an assignment:

    V*(s) = max_a Q*(s, a),    Q*(s, a) = Σ_s' T(s, a, s') [R(s, a, s') + γ V*(s')]

Source: R. S. Sutton and A. G. Barto, Reinforcement Learning, 2018, chapter 4; M. L. Puterman,
Markov Decision Processes, 1994, chapter 6. Axes: S states, A actions.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, sparse
from scipy.sparse.linalg import spsolve

from reprise.tabular import tolerances, undiscounted
from reprise.tabular.mdp import MDP, numbers
from reprise.tabular.names import ModelError
from reprise.tabular.tolerances import ConvergenceError, largest, not_converged, settled
from reprise.tabular.undiscounted import check_discount, check_solvable, only, proper_policy

EVALUATED = 0.1  # of the improvement's span: the policy changes again, more precision is wasted
MOST_POLICIES = 1000  # policy iteration needs a handful


class Solution(NamedTuple):
    """The result of a solver."""

    values: np.ndarray  # V*, float64 [S]
    policy: np.ndarray  # greedy with regard to values, int64 [S]
    sweeps: int  # Bellman backups of all states; for policy iteration, policies evaluated
    residual: float  # the largest change of a value in the last of them


def q_values(mdp: MDP, values: np.ndarray, discount: float) -> np.ndarray:
    """Return Q(s, a) = R(s, a) + γ Σ_s' T(s, a, s') V(s'), [S, A], -∞ for impossible actions."""
    next_values = mdp.transitions @ values  # [S·A]
    return mdp.expected_rewards + discount * next_values.reshape(mdp.possible.shape)


def value_iteration(mdp: MDP, discount: float, tolerance: float, max_sweeps: int) -> Solution:
    """Sweep V(s) ← max_a Σ_s' T(s, a, s') [R(s, a, s') + γ V(s')] from V = 0 until it is V*.

    With a discount of 1 and rewards of both signs, from `first_values` instead.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> value_iteration(mdp, discount=0.9, tolerance=1e-6, max_sweeps=1000).values.round(2).tolist()
    [18.92, 0.0, 50.13]

    Args:
        mdp: the model.
        discount: γ; 1 only for models that `undiscounted` allows.
        tolerance: the largest error of a value, relative to the largest reward where that is below
            1: sweeps end when no value changes by tolerance·(1 - γ)/γ. With a discount of 1 no such
            bound exists, and they end when none changes by the tolerance itself.
        max_sweeps: how many sweeps to wait for that.

    Raises:
        ModelError: if the discount is not possible.
        ConvergenceError: if the values do not settle in so many sweeps.
    """
    values, change = first_values(mdp, discount), np.zeros(mdp.number_of_states)
    enough = tolerances.smallest_change(mdp, discount, tolerance)
    for sweep in range(1, max_sweeps + 1):
        new = q_values(mdp, values, discount).max(axis=1)
        change, values = new - values, new
        if settled(change, enough, values):
            return Solution(values, policy_of(mdp, values, discount), sweep, largest(change))
    raise not_converged(mdp, discount, max_sweeps, enough, change)


def q_value_iteration(mdp: MDP, discount: float, sweeps: int) -> np.ndarray:
    """Sweep Q(s, a) ← Σ_s' T(s, a, s') [R(s, a, s') + γ max_a' Q(s', a')] and keep every sweep.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> q_value_iteration(mdp, discount=0.9, sweeps=50)[-1].round(2).tolist()
    [[18.92, 17.03, 13.62], [0.0, -inf, -4.88], [-inf, 50.13, -inf]]

    The result is of before the first sweep and after each, float64 [sweeps + 1, S, A].
    """
    history = np.empty((sweeps + 1, *mdp.possible.shape))
    history[0] = first_q_values(mdp, discount)
    for sweep in range(sweeps):
        history[sweep + 1] = q_values(mdp, history[sweep].max(axis=1), discount)
    return history


def converged_q_value_iteration(
    mdp: MDP, discount: float, tolerance: float, max_sweeps: int
) -> Solution:
    """Sweep as `q_value_iteration`, until Q is Q*; arguments and errors as of `value_iteration`."""
    q = first_q_values(mdp, discount)
    enough, change = tolerances.smallest_change(mdp, discount, tolerance), np.zeros(q.shape)
    for sweep in range(1, max_sweeps + 1):
        new = q_values(mdp, q.max(axis=1), discount)
        np.subtract(new, q, out=change, where=mdp.possible)
        q, values = new, new.max(axis=1)
        if settled(change, enough, values):
            return Solution(values, policy_of(mdp, values, discount), sweep, largest(change))
    raise not_converged(mdp, discount, max_sweeps, enough, np.abs(change).max(axis=1))


def policy_evaluation(mdp: MDP, policy: ArrayLike, discount: float) -> np.ndarray:
    """Solve V = R_π + γ T_π V exactly, as a sparse linear system.

    The policy π is an action for each state, [S]. A discount γ of 1 is only for a policy that ends
    everywhere at rest (see `undiscounted`).

    Raises:
        ModelError: if the discount or an action is not possible.
    """
    check_discount(discount)
    actions = checked_policy(mdp, policy)
    transitions, rewards = followed(mdp, actions)
    if discount == 1:
        proper_policy(mdp, actions)
        resting = undiscounted.resting_actions(mdp, only(mdp, actions)).any(axis=1)  # V = 0
        transitions = sparse.diags_array((~resting).astype(float)) @ transitions
    system = sparse.eye_array(len(actions), format="csc") - discount * transitions
    return np.asarray(spsolve(system.tocsc(), rewards)).reshape(len(actions))


def policy_iteration(mdp: MDP, discount: float, max_policies: int = MOST_POLICIES) -> Solution:
    """Find V* by evaluating a policy exactly and improving it, until no action is better.

    A discount γ of 1 is only for models that `undiscounted` allows.

    Raises:
        ModelError: if the discount is not possible.
        ConvergenceError: if that many policies do not suffice.
    """
    check_solvable(mdp, discount)
    policy = proper_policy(mdp) if discount == 1 else tolerances.greedy_policy(mdp.expected_rewards)
    states = np.arange(mdp.number_of_states)
    for count in range(1, max_policies + 1):
        values = policy_evaluation(mdp, policy, discount)
        best = best_actions(mdp, values, discount)
        kept = best[states, policy]  # an action that ties is no better: no going in circles
        if kept.all():
            residual = largest(q_values(mdp, values, discount).max(axis=1) - values)
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
    then lies between two bounds. The result is their middle (Puterman, 1994, section 6.6.3), and
    the residual is half the span. The discount is below 1; there are at most so many improvements.
    Other arguments and errors are those of `value_iteration`.
    """
    check_discount(discount)
    if discount == 1:
        raise ModelError(
            "discount is 1; allowed for modified policy iteration: below 1 "
            "(value iteration and policy iteration take 1 where episodes end)"
        )
    enough = tolerances.smallest_change(mdp, discount, tolerance)
    lowest = np.where(mdp.possible, mdp.expected_rewards, np.inf).min() / (1 - discount)
    values = np.full(mdp.number_of_states, lowest)  # from below, every step is upward
    sweeps, improvement = 0, np.zeros(mdp.number_of_states)
    for _ in range(max_sweeps):
        q = q_values(mdp, values, discount)
        policy, improved = q.argmax(axis=1), q.max(axis=1)
        improvement, values = improved - values, improved
        sweeps += 1
        low, high = improvement.min(), improvement.max()
        if high - low <= enough or settled(high, 0.0, values):  # from below, no change is downward
            values = values + discount / (1 - discount) * (low + high) / 2
            return Solution(values, policy, sweeps, float(high - low) / 2)
        transitions, rewards = followed(mdp, policy)
        for _ in range(evaluation_sweeps):
            new = rewards + discount * (transitions @ values)
            change, values = new - values, new
            sweeps += 1
            if np.ptp(change) <= EVALUATED * (high - low):
                break
    raise not_converged(mdp, discount, max_sweeps, enough, improvement)


def optimal_q_values(mdp: MDP, discount: float) -> np.ndarray:
    """Return Q*, exact except for rounding, float64 [S, A], -∞ for impossible actions."""
    return q_values(mdp, policy_iteration(mdp, discount).values, discount)


def switching_discount(
    mdp: MDP, state: int, action_a: int, action_b: int, bracket: tuple[float, float]
) -> float:
    """Return the discount γ at which Q*(s, a) = Q*(s, b), and the optimal policy changes.

    One action is better at one end of the bracket, the other at the other; γ is good to about 12
    digits.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> round(switching_discount(mdp, 1, 0, 2, bracket=(0.9, 0.99)), 6)
    0.947633

    Raises:
        ModelError: if an action is impossible, or one of them is better at both ends.
    """
    names = [mdp.action_names[action] for action in (action_a, action_b)]
    for name in names:
        mdp.pair(mdp.state_names[state], name)  # an error if it is impossible

    def advantage(discount: float) -> float:
        q = optimal_q_values(mdp, discount)[state]
        return float(q[action_a] - q[action_b])

    ends = [advantage(discount) for discount in bracket]
    if np.sign(ends[0]) == np.sign(ends[1]):
        raise ModelError(
            f"state {mdp.state_names[state]!r}, actions {names[0]!r} and {names[1]!r}: the "
            f"Q-values differ by {ends[0]:.6g} and {ends[1]:.6g} at discounts {bracket[0]} and "
            f"{bracket[1]}; allowed: a bracket in which the sign changes"
        )
    return optimize.root_scalar(advantage, bracket=bracket, xtol=1e-13, rtol=1e-13).root


def best_actions(mdp: MDP, values: np.ndarray, discount: float) -> np.ndarray:
    """Return where an action attains max_a Q(s, a), to rounding, bool [S, A]."""
    return tolerances.near_best(
        q_values(mdp, values, discount), tolerances.least_value(mdp, values)
    )


def policy_of(mdp: MDP, values: np.ndarray, discount: float) -> np.ndarray:
    """Return a greedy policy, int64 [S]: of actions that tie, the first.

    With a discount of 1 the first may lead round in circles, and the policy must end at rest.
    Inexact values may separate actions that tie, so the tie widens until there is such a policy.
    """
    q, least = q_values(mdp, values, discount), tolerances.least_value(mdp, values)
    if discount < 1:
        return np.argmax(tolerances.near_best(q, least), axis=1)
    tie, reached, policy = tolerances.TIE, np.zeros(1, bool), np.empty(0)
    while not reached.all():
        near, worthless = tolerances.near_best(q, least, tie), np.abs(values) <= tie * least
        resting = undiscounted.resting_actions(mdp, near & worthless[:, np.newaxis])
        policy, reached = undiscounted.ways_to_rest(mdp, near, resting)
        tie *= 10
    return policy


def followed(mdp: MDP, actions: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """Return T_π, [S, S], and R_π, [S], of a policy of possible actions, [S]."""
    states = np.arange(mdp.number_of_states)
    transitions = mdp.transitions[states * mdp.number_of_actions + actions]
    return transitions, mdp.expected_rewards[states, actions]


def checked_policy(mdp: MDP, policy: ArrayLike) -> np.ndarray:
    """Return the policy as an array, int64 [S], or a ModelError that names the state."""
    actions = numbers("policy", policy, dtype=None)
    if actions.shape != (mdp.number_of_states,) or actions.dtype.kind not in "iu":
        raise ModelError(
            f"policy has shape {actions.shape} and type {actions.dtype}; allowed: "
            f"{(mdp.number_of_states,)}, integers"
        )
    possible = (only(mdp, actions) & mdp.possible).any(axis=1)
    for state in np.flatnonzero(~possible)[:1]:
        allowed = ", ".join(map(str, np.flatnonzero(mdp.possible[state])))
        raise ModelError(
            f"state {mdp.state_names[int(state)]!r}: the policy's action {actions[state]} is "
            f"impossible; allowed: {allowed}"
        )
    return actions.astype(np.int64)


def first_values(mdp: MDP, discount: float) -> np.ndarray:
    """Return the values from which value iteration starts, float64 [S]: 0, if that is safe.

    With a discount of 1 and rewards of both signs, a value may not start above V*. A finite horizon
    can take a reward and end before it is paid for, and a circle of reward 0 keeps such a value for
    ever. The values of a policy that ends at rest are below V*.
    """
    check_solvable(mdp, discount)
    if discount == 1 and (mdp.rewards > 0).any() and (mdp.rewards < 0).any():
        return policy_evaluation(mdp, proper_policy(mdp), discount)
    return np.zeros(mdp.number_of_states)


def first_q_values(mdp: MDP, discount: float) -> np.ndarray:
    """Return the Q-values from which Q-value iteration starts, as `first_values`, [S, A]."""
    return np.where(mdp.possible, first_values(mdp, discount)[:, np.newaxis], -np.inf)
