"""Policies' values in small models: the same as those of the linear system."""

import numpy as np
import pytest

from reprise.tabular.dynamic_programming import policy_evaluation, policy_iteration
from reprise.tabular.loaders import from_gymnasium, from_yaml
from reprise.tabular.mdp import MDP, from_arrays
from reprise.tabular.names import ModelError
from reprise.tabular.progress import policy_values


def random_model(seed: int) -> MDP:
    """Return a model in which some actions lead on with certainty, and some may not be taken."""
    generator = np.random.default_rng(seed)
    size, actions = int(generator.integers(1, 12)), int(generator.integers(1, 4))
    rows = np.zeros((size, actions, size))
    for row in rows.reshape(-1, size):
        reached = generator.choice(size, int(generator.integers(1, min(size, 3) + 1)), False)
        row[reached] = generator.dirichlet(np.ones(len(reached)))
    return from_arrays(rows, generator.normal(size=(size, actions)))


@pytest.mark.parametrize("discount", [0.0, 0.5, 0.99, 0.9999])
@pytest.mark.parametrize("seed", range(20))
def test_values_are_those_of_the_linear_system(seed: int, discount: float):
    model = random_model(seed)
    policy = np.random.default_rng([seed, 1]).integers(
        model.number_of_actions, size=model.number_of_states
    )
    exact = policy_evaluation(model, policy, discount)
    np.testing.assert_allclose(
        policy_values(model, policy, discount), exact, rtol=1e-9, atol=1e-9 * np.abs(exact).max()
    )


@pytest.mark.parametrize(
    "name", ["FrozenLake8x8-v1", "FrozenLake-v1", "CliffWalking-v1", "Taxi-v4"]
)
def test_toy_text_policies_have_the_values_of_the_linear_system(name: str):
    model = from_gymnasium(name)
    generator = np.random.default_rng(0)
    policies = generator.integers(model.number_of_actions, size=(5, model.number_of_states))
    for policy in [*policies, policy_iteration(model, 0.99, 100).policy]:
        exact = policy_evaluation(model, policy, 0.99)
        np.testing.assert_allclose(policy_values(model, policy, 0.99), exact, rtol=1e-9, atol=1e-9)


def test_a_chain_and_a_loop_have_their_closed_forms():
    chain = np.eye(5)[[1, 2, 3, 4, 4]][:, np.newaxis]
    values = policy_values(from_arrays(chain, [[1.0]] * 4 + [[0.0]]), [0] * 5, 0.5)
    assert values.tolist() == [1.875, 1.75, 1.5, 1.0, 0.0]
    loop = np.eye(2)[[1, 0]][:, np.newaxis]
    values = policy_values(from_arrays(loop, [[1.0], [0.0]]), [0, 0], 0.9)
    assert values.tolist() == pytest.approx([1 / (1 - 0.81), 0.9 / (1 - 0.81)], rel=1e-14)


def test_a_discount_of_one_and_an_impossible_action_are_refused():
    model = from_yaml("data/inputs/three_state.yaml")
    with pytest.raises(ModelError, match="discount is 1; allowed: from 0 to below 1"):
        policy_values(model, [0, 0, 1], 1)
    with pytest.raises(ModelError, match="state 's2': the policy's action 0 is impossible"):
        policy_values(model, [0, 0, 0], 0.9)
