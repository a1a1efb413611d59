"""Observations of every kind become the vectors of Gymnasium's FlattenObservation."""

import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from reprise.environments.spaces import spaces
from reprise.environments.specification import Specification, plain
from reprise.errors import UserError
from tests.environments import userenvs

FLAT = [
    Box(-1, 1, (2, 3)),
    Box(-1, 1, ()),
    MultiBinary((2, 2)),
    MultiDiscrete(np.array([3, 2, 4])),
    MultiDiscrete(np.array([[3, 2], [2, 4]]), start=np.array([[1, 0], [0, -2]])),
    Tuple([Discrete(3, start=2), Box(0, 9, (2,), np.int64)]),
    Dict({"b": Discrete(2), "a": Dict({"deep": Tuple([MultiBinary(2), Box(0, 1, (1, 2))])})}),
]


@pytest.mark.parametrize("space", FLAT, ids=str)
def test_a_vector_is_the_one_of_gymnasiums_wrapper(space: gymnasium.Space):
    environment = userenvs.Line()
    environment.observation_space = space
    found = spaces(environment, "Line-v0")
    assert found.features == gymnasium.spaces.flatdim(space)
    assert found.flattened
    assert found.flattened.endswith(f", flattened to {found.features} numbers")
    space.seed(0)
    for _ in range(20):
        observation = space.sample()
        expected = gymnasium.spaces.flatten(space, observation)
        np.testing.assert_array_equal(found.encode(observation), expected)


def test_a_picture_that_cannot_be_resized_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    resized = [{"name": "ResizeObservation", "shape": [4, 4]}]
    with userenvs.registered():
        given = plain("Picture-v0").model_dump() | {"wrappers": resized}
        with pytest.raises(UserError, match=r"cv2.* is not installed.*`make extra` installs"):
            Specification.model_validate(given).make()


def test_real_actions_are_clipped_to_their_space_and_nothing_else_is_an_action():
    environment = userenvs.Line()
    low, high = (np.array([bounds], np.float32) for bounds in ([-1, 0], [1, 9]))
    environment.action_space = Box(low, high)
    found = spaces(environment, "Line-v0")
    assert (found.actions, found.continuous, found.action_shape) == (2, True, (2,))
    drawn = np.array([[[0.5, -7, np.nan], [5, 10, np.inf]]])  # [E, A, N]
    decoded = found.decode(drawn)
    np.testing.assert_array_equal(decoded, np.array([[[0.5, 5]], [[-1, 9]], [[0, 9]]]))
    for space in (Discrete(1), MultiDiscrete([2, 2]), MultiBinary(2), Box(0, 9, (1,), np.int64)):
        environment.action_space = space
        with pytest.raises(UserError, match=r"Line-v0 has the action space .*, or a Box of real"):
            spaces(environment, "Line-v0")
