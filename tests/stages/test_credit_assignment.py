"""Credit: the chapter's worked numbers, and which credit is which."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages import credit_assignment
from tests import tiny

NAME = "credit_assignment"


@cache
def results() -> dict[str, Any]:
    return tiny.run(NAME)


def example(name: str) -> pd.DataFrame:
    table = results()["examples.csv"]
    return table[table["example"] == name]


def test_the_chapters_returns_and_advantages_come_out():
    found = example("chapter")
    assert found["reward"].tolist() == [10, 0, -50, 10, 20]
    np.testing.assert_allclose(found["return"], [-22, -40, -50, 26, 20], rtol=1e-6)
    expected = [-0.28435071, -0.86597718, -1.18910299, 1.26665318, 1.0727777]
    np.testing.assert_allclose(found["advantage"], expected, rtol=1e-6)
    assert found["episode"].tolist() == [0, 0, 0, 1, 1]
    assert found["step"].tolist() == [0, 1, 2, 0, 1]


def test_integer_rewards_keep_fractions_and_equal_returns_have_no_advantage():
    np.testing.assert_allclose(example("integers")["return"], [2.8525, 1.95, 1], rtol=1e-6)
    assert example("equal")["advantage"].tolist() == [0, 0]


@pytest.mark.parametrize(("name", "steps"), [("shorter", 13.5134), ("longer", 68.9676)])
def test_a_reward_counts_for_half_after_its_half_life(name: str, steps: float):
    found = results()["metrics.json"]["half_lives"][name]
    assert found["steps"] == pytest.approx(steps, abs=5e-5)
    assert found["before"] > 0.5 > found["after"]
    assert found["after"] == pytest.approx(found["before"] * found["discount"])


def test_the_headline_names_every_variant():
    said = credit_assignment.headline(results())
    variants = tiny.section(NAME)["variants"]
    assert all(f"{name.replace('_', ' ')} " in said for name in variants)
