"""Comparisons of variants: better, sooner, never there."""

import numpy as np
import pandas as pd
import pytest

from reprise.measures import variants

TIMES = {"plain": [10.0, 20.0, np.nan, 40.0], "quick": [1.0, 2.0, 3.0, np.nan]}
SAMPLES = variants.stacked(
    {name: pd.DataFrame({"seed": range(4), "time": times}) for name, times in TIMES.items()}
)


def test_stacked_tables_keep_their_order_and_have_the_variants_names():
    assert list(SAMPLES.columns) == ["variant", "seed", "time"]
    assert SAMPLES["variant"].tolist() == ["plain"] * 4 + ["quick"] * 4


def test_never_is_later_than_any_time_and_as_late_as_another_never():
    found = variants.sooner(SAMPLES, "time", "plain", seed=0)
    # 3 seeds are sooner than all 4; the fourth ties with one of them.
    assert list(found) == ["quick"]
    assert found["quick"]["estimate"] == (3 * 4 + 0.5) / 16
    assert found["quick"]["low"] <= found["quick"]["estimate"] <= found["quick"]["high"]
    nobody = variants.sooner(SAMPLES.assign(time=np.nan), "time", "plain", seed=0)
    assert nobody["quick"]["estimate"] == 0.5


def test_the_median_time_is_none_where_it_falls_on_never():
    found = variants.reached(np.array([5.0, np.nan, np.nan]))
    assert (found["share"], found["median"], found["n"]) == (1 / 3, None, 3)
    assert variants.reached(np.array([5.0, 3.0, np.nan]))["median"] == 5
    assert variants.reached(np.array([np.nan, np.nan]))["share"] == 0


def test_a_comparison_is_with_the_baseline_only():
    samples = SAMPLES.assign(value=[1, 2, 3, 4, 2, 3, 4, 5])
    found = variants.comparisons(samples, "value", "plain", seed=0)
    assert list(found) == ["quick"]
    assert found["quick"]["difference"]["estimate"] == 1
    assert found["quick"]["probability_of_improvement"]["estimate"] == 11.5 / 16


def test_a_name_in_words_has_its_decimals():
    assert variants.in_words("learning_rate_0_03") == "learning rate 0.03"
    assert variants.in_words("discount_of_0_95_suits_rather_than_0_8") == (
        "discount of 0.95 suits rather than 0.8"
    )
    assert variants.in_words("buffer_10000") == "buffer 10000"


def test_a_seed_without_a_return_is_below_any_other_and_in_no_mean():
    values = [np.nan, np.nan, 3.0, 5.0, np.nan, -7.0, -8.0, 4.0]
    found = variants.comparisons(SAMPLES.assign(value=values), "value", "plain", seed=0)["quick"]
    assert found["difference"]["n"] == 5
    assert found["difference"]["estimate"] == pytest.approx(-11 / 3 - 4)
    # Two of four are above nothing only, one is above 3 as well, and one is level with nothing.
    assert found["probability_of_improvement"]["estimate"] == (2 + 2 + 3 + 1) / 16


def test_one_seed_with_a_return_gives_no_difference_of_means():
    values = [1.0, 2.0, 3.0, 4.0, np.nan, np.nan, np.nan, 9.0]
    found = variants.comparisons(SAMPLES.assign(value=values), "value", "plain", seed=0)["quick"]
    assert np.isnan([found["difference"][key] for key in ("estimate", "low", "high")]).all()
    assert found["probability_of_improvement"]["estimate"] == 4 / 16
