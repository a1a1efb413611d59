"""Answers of users' environments are taken if they are clear; others end with one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import dqn, reinforce
from reprise.environments import registry
from reprise.environments.gymnasium_env import GymnasiumEnvironment
from reprise.environments.rollout import evaluate, record
from reprise.environments.specification import Specification, plain
from reprise.errors import PlainError, UserError
from reprise.nn.determinism import tf
from tests.agents import test_dqn, test_reinforce
from tests.environments import userenvs

KEYS = seeds.training_keys(42, "training", range(2))
OTHERS = {"Counting", "PaysATenth"}
REFUSED = {
    "ObsOne": "at reset: the environment returned the observation [1.0] of shape [1]; its ",
    "ObsNone": "returned the observation None; its observation space is Box(",
    "ObsInf": "at reset: the environment returned the observation inf; allowed: finite ",
    "ObsHuge": "at reset: the environment returned the observation 1e+39; allowed: finite ",
    "GraphInside": ", which contains Graph(Box(0.0, 1.0, (2,), float32), None); allowed: Box, ",
    "KeyOfItsOwn": "at reset: the environment returned the observation {'y': 1}; its ",
    "CellsHalf": "returned the observation 1.5; its observation space is Discrete(5)",
    "BigCells": "observation space Discrete(40000), which takes 40000 numbers, with one for each ",
    "OldStep": "at step 0: the environment returned (array(",
    "RewardTwo": "at step 0: the environment returned the reward [0.0, 0.0] of shape [2]; allowed",
    "RewardInf": "at step 0: the environment returned the reward -inf; allowed: finite float32 ",
    "DoneNone": "at step 0: the environment returned None as terminated; allowed: true or false",
    "OldReset": "at reset: the environment returned [1.0, 3.0] of shape [2] from reset; allowed: ",
    "NoSeed": "at reset: the environment raised TypeError: ",
    "OneAction": "OneAction-v0 has the action space Discrete(1); allowed: Discrete with at least 2",
    "GlobalRandom": "GlobalRandom-v0 ignores its seed: two episodes after reset(seed=0) differ",
    "Unseeded": "Unseeded-v0 ignores its seed: two episodes after reset(seed=0) differ",
    "Remembers": "Remembers-v0 ignores its seed: two episodes after reset(seed=0) differ",
    "Shared": "Shared-v0 returns the same object when made twice; allowed: a new one",
    "NeedsBonus": "Gymnasium cannot make 'NeedsBonus-v0': TypeError: ",
}


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with userenvs.registered():
        yield


def right(observations: np.ndarray, step: int) -> np.ndarray:
    return np.ones((len(observations), observations.shape[-1]), np.int64)


def trained(environment_id: str) -> np.ndarray:
    """Return what two seeds' episodes of 9 steps return that go to the right."""
    environment = registry.make(plain(environment_id))
    assert isinstance(environment, GymnasiumEnvironment)
    total, running = np.zeros((2, 2)), np.ones((2, 2), bool)
    try:
        state = environment.reset(tf.constant(KEYS.T), (2,))
        for _ in range(9):
            state, reward, terminated = environment.step(state, tf.ones([2, 2], tf.int32), state)
            total += np.where(running, reward, 0)
            running &= ~(terminated.numpy() | environment.truncated(state).numpy())
    except tf.errors.OpError:
        assert environment.failure
        raise environment.failure from None
    finally:
        environment.close()
    return total


def evaluated(environment_id: str) -> np.ndarray:
    return evaluate(right, environment_id, [3, 4], 2, [9])[0]


@pytest.mark.parametrize("play", [trained, evaluated])
def test_what_is_clear_is_taken(play):
    accepted = userenvs.KNOWN.keys() - {f"{name}-v0" for name in [*REFUSED, *OTHERS]}
    assert len(accepted) >= 17
    for name in sorted(accepted):
        expected = {"PaysOne-v0": 9, "EndsAtOnce-v0": 0}.get(name, 1)
        np.testing.assert_array_equal(play(name), np.full((2, 2), expected), name)


@pytest.mark.parametrize("play", [trained, evaluated])
def test_what_is_not_is_one_line_that_names_it(play):
    for name, message in REFUSED.items():
        with pytest.raises(PlainError) as caught:
            play(f"{name}-v0")
        assert message in str(caught.value)
        assert f"{name}-v0" in str(caught.value)
        assert "\n" not in str(caught.value)
        if "the environment" in message:
            assert "seed " in str(caught.value)


def test_a_failing_name_that_is_right_gets_no_hint():
    for environment_id in ("NeedsBonus-v0", "tests.environments.userenvs:NeedsBonus-v0"):
        with pytest.raises(UserError, match=r"cannot make .*bonus") as caught:
            plain(environment_id).make()
        assert "did you mean" not in str(caught.value)
    with pytest.raises(UserError, match=r"did you mean tests.environments.userenvs:NeedsBonus-v0"):
        plain("tests.environments.userenvs:NeedBonus-v0").make()


SKIPS = [{"name": "RepeatAction", "num_repeats": 4}, {"name": "MaxAndSkipObservation", "skip": 4}]


@pytest.mark.parametrize("wrapper", SKIPS)
def test_a_limit_counts_the_agents_steps_whatever_else_is_asked(wrapper):
    repeated = _wrapped("PaysOne-v0", wrapper)
    for limits in ([20], [20, 50], [50, 20]):
        found = evaluate(right, repeated, [1], 1, limits)
        assert found.ravel().tolist() == [4 * limit for limit in limits]
    assert len(record(right, repeated, 1, 20).actions) == 20


def test_a_training_counts_the_agents_steps_and_rounds_its_returns_once():
    """Four rewards of 0.1 a step."""
    environment, steps, paid = registry.make(_wrapped("PaysATenth-v0", SKIPS[0])), 90, 36
    h = test_reinforce.TINY.model_copy(update={"iterations": 1, "maximum_steps": steps})
    assert (reinforce.train(h, environment, KEYS).returns == paid).all()
    for length in ({"total_episodes": 1}, {"total_episodes": None, "total_steps": steps}):
        h = test_dqn.with_(**length, maximum_steps=steps, train_every=steps)
        assert (dqn.train(h, environment, KEYS).returns == paid).all()


def _wrapped(environment_id: str, *wrappers: dict[str, Any]) -> Specification:
    return Specification.model_validate(
        plain(environment_id).model_dump() | {"wrappers": list(wrappers)}
    )
