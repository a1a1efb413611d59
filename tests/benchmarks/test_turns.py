"""What is measured against the compiled trainings, and how the two take turns."""

import importlib
from collections import deque

import gymnasium
import numpy as np
import pytest

from benchmarks import chapter, stable_baselines, turns
from reprise.errors import UserError
from reprise.nn.determinism import tf
from reprise.pipeline import parameters
from tests.tiny import ROOT


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


def test_the_loop_plays_the_steps_it_counts(loop, monkeypatch):
    monkeypatch.setattr(loop, "EPISODES_PER_ITERATION", 2)
    monkeypatch.setattr(loop, "FIRST_LEARNING", 4)
    environment = gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make("CartPole-v1"))
    for train, length in ((loop.reinforce, 1), (loop.dqn, loop.FIRST_LEARNING + 2)):
        environment.return_queue.clear()
        environment.length_queue = deque(maxlen=1000)
        steps = train(environment, 0, length)
        assert steps == sum(environment.length_queue)
        episodes = {loop.reinforce: 2 * length, loop.dqn: length}[train]
        assert len(environment.length_queue) == episodes


def test_the_loop_learns_the_q_value_of_what_ended(loop):
    model = loop.network([8], "elu", 2, None)
    optimiser = tf.keras.optimizers.Nadam(0.05)
    observation, random = np.array([0.1, 0.2, 0.3, 0.4], np.float32), np.random.default_rng(0)
    memory = deque([(observation, 1, 3.0, observation, True)])
    losses = [loop.learn(model, optimiser, memory, random) for _ in range(25)]
    assert losses[-1] < 0.1 * losses[0]
    np.testing.assert_allclose(model(observation[None])[0, 1], 3.0, atol=1.0)


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


def test_what_is_compared_trains_for_the_same_stretch():
    assert chapter.command("dqn", 3)[-3:] == ["dqn", "3", "150"]
    assert chapter.STRETCH["dqn"] == {"total_episodes": 150}


def test_the_last_line_of_a_yardstick_counts():
    assert turns.parsed('Using cpu device\n{"steps": 500, "seconds": 2.0}\n') == 250
    for printed in ("", "no steps", '{"steps": 5}', "[1]", '{"steps": 5, "seconds": 0}'):
        with pytest.raises(RuntimeError, match="a yardstick printed"):
            turns.parsed(printed)


def test_a_yardstick_that_fails_says_why():
    with pytest.raises(RuntimeError, match=r"ended with 3:\nno such thing"):
        turns.rate(["bash", "-c", "echo no such thing >&2; exit 3"])


def test_ratios_are_ours_over_theirs_turn_by_turn():
    found = turns.compared("dqn", "plain", {"plain": [2.0, 4.0], 1: [4.0, 4.0], 32: [40.0, 60.0]})
    assert found["dqn_ratio_at_1_seed"][1:4] == (1.0, 2.0, 2)
    assert found["dqn_ratio_at_32_seeds"][1:4] == (15.0, 20.0, 2)
    assert found["dqn_steps_per_second_at_32_seeds"].median == 50
    assert found["dqn_plain_steps_per_second"].median == 3


def test_a_missing_stable_baselines_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(stable_baselines, "PYTHON", tmp_path / "python")
    with pytest.raises(UserError, match=r"`make \.venv-benchmarks` brings it"):
        stable_baselines.measure()
