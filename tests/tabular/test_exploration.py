"""Exploring behaviours: choices, coverage, learnt policies."""

import numpy as np
import pytest

from reprise.tabular import progress
from reprise.tabular.dynamic_programming import policy_evaluation, policy_iteration
from reprise.tabular.exploration import epsilon_greedy, exploration_function, falling, with_bonus
from reprise.tabular.mdp import from_arrays
from reprise.tabular.problems import Problem, toy_text
from reprise.tabular.q_learning import Learner, Learning, episodes
from reprise.tabular.td_learning import evaluate, uniform_policy
from tests.tabular.random_models import random_model

HYPERPARAMETERS = Learning(
    learning_rate=0.5, learning_rate_decay=0.0, discount=0.99, iterations=1000
)


def learner(problem, behaviour, **changes):
    hyperparameters = HYPERPARAMETERS.model_copy(update=changes)
    model = episodes(problem.mdp, problem.start, hyperparameters.discount)
    return Learner(problem.mdp, model, hyperparameters, behaviour, np.random.default_rng(3))


def bandit(behaviour, rewards):
    """A learner with one decision: each action ends the episode."""
    transitions = np.zeros((2, len(rewards), 2))
    transitions[:, :, 1] = 1.0
    model = from_arrays(transitions, [rewards, [0.0] * len(rewards)])
    return learner(Problem("bandit", model, 0.99, np.array([1.0, 0.0])), behaviour)


@pytest.mark.parametrize("discount", [0.0, 0.5, 0.9999])
@pytest.mark.parametrize("seed", range(5))
def test_a_policys_values_are_those_of_the_linear_system(seed, discount):
    model, *_ = random_model(seed)
    policy = np.argmax(model.possible, axis=1)
    certain = np.eye(model.number_of_actions)[policy]
    for weights, exact in (
        (certain, policy_evaluation(model, policy, discount)),
        (uniform_policy(model), evaluate(model, uniform_policy(model), discount)),
    ):
        found, least = progress.policy_values(model, weights, discount), 1e-9 * np.abs(exact).max()
        np.testing.assert_allclose(found, exact, rtol=1e-9, atol=least)


def test_epsilon_falls_linearly_and_the_exploration_function_is_the_chapters():
    behaviour = epsilon_greedy(1.0, 0.05, 100.0)
    found = [falling(k, behaviour) for k in (0, 50, 100, 10_000)]
    assert found == pytest.approx([1.0, 0.525, 0.05, 0.05])
    assert [exploration_function(2.0, n, 3.0) for n in (0, 5)] == [5.0, 2.5]
    assert exploration_function(-np.inf, 0, 3.0) == -np.inf


def test_epsilon_greedy_takes_the_best_action_except_with_probability_epsilon():
    agent = bandit(epsilon_greedy(0.2, 0.2, 1.0), [0.0, 1.0, 0.0, 0.0])
    agent.learn(1000)  # the best action is known by now
    before = agent.visits[0].copy()
    agent.learn(41_000)
    shares = (agent.visits[0] - before) / 40_000
    np.testing.assert_allclose(shares, [0.05, 0.85, 0.05, 0.05], atol=0.01)


@pytest.mark.parametrize("behaviour", [epsilon_greedy(1.0, 0.05, 10_000.0), with_bonus(1.0)])
def test_the_cliff_is_learnt_and_everything_tried(behaviour):
    problem = toy_text("CliffWalking-v1", 0.99)
    optimum = problem.start_value(policy_iteration(problem.mdp, 0.99, 100).values)
    given = HYPERPARAMETERS, behaviour, [np.random.default_rng([7, seed]) for seed in range(3)]
    found, coverage = progress.explore(problem, *given, [10, 20_000])
    assert found[:, 1].tolist() == pytest.approx([optimum] * 3)
    assert (found[:, 0] < optimum).all()
    assert (coverage[:, 0] <= 10 / (37 * 4)).all()
    assert (coverage[:, 1] == 1).all()


def test_a_seed_is_there_for_good_from_where_it_stays():
    values = [[-20, -10.05, -30, -10.1], [-10] * 4, [-20, -10, -10, -11], [-20] * 4]
    first, good = progress.steps_to_within(np.array(values), -10.0, 0.01, [1, 10, 100, 1000])
    np.testing.assert_array_equal(first, [10, 1, 10, np.nan])
    np.testing.assert_array_equal(good, [1000, 1, np.nan, np.nan])
