"""Dynamic programming: optimal values, and those of a policy.

    V*(s) = max_a Q*(s, a)
    Q*(s, a) = Σ_s' T(s, a, s') [R(s, a, s') + γ V*(s')]

These are the Bellman optimality equations. Value iteration turns them into assignments.

A discount γ of 1 needs a model in which every episode ends, or in which the best policies end
episodes and endless ones only lose.

Axes: S states, A actions.

Source: R. S. Sutton and A. G. Barto, Reinforcement Learning, 2018, chapter 4; M. L. Puterman,
    Markov Decision Processes, 1994, chapter 6.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, sparse
from scipy.sparse.linalg import spsolve

from reprise.tabular import tolerances
from reprise.tabular.mdp import MDP, numbers
from reprise.tabular.names import ModelError
from reprise.tabular.tolerances import ConvergenceError, largest, not_converged, settled

EVALUATED = 0.1  # precision, relative to the improvement: the policy will change again anyway
MOST_POLICIES = 1000  # policy iteration needs a handful
LIMIT = 1 - 1e-12  # replaces a discount of 1 in linear systems, which are then never singular
LONGEST = 1e9  # steps of an episode; the values of longer ones are those of LIMIT, not of 1


class Solution(NamedTuple):
    """The result of a solver."""

    values: np.ndarray  # V*, float64 [S]
    policy: np.ndarray  # greedy with respect to the values, int64 [S]
    sweeps: int  # updates of all states; in policy iteration, evaluated policies
    residual: float  # the largest change of a value in the last sweep


def q_values(mdp: MDP, values: np.ndarray, discount: float) -> np.ndarray:
    """Compute R(s, a) + γ E[V(s')], [S, A]."""
    next_values = mdp.transitions @ values  # [S·A]
    return mdp.expected_rewards + discount * next_values.reshape(mdp.possible.shape)


def value_iteration(mdp: MDP, discount: float, tolerance: float, max_sweeps: int) -> Solution:
    """Find V* by sweeps of the Bellman optimality equation.

        V(s) ← max_a Σ_s' T(s, a, s') [R(s, a, s') + γ V(s')],    V = 0 at first

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> value_iteration(mdp, discount=0.9, tolerance=1e-6, max_sweeps=1000).values.round(2).tolist()
    [18.92, 0.0, 50.13]

    `tolerance` bounds the error of each value. With a discount of 1 it bounds only the last change.
    """
    values = change = np.zeros(mdp.number_of_states)
    enough = tolerances.smallest_change(discount, tolerance)
    for sweep in range(1, max_sweeps + 1):
        new = q_values(mdp, values, discount).max(axis=1)
        change, values = new - values, new
        if settled(change, enough, values):
            policy = greedy_policy(q_values(mdp, values, discount))
            return Solution(values, policy, sweep, largest(change))
    raise not_converged(mdp, discount, max_sweeps, enough, change)


def q_value_iteration(mdp: MDP, discount: float, sweeps: int) -> np.ndarray:
    """Sweep over Q-values, and return all sweeps [sweeps+1, S, A].

        Q(s, a) ← Σ_s' T(s, a, s') [R(s, a, s') + γ max_a' Q(s', a')],    Q = 0 at first

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> q_value_iteration(mdp, discount=0.9, sweeps=50)[-1].round(2).tolist()
    [[18.92, 17.03, 13.62], [0.0, -inf, -4.88], [-inf, 50.13, -inf]]
    """
    history = np.empty((sweeps + 1, *mdp.possible.shape))
    history[0] = np.where(mdp.possible, 0.0, -np.inf)
    for sweep in range(sweeps):
        history[sweep + 1] = q_values(mdp, history[sweep].max(axis=1), discount)
    return history


def converged_q_value_iteration(
    mdp: MDP, discount: float, tolerance: float, max_sweeps: int
) -> Solution:
    """Sweep over Q-values until they converge, as `value_iteration` does."""
    q = q_value_iteration(mdp, discount, sweeps=0)[0]
    enough, change = tolerances.smallest_change(discount, tolerance), np.zeros(q.shape)
    for sweep in range(1, max_sweeps + 1):
        new = q_values(mdp, q.max(axis=1), discount)
        np.subtract(new, q, out=change, where=mdp.possible)
        q, values = new, new.max(axis=1)
        if settled(change, enough, values):
            policy = greedy_policy(q_values(mdp, values, discount))
            return Solution(values, policy, sweep, largest(change))
    raise not_converged(mdp, discount, max_sweeps, enough, np.abs(change).max(axis=1))


def policy_evaluation(mdp: MDP, policy: ArrayLike, discount: float) -> np.ndarray:
    """Solve V = R_π + γ T_π V exactly."""
    values = solved(mdp, checked_policy(mdp, policy), discount)
    check_bounded(mdp, values, discount)
    return values


def policy_iteration(mdp: MDP, discount: float, max_policies: int = MOST_POLICIES) -> Solution:
    """Evaluate and improve a policy, until no action is better."""
    policy = greedy_policy(mdp.expected_rewards)
    states = np.arange(mdp.number_of_states)
    for count in range(1, max_policies + 1):
        values = solved(mdp, policy, discount)
        best = best_actions(mdp, values, discount)
        kept = best[states, policy]  # an action that ties is not better, and changes nothing
        if kept.all():
            check_bounded(mdp, values, discount)
            residual = largest(q_values(mdp, values, discount).max(axis=1) - values)
            return Solution(values, np.argmax(best, axis=1), count, residual)
        policy = np.where(kept, policy, np.argmax(best, axis=1))
    still = f"the policy still changes after {max_policies} evaluations"
    raise ConvergenceError(f"discount {discount}: {still}; allowed: a policy that stays")


def modified_policy_iteration(
    mdp: MDP, discount: float, tolerance: float, evaluation_sweeps: int, max_sweeps: int
) -> Solution:
    """Improve the policy, evaluate it by few sweeps, and repeat.

    This is fast on large models, and needs γ below 1. It ends when all values change by nearly the
    same: that bounds V* from both sides, and the result is the middle (Puterman, 1994, 6.6.3).
    """
    enough = tolerances.smallest_change(discount, tolerance)
    if discount == 1:
        others = "value iteration and policy iteration take 1 where episodes end"
        raise ModelError(
            f"discount is 1; allowed for modified policy iteration: below 1 ({others})"
        )
    lowest = np.where(mdp.possible, mdp.expected_rewards, np.inf).min() / (1 - discount)
    values = np.full(mdp.number_of_states, lowest)  # below V*, so that values only rise
    sweeps, improvement = 0, np.zeros(mdp.number_of_states)
    for _ in range(max_sweeps):
        q = q_values(mdp, values, discount)
        policy, improved = q.argmax(axis=1), q.max(axis=1)
        improvement, values = improved - values, improved
        sweeps += 1
        low, high = improvement.min(), improvement.max()
        if high - low <= enough or settled(high, 0.0, values):  # nothing rises
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
    """Compute Q*, exact to rounding, [S, A]."""
    return q_values(mdp, policy_iteration(mdp, discount).values, discount)


def switching_discount(
    mdp: MDP, state: int, action_a: int, action_b: int, bracket: tuple[float, float]
) -> float:
    """Find the γ at which Q*(s, a) = Q*(s, b).

    At one end of the bracket a must be better, at the other end b.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> round(switching_discount(mdp, 1, 0, 2, bracket=(0.9, 0.99)), 6)
    0.947633
    """
    name, names = mdp.state_names[state], [mdp.action_names[a] for a in (action_a, action_b)]
    for action in names:
        mdp.pair(name, action)  # raises an error if the action is impossible

    def advantage(discount: float) -> float:
        q = optimal_q_values(mdp, discount)[state]
        return float(q[action_a] - q[action_b])

    ends = [advantage(discount) for discount in bracket]
    if np.sign(ends[0]) == np.sign(ends[1]):
        raise ModelError(
            f"state {name!r}, actions {names[0]!r} and {names[1]!r}: the Q-values differ by "
            f"{ends[0]:.6g} and {ends[1]:.6g} at discounts {bracket[0]} and {bracket[1]}; allowed: "
            "a bracket in which the sign changes"
        )
    return optimize.root_scalar(advantage, bracket=bracket, xtol=1e-13, rtol=1e-13).root


def greedy_policy(q: np.ndarray) -> np.ndarray:
    """Choose argmax_a Q(s, a), the first of ties, [S]."""
    return np.argmax(tolerances.near_best(q), axis=1)


def best_actions(mdp: MDP, values: np.ndarray, discount: float) -> np.ndarray:
    """Mark actions with the largest Q(s, a), bool [S, A]."""
    return tolerances.near_best(q_values(mdp, values, discount))


def followed(mdp: MDP, actions: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """Select a policy's T_π, [S, S], and R_π, [S]."""
    states = np.arange(mdp.number_of_states)
    transitions = mdp.transitions[states * mdp.number_of_actions + actions]
    return transitions, mdp.expected_rewards[states, actions]


def solved(mdp: MDP, actions: np.ndarray, discount: float) -> np.ndarray:
    """Solve (I - γ T_π) V = R_π for V."""
    tolerances.check_discount(discount)
    transitions, rewards = followed(mdp, actions)
    system = sparse.eye_array(len(actions), format="csc") - min(discount, LIMIT) * transitions
    return np.asarray(spsolve(system.tocsc(), rewards)).reshape(len(actions))


def checked_policy(mdp: MDP, policy: ArrayLike) -> np.ndarray:
    """Check that a policy's actions are possible, int64 [S]."""
    actions = numbers("policy", policy, dtype=None)
    if actions.shape != (mdp.number_of_states,) or actions.dtype.kind not in "iu":
        given = f"shape {actions.shape} and type {actions.dtype}"
        raise ModelError(f"policy has {given}; allowed: {(mdp.number_of_states,)}, integers")
    taken = np.arange(mdp.number_of_actions) == actions[:, np.newaxis]
    for state in np.flatnonzero(~(taken & mdp.possible).any(axis=1))[:1].tolist():
        wrong = f"state {mdp.state_names[state]!r}: the policy's action {actions[state]}"
        allowed = ", ".join(map(str, np.flatnonzero(mdp.possible[state])))
        raise ModelError(f"{wrong} is impossible; allowed: {allowed}")
    return actions.astype(np.int64)


def check_bounded(mdp: MDP, values: np.ndarray, discount: float) -> None:
    """Refuse values of endless episodes at a discount of 1."""
    endless = np.abs(values) > LONGEST * largest(mdp.rewards)
    for state in np.flatnonzero(endless & (discount == 1))[:1].tolist():
        name = mdp.state_names[state]
        raise ModelError(
            f"discount is 1, but from state {name!r} rewards may come for ever; allowed: a "
            "discount below 1, or a model with episodes that end"
        )
