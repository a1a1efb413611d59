"""The same algorithms in environments that nobody compiled."""

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import dqn, reinforce
from reprise.agents.evaluation import evaluated
from reprise.environments import registry
from reprise.environments.acrobot import Acrobot
from reprise.environments.cartpole import CartPole
from reprise.environments.gymnasium_env import GymnasiumEnvironment
from reprise.environments.pendulum import Pendulum
from reprise.environments.specification import Wrapping, plain
from reprise.hyperparameters import Evaluation
from reprise.nn import networks
from reprise.nn.determinism import tf
from tests.agents import test_dqn, test_reinforce

KEYS = seeds.training_keys(42, "training", range(2))
EVALUATION = Evaluation(episodes=2, first_seed=1_000_000, limits=(15,), solved_share=0.9)
REINFORCE = test_reinforce.TINY.model_copy(update={"hidden_sizes": (2,), "iterations": 2})
DQN = test_dqn.with_(
    total_episodes=4, maximum_steps=15, learning_starts=1, hidden_sizes=(2,),
    bootstrap_at_truncation=True,
)  # fmt: skip


def test_the_algorithms_train_and_are_judged():
    specification = plain("MountainCar-v0")
    environment = GymnasiumEnvironment(specification)
    run = reinforce.train(REINFORCE, environment, KEYS)
    final, random = run.weights["final"], np.random.default_rng(0)
    sampled = reinforce.policy(final, REINFORCE, random)
    policies = {"greedy": reinforce.policy(final, REINFORCE), "sampled": sampled}
    run = evaluated(run, policies, specification, EVALUATION)
    assert run.returns.shape == (2, 2)
    assert np.isfinite(run.returns).all()
    assert {each.shape for each in run.evaluations.values()} == {(1, 2, 2)}
    assert set(np.unique(run.actions)) <= {-1, *range(environment.actions)}
    arrays = reinforce.export(final, REINFORCE)
    assert networks.to_keras(arrays, 1).output_shape == (None, environment.actions)
    deep = dqn.train(DQN, environment, KEYS)
    policies = {name: dqn.policy(weights, DQN) for name, weights in deep.weights.items()}
    deep = evaluated(deep, policies, specification, EVALUATION)
    assert deep.returns.shape == (4, 2)
    assert np.isfinite(deep.losses[2:]).all()
    assert (np.diff(deep.steps, axis=0) > 0).all()
    # Nobody climbs the hill so soon.
    np.testing.assert_array_equal(run.returns, -40)
    np.testing.assert_array_equal(run.evaluations["greedy"], -15)
    np.testing.assert_array_equal(deep.returns, -15)
    np.testing.assert_array_equal(deep.steps, 15 * np.arange(1, 5)[:, None] * [1, 1])
    np.testing.assert_array_equal(deep.evaluations["best"], -15)


@pytest.mark.parametrize(
    ("twin", "limits"), [(CartPole, [0.05] * 4), (Acrobot, [0.1] * 4), (Pendulum, [np.pi, 1])]
)
def test_initial_states_fill_their_limits_and_differ_between_seeds_and_episodes(twin, limits):
    states = twin().reset(tf.constant(KEYS.T), (200,)).numpy()
    assert states.shape == (200, len(limits), 2)
    assert len(np.unique(states)) == states.size
    largest, limits = np.abs(states).max(axis=(0, 2)), np.array(limits, np.float32)
    assert (largest <= limits).all()
    assert (largest > 0.98 * limits).all()


@pytest.mark.parametrize(
    ("environment_id", "twin"),
    [("CartPole-v1", CartPole), ("Acrobot-v1", Acrobot), ("Pendulum-v1", Pendulum)],
)
def test_a_twin_plays_only_what_it_is_a_twin_of(environment_id, twin):
    specification = plain(environment_id)
    assert registry.make(specification) == twin()
    for update in ({"kwargs": {"render_fps": 1}}, {"wrappers": (Wrapping(name="TimeLimit"),)}):
        with pytest.raises(Exception, match=environment_id):
            registry.make(specification.model_copy(update=update))
    limit = Wrapping.model_validate({"name": "TimeLimit", "max_episode_steps": 5})
    changed = registry.make(specification.model_copy(update={"wrappers": (limit,)}))
    assert isinstance(changed, GymnasiumEnvironment)
