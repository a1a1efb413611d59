"""Which tables hold a row for each seed, what tells their groups apart, and which way is better."""

import io

import pandas as pd
import pytest

from reprise.measures import outcomes
from tests import tiny


@pytest.mark.parametrize(
    ("text", "groups", "names"),
    [
        ("seed,falls,last_return,final_8 0,2,9,7 1,3,8,6", [""], "final_8 last_return falls"),
        ("problem,way,seed,steps a,x,0,1 a,y,0,2 b,x,0,", ["a x", "a y", "b x"], "steps"),
        # Numbers before the seed count by name, except the number of the group.
        (
            "setting,rate,way,seed,falls 7,.1,a,0,1 8,.2,a,0,2",
            ["rate 0.1 a", "rate 0.2 a"],
            "falls",
        ),
        ("seed,diverged 0,True 1,False 2,", [""], "diverged"),
        ("episode,seed_0 0,3 1,4", None, "no seed"),
        ("seed,step 0,1 0,2", None, "several rows of a seed"),
        ("seed,state 0,a 1,b", None, "nothing but texts"),
    ],
)
def test_a_table_with_a_row_of_numbers_for_each_seed_has_groups_and_outcomes(text, groups, names):
    found = outcomes.samples(pd.read_csv(io.StringIO(text.replace(" ", "\n"))))
    assert (found and list(found.groups)) == groups
    if found:
        assert found.outcomes == names.split()
        assert sum(map(len, found.groups.values())) == text.count(" ")


def test_the_committed_tables_of_samples_are_found():
    data = tiny.ROOT / "data"
    found = {path for path in data.glob("*/*.csv") if outcomes.samples(pd.read_csv(path))}
    others = {data / "hardcoded_baseline" / name for name in ("episodes.csv", "untrained.csv")}
    assert {*data.glob("*/samples.csv"), *others} <= found
    assert not {path for path in found if "curve" in path.name or "returns" in path.name}
