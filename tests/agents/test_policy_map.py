"""Which way seeds push, point by point of the plane of angle and angular velocity."""

import numpy as np
import pytest

from reprise import policies
from reprise.agents import policy_map
from reprise.environments.specification import Wrapping, plain

CARTPOLE = plain("CartPole-v1")


def test_a_rule_is_found_again_point_by_point():
    points = policy_map.plane()
    lean = np.radians(points["angle"].to_numpy()) + points["angular_velocity"].to_numpy()
    act = policies.playing(policies.angle_and_velocity)
    found = policy_map.pushing_right([policy_map.actions(act, CARTPOLE, 2)])
    clear = np.abs(lean) > 1e-6  # else float32 decides
    shares = found["pushing_right"].to_numpy()
    np.testing.assert_array_equal(shares[clear], lean[clear] > 0)
    assert set(shares) == {0, 1}


def test_seeds_count_the_same_whichever_pack_they_are_in():
    def some(seeds: int, right: int) -> np.ndarray:
        def act(observations: np.ndarray, step: int) -> np.ndarray:
            return np.broadcast_to(np.arange(seeds) < right, (len(observations), seeds)).astype(int)

        return policy_map.actions(act, CARTPOLE, seeds)

    found = policy_map.pushing_right([some(3, 3), some(1, 0)])
    assert set(found["pushing_right"]) == {0.75}
    assert len(found) == len(policy_map.plane())


@pytest.mark.parametrize(
    "other",
    [
        plain("MountainCar-v0"),
        CARTPOLE.model_copy(update={"wrappers": (Wrapping(name="NormalizeObservation"),)}),
    ],
)
def test_where_observations_are_others_the_map_has_columns_and_no_rows(other):
    def act(observations: np.ndarray, step: int) -> np.ndarray:
        raise AssertionError

    found = policy_map.pushing_right([policy_map.actions(act, other, 2)] * 2)
    assert len(found) == 0
    assert list(found) == ["angle", "angular_velocity", "pushing_right"]


def test_no_seed_with_a_policy_pushes_nowhere():
    assert len(policy_map.pushing_right([np.empty((len(policy_map.plane()), 0), int)])) == 0
