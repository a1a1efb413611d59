"""Outcomes of several revisions: numbers, verdicts, order of rows."""

import numpy as np
import pytest

from reprise.compare import findings, report
from reprise.compare.findings import Row
from reprise.measures.outcomes import Sense

LOW, HIGH = [1.0, 2.0, 2.0, 3.0, 3.0, 4.0], [11.0, 12.0, 12.5, 13.0, 13.5, 14.0, 15.0]
NAN = float("nan")


def rows(sense: Sense = "return", **samples) -> dict[str, Row]:
    """Compare with the first sample; return rows by revision, best first."""
    arrays = {name: np.array(x, float) for name, x in samples.items()}
    return {row.revision: row for row in findings.ranked(arrays, next(iter(samples)), sense)}


def chance(base, other, sense: Sense = "return") -> float | None:
    found = rows(sense, base=base, other=other)["other"].chance
    return found and found.estimate


@pytest.mark.parametrize(
    ("sense", "up", "down"),
    [("return", "better", "worse"), ("time", "later", "sooner"), ("other", "higher", "lower")],
)
def test_a_verdict_needs_an_interval_that_excludes_one_half(sense, up, down):
    alike = np.array(LOW) + 0.1
    found = rows(sense, base=LOW, high=HIGH, alike=alike, same=LOW)
    verdicts = {name: row.verdict for name, row in found.items()}
    assert verdicts == {
        "base": "baseline",
        "high": up,
        "alike": "no clear difference",
        "same": "same values",
    }
    assert rows(sense, base=HIGH, low=LOW)["low"].verdict == down


@pytest.mark.parametrize(
    ("sense", "base", "other", "expected"),
    [
        # 10 is level with one and sooner than three, 20 level with one and sooner than two.
        ("time", [10, 20, NAN, NAN], [10, 20, 30, 40], (3.5 + 2.5 + 2 + 2) / 16),
        # None is level with two, 20 is level with one and above three, 30 and 40 are above all.
        ("return", [10, 20, NAN, NAN], [NAN, 20, 30, 40], (1 + 3.5 + 4 + 4) / 16),
        ("other", [1, 2, NAN], [3, 4, NAN], 1),
    ],
)
def test_a_seed_without_a_number_comes_last_and_is_in_no_mean(sense, base, other, expected):
    assert chance(base, other, sense) == expected
    found = rows(sense, base=base, other=other)["other"]
    assert found.mean
    assert found.mean.estimate == np.nanmean(other)
    assert found.missing == np.isnan(other).sum()


def test_numbers_are_as_exact_as_their_interval_is_wide():
    wide = rows(base=[5, 6, 7, 9], wide=[0, 1000, 2000, 3000])["wide"]
    assert report.written(wide.mean) == "1,500 [\N{MINUS SIGN}554, 3,554]"
    assert report.written(wide.difference, signed=True).startswith("+1,493")
    found = rows(narrow=[0.10, 0.11, 0.12, 0.13], flat=[2, 2])
    assert report.written(found["narrow"].mean) == "0.115 [0.094, 0.136]"
    assert report.written(found["flat"].mean) == "2 [no width]"
