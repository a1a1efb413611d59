"""The ledger: its counts, and what it says of a claim in words."""

import numpy as np
import pandas as pd
import pytest

from reprise.claims import judge, ledger
from tests.claims.claiming import Made, claim, of

TABLES = {
    "a": pd.DataFrame(
        {"x": np.linspace(1000, 1200, 30), "flat": [200.0] * 30, "nan": [np.nan] * 30}
    )
}
CLAIMS = {
    "large": claim({"at_least": 900}, form="mean", of=of("a", column="x")),
    "flat": claim({"below": 195}, form="mean", of=of("a", column="flat")),
    "word": claim(
        {"equal": "a1"}, "two", form="value",
        of={"stage": "training", "metric": "best.discount_0_9"},
    ),
    "power": claim({"above": 50}, form="value", of={"logarithm_of": {"base": 2, "exponent": 240}}),
    "each": claim({"above": 0}, form="every", of=of("a", column="x")),
    "late": claim({"at_most": 5}, form="median", of=of("a", column="nan", missing="late")),
    "none": claim({"above": 0}, form="mean", of=of("a", column="nan")),
}  # fmt: skip
CLAIMS["none"] = CLAIMS["none"].model_copy(update={"written_after_results": True})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    answers = judge.judge(CLAIMS, Made(**TABLES), 0.95, 100, lambda _: np.random.SeedSequence(1))
    return ledger.table(CLAIMS, answers)


def row(text: str, number: int) -> list[str]:
    """Return the cells of a claim's row, from 0."""
    return [cell.strip() for cell in text.split("\n")[2 + number].strip("|").split("|")]


def test_the_counts_are_in_all_and_by_family(table):
    found = ledger.summary(table)
    assert {key: found[key] for key in ("claims", "confirmed", "refuted", "unresolved")} == {
        "claims": 7, "confirmed": 3, "refuted": 3, "unresolved": 1,
    }  # fmt: skip
    assert found["families"]["two"] == {"confirmed": 0, "refuted": 1, "unresolved": 0}
    assert (found["written_after_results"], found["without_width"]) == (1, 2)
    assert found["verdicts"]["word"] == "refuted"
    assert ledger.in_words(found) == "7 claims of the chapter: 3 confirmed, 3 refuted, 1 unresolved"


def test_a_row_says_what_was_measured(table):
    text = ledger.markdown(table, "notebooks")
    assert row(text, 0)[1:] == [
        "**confirmed**", "1,100 [1,070, 1,130]", "30", "mean at least 900", "here",
        "[training](notebooks/training.ipynb)",
    ]  # fmt: skip
    assert row(text, 1)[2] == "200.0 [200.0, 200.0, no width]"
    assert row(text, 2)[2:5] == ["a0", "", "value equal to a1"]
    assert row(text, 3)[2:] == [
        "72.2", "", "value above 50", "here", "[claims](notebooks/claims.ipynb)",
    ]  # fmt: skip
    assert row(text, 4)[2] == "1,000 to 1,200"
    assert row(text, 5)[1:3] == ["**refuted**", "never [never, never, no width]"]
    assert row(text, 6)[:3] == ["so†", "**unresolved**", "0 values where an interval needs 2"]
    assert "† written after results were seen." in text
    assert row(ledger.markdown(table, "x", in_full=True), 2)[0] == "so *what* (two)"


def test_it_is_the_same_when_read_from_its_file(table, tmp_path):
    from reprise.pipeline import artifacts

    artifacts.write(tmp_path / "ledger.csv", table)
    again = artifacts.read_csv(tmp_path / "ledger.csv")
    assert ledger.markdown(again, "x") == ledger.markdown(table, "x")
    assert ledger.counts(again) == ledger.counts(table)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(8123.4, "8,123"), (196.74, "196.7"), (0.6129, "0.613"), (-22, "−22")],
)
def test_a_number_has_about_four_digits(value, expected):
    assert ledger.number(value) == expected
