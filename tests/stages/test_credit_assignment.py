"""Credit: the chapter's worked numbers, and which credit is which."""

import numpy as np
import pytest

NAME = "credit_assignment"


def test_the_chapters_returns_and_advantages_come_out(results):
    examples = results["examples.csv"].set_index("example")
    found = examples.loc["chapter"]
    assert found["reward"].tolist() == [10, 0, -50, 10, 20]
    np.testing.assert_allclose(found["return"], [-22, -40, -50, 26, 20], rtol=1e-6)
    expected = [-0.28435071, -0.86597718, -1.18910299, 1.26665318, 1.0727777]
    np.testing.assert_allclose(found["advantage"], expected, rtol=1e-6)
    assert found["episode"].tolist() == [0, 0, 0, 1, 1]
    assert found["step"].tolist() == [0, 1, 2, 0, 1]
    # Integer rewards keep fractions, and equal returns have no advantage.
    np.testing.assert_allclose(examples.loc["integers", "return"], [2.8525, 1.95, 1], rtol=1e-6)
    assert examples.loc["equal", "advantage"].tolist() == [0, 0]


@pytest.mark.parametrize(("name", "steps"), [("shorter", 13.5134), ("longer", 68.9676)])
def test_a_reward_counts_for_half_after_its_half_life(results, name: str, steps: float):
    found = results["metrics.json"]["half_lives"][name]
    assert found["steps"] == pytest.approx(steps, abs=5e-5)
    assert found["before"] > 0.5 > found["after"]
    assert found["after"] == pytest.approx(found["before"] * found["discount"])
