"""Gymnasium's environments behind the protocol, against the same episodes stepped by hand."""

from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest

from reprise import seeds
from reprise.agents import dqn, reinforce
from reprise.environments import gymnasium_env
from reprise.environments.gymnasium_env import GymnasiumEnvironment, Normaliser
from reprise.environments.specification import Specification
from reprise.nn import heads, replay_buffer, streams
from reprise.nn.determinism import tf
from tests.agents import test_dqn, test_reinforce
from tests.environments import userenvs

KEYS = seeds.training_keys(42, "training", range(3))
H = test_reinforce.TINY
COUNTING = "Counting-v0"
LIMITED = [{"name": "TimeLimit", "max_episode_steps": 4}]


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with userenvs.registered():
        yield


def of(environment_id: str, kwargs: Any = None, wrappers: Any = None) -> Specification:
    given = {"id": environment_id, "kwargs": kwargs or {}, "wrappers": wrappers or []}
    return Specification.model_validate(given | {"solved_return": None})


def by_chance(environment: GymnasiumEnvironment):
    return lambda observation, random: tf.cast(random * environment.actions, tf.int32)


def played(specification: Specification, episodes: int, steps: int) -> list[np.ndarray]:
    """Return what chance plays in 3 seeds: observations, actions, rewards and what counts."""
    environment = GymnasiumEnvironment(specification)
    program = environment.program(
        lambda keys: reinforce.play(by_chance(environment), keys, environment, episodes, steps)
    )
    return [field.numpy() for field in program(tf.constant(KEYS.T))]


def episode_seeds(keys: tf.Tensor, episodes: int) -> np.ndarray:
    """Return the seeds of all seeds' episodes [E, N], of the keys that `reset` is given."""
    return gymnasium_env.episode_words((episodes,))(keys).numpy() | np.uint32(2**31)


@pytest.mark.parametrize(
    ("specification", "first"),
    [(of("FrozenLake-v1"), 0), (of("LunarLander-v3"), 0), (of(COUNTING, wrappers=LIMITED), 5)],
)
def test_every_episode_is_the_one_that_is_stepped_by_hand(specification, first):
    observations, actions, rewards, counts = played(specification, 2, 30)
    begun = episode_seeds(streams.fold_in(tf.constant(KEYS.T), 0), 2)
    environment = specification.make()
    for e, seed in np.ndindex(2, 3):
        seen, _ = environment.reset(seed=int(begun[e, seed]))
        for t in range(30):
            assert counts[t, e, seed]
            if isinstance(environment.observation_space, gymnasium.spaces.Discrete):
                seen = np.eye(environment.observation_space.n)[seen]
            np.testing.assert_array_equal(observations[t, e, :, seed], np.float32(seen))
            action = int(actions[t, e, seed]) + first
            seen, reward, terminated, truncated, _ = environment.step(action)
            assert rewards[t, e, seed] == np.float32(reward)
            if terminated or truncated:
                assert not counts[t + 1 :, e, seed].any()
                break


def test_episodes_begin_with_seeds_that_no_evaluation_has_and_no_two_share():
    keys = tf.constant(seeds.training_keys(1, "training", range(50)).T)
    begun = episode_seeds(keys, 40).ravel()
    assert len(set(begun)) == 2000
    assert min(begun) >= 2**31
    assert max(begun) < 2**32  # as np.random.seed needs


def experienced(wrappers: Any) -> replay_buffer.Transitions:
    """Return what 3 seeds experience in 40 steps, one episode after the other, [T, .., N]."""
    environment = GymnasiumEnvironment(of(COUNTING, wrappers=wrappers))
    h = test_dqn.with_(
        total_episodes=None, total_steps=1, train_every=40, maximum_steps=100, epsilon_end=1
    )
    numbers, settings = dqn.prepared([h] * 3)

    def play(keys):
        nothing = tf.zeros([3], tf.int32)
        state = environment.reset(streams.fold_in(keys, 9))
        paid = tf.zeros([3], tf.float64)
        at = dqn.Play(state, nothing, paid, nothing, nothing)
        weights = [tf.zeros([3, 2, 3]), tf.zeros([3, 3])]
        return dqn.play_round(weights, at, keys, numbers, environment, settings)[0]

    rows = environment.program(play)(tf.constant(KEYS.T)).numpy()
    action, reward, terminated, truncated = rows[:, 4:].swapaxes(0, 1)
    return replay_buffer.Transitions(
        rows[:, :2], action, reward, rows[:, 2:4], terminated, truncated
    )


@pytest.mark.parametrize("wrappers", [[], LIMITED])
def test_an_end_keeps_its_final_observation_and_the_next_episode_begins_after_it(wrappers):
    found = experienced(wrappers)
    ends = (found.terminated + found.truncated).astype(bool)  # [T, N]
    # The same episode, a step later.
    np.testing.assert_array_equal(found.next_observation[:, 0], found.observation[:, 0])
    np.testing.assert_array_equal(found.next_observation[:, 1], found.observation[:, 1] + 1)
    assert ends.any(axis=0).all()
    following, then = (
        part.swapaxes(1, 2) for part in (found.next_observation[:-1], found.observation[1:])
    )
    np.testing.assert_array_equal(following[~ends[:-1]], then[~ends[:-1]])
    assert (then[ends[:-1]][:, 1] == 0).all()
    assert (then[ends[:-1]][:, 0] != following[ends[:-1]][:, 0]).all()  # a beginning of its own
    lengths = found.next_observation[:, 1][ends]
    assert not (found.terminated * found.truncated).any()
    assert found.truncated.any() == bool(wrappers)
    assert set(lengths) <= ({3, 4} if wrappers else {3, 4, 5, 6})


def test_normalised_training_gives_networks_for_observations_as_they_are():
    environment = GymnasiumEnvironment(of(COUNTING, wrappers=[{"name": "NormalizeObservation"}]))
    h = H.model_copy(update={"iterations": 1, "learning_rate": 1e-30})
    folded = reinforce.train(h, environment, KEYS).weights["final"]
    normaliser = environment._normaliser
    assert (normaliser.count > 9).all()
    environment.specification = of(COUNTING)
    raw = reinforce.train(h, environment, KEYS).weights["final"]
    observations = np.random.default_rng(0).normal(3, 2, (5, 2, 3)).astype(np.float32)
    expected = heads.distribution(raw, tf.constant(normaliser.apply(observations)), h.activation)
    found = heads.distribution(folded, tf.constant(observations), h.activation)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(
        found, heads.distribution(raw, tf.constant(observations), h.activation), atol=0.1
    )


RANDOM = np.random.default_rng(0)
SEEN = [RANDOM.normal(3, 2, size=(4, 2, 3)) for _ in range(50)]  # [E, O, N]
COUNTS = [RANDOM.random((4, 3)) < 0.7 for _ in range(50)]


def test_the_statistics_are_those_of_all_observations_of_the_seed():
    found = Normaliser(2, 3)
    for observations, counts in zip(SEEN, COUNTS, strict=True):
        found.update(observations, counts)
    for seed in range(3):
        kept = np.stack(SEEN)[..., seed][np.stack(COUNTS)[..., seed]]
        np.testing.assert_allclose(found.mean[:, seed], kept.mean(axis=0), rtol=1e-4)
        np.testing.assert_allclose(found.variance[:, seed], kept.var(axis=0), rtol=1e-4)
        np.testing.assert_allclose(found.count[seed], len(kept) + 1e-4)
