"""Missing numbers and bounds as text: a dash, never `nan`."""

import numpy as np
import pytest

from reprise.stats import words
from reprise.stats.intervals import known_mean

NAN = float("nan")


@pytest.mark.parametrize(
    ("sample", "text"),
    [([], "–"), ([NAN], "–"), ([1234.5], "1234.5"), ([4, NAN, 4], "4.0 [4.0, 4.0]")],
)
def test_an_interval_without_bounds_is_its_estimate(sample: list, text: str):
    assert words.bracketed(known_mean(sample)) == text


@pytest.mark.parametrize("value", [None, NAN, float("inf"), -float("inf"), np.float64("nan")])
def test_a_missing_number_is_a_dash(value: float | None):
    assert (words.number(value), words.number(value, none="never")) == ("–", "never")
