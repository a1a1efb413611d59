"""Regions, and tests that have what their form takes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reprise.claims.model import Region, Test
from tests.claims.claiming import claim, of

NUMBERS = st.integers(-4, 4)
REGIONS: list[dict[str, Any]] = [
    {"above": 1}, {"at_least": 1}, {"below": 1}, {"at_most": 1},
    {"within": [-2, 1]}, {"outside": [-2, 1]},
]  # fmt: skip


@pytest.mark.parametrize("region", REGIONS, ids=str)
@given(low=NUMBERS, width=st.integers(0, 8))
def test_an_interval_is_on_the_side_on_which_all_its_numbers_are(region, low, width):
    found = Region.model_validate(region)
    inside = [found.holds(x) for x in np.linspace(low, low + width, 8 * width + 1)]
    expected = 1 if all(inside) else 0 if any(inside) else -1
    assert found.side(low, low + width) == expected


@pytest.mark.parametrize(
    ("region", "at_its_margin"),
    list(zip(REGIONS, [False, True, False, True, True, False], strict=True)),
    ids=str,
)
def test_a_margin_belongs_to_a_region_or_not(region, at_its_margin):
    found = Region.model_validate(region)
    assert all(found.holds(margin) == at_its_margin for margin in found.margins)


def test_a_time_that_never_came_is_later_than_any():
    assert Region(within=(1, 2)).side(np.inf, np.inf) == -1
    assert Region(at_most=5).side(3, np.inf) == 0


@pytest.mark.parametrize("region", [*REGIONS, {"equal": "a0"}], ids=str)
def test_the_words_of_a_region_are_read_as_that_region(region):
    found = Region.model_validate(region)
    assert Region.parsed(found.words()) == found


def test_a_region_has_plain_words():
    assert Region(within=(6000, 10000)).words() == "within 6000 to 10000"
    assert Region(equal="a0").words() == "equal to a0"


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ({}, "has nothing; allowed: one of above"),
        ({"above": 1, "below": 2}, "has above, below; allowed: one of"),
        ({"within": [2, 1]}, "within is \\[2.0, 1.0\\]; allowed: the lower number first"),
        ({"abov": 1}, "abov"),
    ],
)
def test_a_region_that_is_none_is_refused(region, message):
    with pytest.raises(ValidationError, match=message):
        Region.model_validate(region)


ONE = of(column="final")


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ({"form": "difference", "of": ONE}, "'difference', which needs than"),
        ({"form": "mean", "of": ONE, "than": ONE}, "'mean', which has no than"),
        ({"form": "share", "of": ONE}, "'share', which needs counted"),
        ({"form": "median", "of": ONE, "counted": {"above": 1}}, "which has no counted"),
        ({"form": "mean", "of": ONE, "less_is_better": True}, "which has no less_is_better"),
        (
            {"form": "mean", "of": {"stage": "training", "metric": "sweeps"}},
            "'mean', which needs a sample from a table; of is none; allowed: form 'value'",
        ),
    ],
)
def test_a_test_of_the_wrong_form_is_refused(test, message):
    with pytest.raises(ValidationError, match=message):
        claim({"above": 1}, **test)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"stage": "training"}, "a source has none of them; allowed: one of metric"),
        ({"stage": "training", "metric": "a", "table": "b"}, "has metric and table"),
        ({"metric": "a"}, "a source with metric has None as its stage"),
        ({"stage": "a", "logarithm_of": {"base": 2, "exponent": 3}}, "has a as its stage"),
        ({"stage": "a", "metric": "b", "column": "c"}, "with metric has column"),
        (of(), "has column or reaches; allowed: one of them"),
    ],
)
def test_a_source_is_of_one_kind(source, message):
    with pytest.raises(ValidationError, match=message):
        claim({"above": 1}, form="value", of=source)


def test_a_test_names_the_stages_it_looks_at():
    other = {**ONE, "stage": "baseline"}
    test = claim({"above": 0}, form="difference", of=ONE, than=other).test
    assert isinstance(test, Test)
    assert test.stages == ("training", "baseline")
