"""Comparisons of variants: better, sooner, never there."""

import numpy as np
import pandas as pd
import pytest

from reprise.measures import variants

NAN = np.nan
TIMES = {"plain": [10.0, 20.0, NAN, 40.0], "quick": [1.0, 2.0, 3.0, NAN]}
SAMPLES = variants.stacked(
    {name: pd.DataFrame({"seed": range(4), "time": times}) for name, times in TIMES.items()}
)


def test_never_is_later_than_any_time_and_as_late_as_another_never():
    found = variants.sooner(SAMPLES, "time", "plain")
    # 3 seeds are sooner than all 4; the fourth ties with one of them.
    assert found["quick"]["estimate"] == (3 * 4 + 0.5) / 16
    assert found["quick"]["low"] <= found["quick"]["estimate"] <= found["quick"]["high"]
    nobody = variants.sooner(SAMPLES.assign(time=NAN), "time", "plain")
    assert nobody["quick"]["estimate"] == 0.5


@pytest.mark.parametrize(
    ("times", "share", "median"),
    [([5, NAN, NAN], 1 / 3, None), ([5, 3, NAN], 2 / 3, 5), ([NAN, NAN], 0, None)],
)
def test_the_median_time_is_none_where_it_falls_on_never(times, share, median):
    found = variants.reached(np.array(times, float))
    reached = found["share"]
    assert (reached["estimate"], found["median"], reached["n"]) == (share, median, len(times))


@pytest.mark.parametrize(
    ("values", "difference", "n", "wins", "bounded"),
    [
        ([1, 2, 3, 4, 2, 3, 4, 5], 1, 8, 11.5, True),
        # Two of four are above nothing only, one is above 3 as well, and one is level with nothing.
        ([NAN, NAN, 3, 5, NAN, -7, -8, 4], -11 / 3 - 4, 5, 2 + 2 + 3 + 1, True),
        ([1, 2, 3, 4, NAN, NAN, NAN, 9], 9 - 2.5, 5, 4, False),  # one seed has no interval
    ],
)
def test_a_seed_without_a_return_is_below_any_other_and_in_no_mean(
    values, difference, n, wins, bounded
):
    found = variants.comparisons(SAMPLES.assign(value=values), "value", "plain")
    assert list(found) == ["quick"]
    means = found["quick"]["difference"]
    assert (means["estimate"], means["n"]) == (pytest.approx(difference), n)
    assert np.isfinite([means["low"], means["high"]]).all() == bounded
    assert found["quick"]["probability_of_improvement"]["estimate"] == wins / 16
