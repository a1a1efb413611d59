"""Discount 1: solvers agree with trying every policy."""

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reprise.tabular.dynamic_programming import (
    converged_q_value_iteration,
    policy_evaluation,
    policy_iteration,
    q_value_iteration,
    value_iteration,
)
from reprise.tabular.mdp import from_arrays
from reprise.tabular.undiscounted import check_solvable
from tests.tabular.refusal import refusal

SOLVERS = {
    "value iteration": lambda model: value_iteration(model, 1.0, 1e-11, 1_000_000),
    "Q-value iteration": lambda model: converged_q_value_iteration(model, 1.0, 1e-11, 1_000_000),
    "policy iteration": lambda model: policy_iteration(model, 1.0, 100),
}
HALVES = ((1.0, 0.0), (0.5, 0.5), (0.75, 0.25))


@st.composite
def models(draw):
    """Small models; some states rest, or are never reached."""
    states = draw(st.integers(1, 4))
    probabilities = np.zeros((states, 2, states))
    rewards = np.zeros((states, 2, states))
    for state, action in product(range(states), range(2)):
        weights = draw(st.sampled_from(HALVES))
        for weight in weights:
            successor = draw(st.integers(0, states - 1))
            probabilities[state, action, successor] += weight
            rewards[state, action, successor] = draw(st.sampled_from((0, 0, -1, 1, -3, 2)))
    if draw(st.booleans()):
        probabilities[-1], rewards[-1] = np.eye(states)[-1], 0.0
    return probabilities, rewards


def recurrent_classes(chain):
    """The sets in which a chain stays for ever."""
    leads = np.linalg.matrix_power(np.eye(len(chain)) + chain, len(chain)) > 0
    together = leads & leads.T
    final = [s for s in range(len(chain)) if (leads[s] <= together[s]).all()]
    return {tuple(np.flatnonzero(together[s])) for s in final}


def by_trying_every_policy(probabilities, rewards):
    """V*, or None where it is infinite or never settles."""
    states = np.arange(len(probabilities))
    best, never_paid = np.full(len(states), -np.inf), True
    for policy in product(range(2), repeat=len(states)):
        chain = probabilities[states, policy]
        paid = np.where(chain > 0, rewards[states, policy], 0.0)
        expected = (chain * paid).sum(axis=1)
        rests, comes_to_rest = np.zeros(len(states), bool), True
        for members in map(list, recurrent_classes(chain)):
            if not paid[members].any():
                rests[members] = True
                continue
            comes_to_rest = False
            inner = chain[np.ix_(members, members)]
            system = np.vstack([inner.T - np.eye(len(members)), np.ones(len(members))])
            stationary = np.linalg.lstsq(system, [0.0] * len(members) + [1.0], rcond=None)[0]
            never_paid &= bool(stationary @ expected[members] < -1e-9)
        if comes_to_rest:
            moving = np.where(rests[:, np.newaxis], 0.0, chain)
            found = np.linalg.solve(np.eye(len(states)) - moving, np.where(rests, 0.0, expected))
            best = np.maximum(best, found)
    return best if never_paid and np.isfinite(best).all() else None


def pays_again(probabilities, rewards):
    """Whether a reward above 0 comes on a way that leads back."""
    edges = probabilities.any(axis=1)
    leads = np.linalg.matrix_power(np.eye(len(edges)) + edges, len(edges)) > 0
    paid = (probabilities > 0) & (rewards > 0)
    return bool((paid & leads.T[:, np.newaxis]).any())


def two_states(*rewards):
    """a0 leads from s0 to s1 and back; a1 ends."""
    there, back, end_0, end_1 = rewards
    probabilities, paid = np.zeros((2, 3, 2, 3))
    probabilities[0, 0, 1] = probabilities[1, 0, 0] = 1.0
    probabilities[0, 1, 2] = probabilities[1, 1, 2] = probabilities[2, :, 2] = 1.0
    paid[0, 0, 1], paid[1, 0, 0], paid[0, 1, 2], paid[1, 1, 2] = there, back, end_0, end_1
    return probabilities, paid


def one_step_up():
    """a1 rests; a0 pays 1, but s1 costs more."""
    probabilities, paid = np.zeros((2, 2, 2, 2))
    probabilities[0, 0, 1] = probabilities[0, 1, 0] = probabilities[1, 0, 1] = 1.0
    probabilities[1, 1, 0] = 1.0
    paid[0, 0, 1], paid[1, 0, 1], paid[1, 1, 0] = 1.0, -1.0, -3.0
    return probabilities, paid


@settings(deadline=None, max_examples=60)
@given(models())
@example(two_states(0, 0, -10, 1))  # a free circle, from which one way pays
@example(two_states(0, 0, -10, -1))  # a free circle, better than to end
@example(two_states(1, -1, -5, -5))  # a circle of rewards that cancel out
@example(two_states(5, -6, 0, -6))  # a circle that pays, then costs more
@example(two_states(5, -4, 0, -6))  # a circle that pays in all
@example(one_step_up())  # at rest, one could take 1 and end before it is paid for
def test_all_solvers_find_what_trying_every_policy_finds_or_refuse(model):
    probabilities, rewards = model
    mdp, expected = from_arrays(probabilities, rewards), by_trying_every_policy(*model)
    if expected is None or pays_again(probabilities, rewards):
        solvers = *SOLVERS.values(), lambda model: q_value_iteration(model, 1.0, 5)
        (message,) = {refusal(solve, mdp) for solve in solvers}
        assert message.startswith("discount is 1 and cannot converge")
        return
    for solve in SOLVERS.values():
        solution = solve(mdp)
        np.testing.assert_allclose(solution.values, expected, atol=1e-7)
        followed = policy_evaluation(mdp, solution.policy, 1.0)
        np.testing.assert_allclose(followed, expected, atol=1e-7)


@pytest.mark.parametrize("rewards", [(1, 0, 0, 0), (1, -1, 0, 0), (0, 2, -9, -9)])
def test_rewards_that_come_again_and_again_are_refused_with_a_state(rewards):
    state = "s0" if rewards[0] else "s1"
    message = refusal(check_solvable, from_arrays(*two_states(*rewards)), 1.0)
    beginning = f"discount is 1 and cannot converge: from state '{state}' a reward above 0 can come"
    assert message.startswith(f"{beginning} again and again; allowed: a discount below 1, or ")
