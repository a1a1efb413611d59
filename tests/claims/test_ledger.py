"""The ledger: its counts, and what it says of a claim in words."""

import numpy as np
import pandas as pd
import pytest

from reprise.claims import judge, ledger
from reprise.pipeline import artifacts
from tests.claims.claiming import Made, claim, of

COLUMNS = {"x": np.linspace(1000, 1200, 30), "flat": [200.0] * 30, "nan": [np.nan] * 30}
X, FLAT, NAN = (of("a", column=name) for name in COLUMNS)
WORD = {"stage": "training", "metric": "best.discount_0_9"}
POWER = {"logarithm_of": {"base": 2, "exponent": 240}}
CLAIMS = {
    "large": claim({"at_least": 900}, form="mean", of=X),
    "flat": claim({"below": 195}, form="mean", of=FLAT),
    "word": claim({"equal": "a1"}, "two", form="value", of=WORD),
    "power": claim({"above": 50}, form="value", of=POWER),
    "each": claim({"above": 0}, form="every", of=X),
    "late": claim({"at_most": 5}, form="median", of=NAN | {"missing": "late"}),
    "none": claim({"above": 0}, form="mean", of=NAN),
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    results = Made(a=pd.DataFrame(COLUMNS))
    answers = judge.judge(CLAIMS, results, 0.95)
    return ledger.table(CLAIMS, answers)


def test_the_counts_are_in_all_and_by_family(table):
    found = ledger.summary(table)
    assert ledger.in_words(found) == "7 claims of the chapter: 3 confirmed, 3 refuted, 1 unresolved"
    assert found["families"]["two"] == {"confirmed": 0, "refuted": 1, "unresolved": 0}
    assert found["without_width"] == 2
    assert found["verdicts"]["word"] == "refuted"


@pytest.mark.parametrize("read", [False, True], ids=["as made", "as read from its file"])
def test_a_row_says_what_was_measured(table, tmp_path, read):
    if read:
        artifacts.write(tmp_path / "ledger.csv", table)
        table = artifacts.read_csv(tmp_path / "ledger.csv")
    text = ledger.markdown(table, "notebooks")
    rows = [line.strip("| ").split(" | ") for line in text.split("\n")[2:9]]
    told = [" | ".join(row[1:5]) for row in rows]
    assert told == [
        "**confirmed** | 1,100 [1,077, 1,123]; verdict [1,070, 1,130] | 30 | mean at least 900",
        "**refuted** | 200.0 [200.0, 200.0, no width] | 30 | mean below 195",
        "**refuted** | a0 |  | value equal to a1",
        "**confirmed** | 72.2 |  | value above 50",
        "**confirmed** | 1,000 to 1,200 | 30 | each value above 0",
        "**refuted** | never [never, never, no width] | 30 | median at most 5",
        "**unresolved** | 0 values, but an interval needs 2 |  | mean above 0",
    ]
    assert rows[0][5:] == ["here", "[training](notebooks/training.ipynb)"]
    assert rows[3][6] == "[claims](notebooks/claims.ipynb)"
    assert "| so *what* (two) |" in ledger.markdown(table, "x", in_full=True)
