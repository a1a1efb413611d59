"""What is measured against the compiled trainings, and how the two take turns."""

import ast
import importlib
import re

import numpy as np
import pytest

from benchmarks import cleanrl, turns
from reprise.agents import actor_critic, dqn
from reprise.nn.determinism import tf
from reprise.pipeline import parameters
from tests.tiny import ROOT

IN_JAX = {  # the yardsticks' names of hyperparameters
    "EPISODES": "total_episodes", "BATCH": "batch_size", "CAPACITY": "replay_capacity",
    "EXPLORING": "epsilon_decay", "LOWEST": "epsilon_end", "FIRST_LEARNING": "learning_starts",
    "LAMBDA": "gae_lambda", "COPIES": "environments_per_seed",
    "MAXIMUM_NORM": "maximum_gradient_norm",
}  # fmt: skip


@pytest.fixture(scope="module")
def loop():
    """Return the chapter's loop, with the settings that the TensorFlow of this process has."""
    tf.constant(0)
    return importlib.import_module("benchmarks.yardsticks.chapter_loop")


def test_the_loop_discounts_as_the_chapters_example(loop):
    np.testing.assert_allclose(loop.discounted([10, 0, -50], 0.8), [-22, -40, -50])
    np.testing.assert_allclose(loop.discounted([10, 20], 0.8), [26, 20])
    worse, better = loop.advantages([[10, 0, -50], [10, 20]], 0.8)
    assert worse.max() < 0 < better.min()
    every = np.concatenate([worse, better])
    np.testing.assert_allclose([every.mean(), every.std()], [0, 1], atol=1e-12)


def test_the_loop_has_the_chapters_hyperparameters(loop):
    sections = parameters.read(ROOT / "params.yaml")
    dqn, reinforce = sections["dqn_training"], sections["reinforce_training"]
    for section in (dqn, reinforce):
        assert section["maximum_steps"] == loop.MAXIMUM_STEPS
        assert (section["discount"], section["learning_rate"]) == (
            loop.DISCOUNT, loop.LEARNING_RATE,
        )  # fmt: skip
    assert reinforce["episodes_per_iteration"] == loop.EPISODES_PER_ITERATION
    names = ("batch_size", "replay_capacity", "epsilon_decay", "epsilon_end", "learning_starts")
    assert [dqn[name] for name in names] == [
        loop.BATCH, loop.CAPACITY, loop.EXPLORING, loop.LOWEST, loop.FIRST_LEARNING,
    ]  # fmt: skip


@pytest.mark.parametrize("program", ["jax_seeds", "jax_ppo"])
def test_jax_trains_with_our_hyperparameters(program: str):
    sections = parameters.read(ROOT / "params.yaml")
    ours = sections["reinforce_training"] | sections["dqn_training"]
    if program == "jax_ppo":
        ours = sections["actor_critic"] | sections["actor_critic"]["variants"]["ppo"]
    source = (turns.YARDSTICKS / f"{program}.py").read_text(encoding="utf-8")
    constants = re.findall(r"^([A-Z_]+, [A-Z_, ]+) = (.*)$", source, flags=re.MULTILINE)
    assert len(constants) == 3
    for names, values in constants:
        keys = [IN_JAX.get(name, name.lower()) for name in names.split(", ")]
        assert [ours[key] for key in keys] == list(ast.literal_eval(values))


def test_cleanrls_schedules_are_shortened_alike():
    asked = dqn.Hyperparameters.model_validate(cleanrl.DQN)
    schedule = asked.total_steps, asked.epsilon_decay, asked.learning_starts
    assert [cleanrl.SHARE * (steps or 0) for steps in schedule] == [500_000, 250_000, 10_000]
    assert actor_critic.Hyperparameters(**cleanrl.PPO).batch_size == 4 * 128
