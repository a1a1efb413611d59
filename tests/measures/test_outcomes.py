"""Which tables hold a row for each seed, what tells their groups apart, and which way is better."""

from typing import Any

import pandas as pd
import pytest

from reprise.measures import outcomes
from tests import tiny


@pytest.mark.parametrize(
    ("columns", "groups", "names"),
    [
        (  # final returns come first
            {"seed": [0, 1], "falls": [2, 3], "last_return": [9.0, 8.0], "final_200": [7.0, 6.0]},
            [""],
            ["final_200", "last_return", "falls"],
        ),
        (
            {
                "problem": ["a", "a", "b"],
                "way": ["x", "y", "x"],
                "run": [0] * 3,
                "steps": [1, 2, 3],
            },
            ["a x", "a y", "b x"],
            ["steps"],
        ),
        (  # numbers before the seed count by name, except the number of the group
            {
                "setting": [7, 8],
                "rate": [0.1, 0.2],
                "way": ["a"] * 2,
                "seed": [0] * 2,
                "falls": [1, 2],
            },
            ["rate 0.1 a", "rate 0.2 a"],
            ["falls"],
        ),
        ({"seed": [0, 1, 2], "diverged": [True, False, None]}, [""], ["diverged"]),
    ],
    ids=["one group", "texts", "numbers before", "true and false"],
)
def test_a_table_of_samples_has_groups_and_outcomes(columns: Any, groups: list, names: list):
    found = outcomes.samples(pd.DataFrame(columns))
    assert found is not None
    assert (list(found.groups), found.outcomes) == (groups, names)
    assert sum(map(len, found.groups.values())) == len(next(iter(columns.values())))


@pytest.mark.parametrize(
    "columns",
    [
        {"episode": [0, 1], "seed_0": [3, 4]},
        {"seed": [0, 0], "step": [1, 2]},
        {"run": [0, 1], "state": ["a", "b"]},
    ],
    ids=["no seed", "several rows of a seed", "nothing but texts"],
)
def test_what_has_no_row_of_numbers_for_each_seed_is_no_table_of_samples(columns):
    assert outcomes.samples(pd.DataFrame(columns)) is None


def test_the_committed_tables_of_samples_are_found():
    data = tiny.ROOT / "data"
    found = {path for path in data.glob("*/*.csv") if outcomes.samples(pd.read_csv(path))}
    others = {data / "hardcoded_baseline" / name for name in ("episodes.csv", "untrained.csv")}
    assert {*data.glob("*/samples.csv"), *others} <= found
    assert not {path for path in found if "curve" in path.name or "returns" in path.name}


@pytest.mark.parametrize(
    ("outcome", "sense"),
    [
        ("final_200", "return"),
        ("last_return", "return"),
        ("steps_to_195", "time"),
        ("first_at_cap", "time"),
        ("environment_steps", "other"),
        ("end", "other"),
    ],
)
def test_of_returns_more_is_better_of_times_less_and_of_the_rest_nobody_knows(outcome, sense):
    assert outcomes.sense(outcome) == sense
