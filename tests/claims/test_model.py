"""Regions, and tests that have what their form takes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reprise.claims.model import Claim, Region
from tests.claims.claiming import claim, of

REGIONS: dict[str, tuple[dict[str, Any], bool]] = {  # by words, with whether it holds its margins
    "above 1": ({"above": 1}, False),
    "at least 1": ({"at_least": 1}, True),
    "below 1": ({"below": 1}, False),
    "at most 1": ({"at_most": 1}, True),
    "within -2 to 1": ({"within": [-2, 1]}, True),
    "outside -2 to 1": ({"outside": [-2, 1]}, False),
    "within 6000 to 10000": ({"within": [6000, 10000]}, True),
    "equal to a0": ({"equal": "a0"}, False),
}


@pytest.mark.parametrize("words", list(REGIONS)[:6])
@given(low=st.integers(-4, 4), width=st.integers(0, 8))
def test_an_interval_is_on_the_side_on_which_all_its_numbers_are(words, low, width):
    found = Region.model_validate(REGIONS[words][0])
    inside = [found.holds(x) for x in np.linspace(low, low + width, 8 * width + 1)]
    expected = 1 if all(inside) else 0 if any(inside) else -1
    assert found.side(low, low + width) == expected


@pytest.mark.parametrize("words", REGIONS)
def test_a_region_has_plain_words_and_its_margins_or_not(words):
    values, at_its_margin = REGIONS[words]
    found = Region.model_validate(values)
    assert found.words() == words
    assert Region.model_validate_json(found.model_dump_json(exclude_none=True)) == found
    assert all(found.holds(margin) == at_its_margin for margin in found.margins)


ONE = of(column="final")
METRIC = {"stage": "training", "metric": "sweeps"}


@pytest.mark.parametrize(
    ("claimed", "message"),
    [
        ({}, "has nothing; allowed: one of above"),
        ({"above": 1, "below": 2}, "has above, below; allowed: one of"),
        ({"within": [2, 1]}, "within is \\[2.0, 1.0\\]; allowed: the lower number first"),
        ({"abov": 1}, "abov"),
        ({"equal": "a0"}, "form is 'mean', but claimed is a word; allowed: numbers"),
    ],
)
def test_a_region_that_is_none_is_refused(claimed, message):
    with pytest.raises(ValidationError, match=message):
        claim(claimed, form="mean", of=ONE)


@pytest.mark.parametrize(
    ("form", "test", "message"),
    [
        ("difference", {"of": ONE}, "'difference', but than is missing"),
        (
            "mean",
            {"of": ONE, "than": ONE},
            "than is given, but form is 'mean'; allowed: ratio",
        ),
        ("share", {"of": ONE}, "'share', but counted is missing"),
        ("mean", {"of": METRIC}, "but a source is no table; allowed: only with form 'value'"),
        ("value", {"of": {"stage": "training"}}, "has none of them; allowed: one of metric"),
        ("value", {"of": {**METRIC, "table": "b"}}, "has metric and table"),
        ("value", {"of": {"metric": "a"}}, "a source with metric needs stage"),
        ("value", {"of": of()}, "a source with table needs column"),
    ],
)
def test_a_test_of_the_wrong_form_or_source_is_refused(form, test, message):
    with pytest.raises(ValidationError, match=message):
        claim({"above": 1}, form=form, **test)


@pytest.mark.parametrize(
    ("claimed", "matters"), [({"above": 1}, 1), ({"below": 1}, 2), ({"within": [1, 2]}, 1.5)]
)
def test_what_matters_lies_beyond_one_margin(claimed, matters):
    with pytest.raises(ValidationError, match="matters"):
        claim(claimed, form="mean", of=ONE, matters=matters)


@pytest.mark.parametrize(("form", "seeds"), [("mean", None), ("every", 4)])
def test_a_test_with_an_interval_declares_its_seeds(form, seeds):
    found = claim({"above": 0}, form=form, of=ONE).model_dump(exclude_unset=True)
    with pytest.raises(ValidationError, match=f"form is '{form}', seeds is {seeds}; allowed: "):
        Claim.model_validate({**found, "seeds": seeds})
