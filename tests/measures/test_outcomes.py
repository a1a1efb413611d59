"""Which tables hold a row for each seed, what tells their groups apart, and which way is better."""

import pandas as pd
import pytest

from reprise.measures import outcomes
from tests import tiny


def found(**columns) -> outcomes.Samples | None:
    return outcomes.samples(pd.DataFrame(columns))


def test_a_row_for_each_seed_is_one_group_and_final_returns_come_first():
    table = found(seed=[0, 1], falls=[2, 3], last_return=[9.0, 8.0], final_200=[7.0, 6.0])
    assert table is not None
    assert list(table.groups) == [""]
    assert table.outcomes == ["final_200", "last_return", "falls"]


def test_every_text_tells_groups_apart():
    table = found(
        problem=["a", "a", "b"], behaviour=["x", "y", "x"], run=[0, 0, 0], steps=[1.0, 2.0, None]
    )
    assert table is not None
    assert list(table.groups) == ["a x", "a y", "b x"]
    assert table.groups["a y"]["steps"].tolist() == [2.0]


def test_numbers_before_the_seed_tell_groups_apart_by_name_and_not_by_their_count():
    table = found(setting=[7, 8], rate=[0.1, 0.2], variant=["a", "a"], seed=[0, 0], falls=[1, 2])
    assert table is not None
    assert list(table.groups) == ["rate 0.1 a", "rate 0.2 a"]
    assert table.outcomes == ["falls"]


def test_true_and_false_are_an_outcome_even_where_some_are_missing():
    table = found(seed=[0, 1, 2], diverged=[True, False, None])
    assert table is not None
    assert table.outcomes == ["diverged"]


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
    assert found(**columns) is None


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
