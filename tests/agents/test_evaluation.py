"""The map of seeds' actions over the plane."""

import numpy as np
import pytest

from reprise import policies
from reprise.agents import evaluation
from reprise.environments.specification import Wrapping, plain

CARTPOLE = plain("CartPole-v1")
NORMALISED = CARTPOLE.model_copy(update={"wrappers": (Wrapping(name="NormalizeObservation"),)})


def test_a_rule_is_found_again_point_by_point():
    points = evaluation.plane()
    lean = np.radians(points["angle"].to_numpy()) + points["angular_velocity"].to_numpy()
    act = policies.playing(policies.angle_and_velocity)
    found = evaluation.pushing_right(evaluation.actions(act, CARTPOLE, 2))
    clear = np.abs(lean) > 1e-6  # else float32 decides
    shares = found["pushing_right"].to_numpy()
    np.testing.assert_array_equal(shares[clear], lean[clear] > 0)
    assert set(shares) == {0, 1}


@pytest.mark.parametrize("other", [plain("MountainCar-v0"), NORMALISED])
def test_where_observations_are_others_the_map_has_columns_and_no_rows(other):
    found = evaluation.pushing_right(
        evaluation.actions(lambda *_: pytest.fail("it acts"), other, 2)
    )
    assert len(found) == 0
    assert list(found) == ["angle", "angular_velocity", "pushing_right"]
