"""Holding, collapsing and recovering, and what warns of it, against values found by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from reprise.measures import forgetting

NAN = np.nan
CAP = 20


@pytest.mark.parametrize(
    ("returns", "window", "held_at", "begins", "depth", "recovery"),
    [
        ((20, 3, 20, 3, 20, 3), 2, NAN, [], NAN, NAN),  # nothing to forget
        ((3, 20, 20, 15, 12), 2, 2, [], 6.5, NAN),
        ((20, 20, 1, 19, 20), 2, 1, [], 10, NAN),  # one bad episode is no collapse
        ((20, 20, 1, 1, 20), 2, 1, [2], 19, NAN),
        ((20, 20, 20, 12, 6, 7, 5), 3, 2, [4], 14, NAN),  # the first low episode of a low window
        ((20, 20, 5, 5, 5, 20, 20, 4, 4), 2, 1, [2, 7], 16, 4),  # the first collapse counts
        ((20, 20, 5, 5, 20, 4), 2, 1, [2], 15, NAN),
        ((20, 20, 20, 20), 2, 1, [], 0, NAN),
        ((0, 0, 20, 20, 5, 4, 20, 20), 2, 3, [4], 15.5, 3),
    ],
)
def test_a_seed_holds_the_cap_collapses_and_recovers(
    returns, window, held_at, begins, depth, recovery
):
    steady = np.full(len(returns), CAP)  # another seed, with which it does not mix
    found = forgetting.course(np.array([steady, returns], float).T, CAP, window)
    assert np.flatnonzero(found.collapses[:, 1]).tolist() == begins
    expected = [[window - 1, 0, 0, NAN], [held_at, bool(begins), depth, recovery]]
    np.testing.assert_array_equal(found.samples.to_numpy(float), expected)


def test_a_summary_counts_forgetting_among_those_that_held_and_recovery_among_those_that_forgot():
    table = pd.DataFrame({"held_at": [3, 5, NAN, 8], "forgets": [1, 1, 0, 0]})
    table = table.assign(depth=[15, 11, NAN, 2], recovery=[7, NAN, NAN, NAN])
    found = forgetting.summary(table)
    shares = [found[name] or {} for name in ("held", "forgets", "recovered")]
    assert [each["estimate"] for each in shares] == [3 / 4, 2 / 3, 1 / 2]
    assert (found["depth"] or {})["mean"]["estimate"] == pytest.approx(28 / 3)
    assert found["recovery"] is None  # one seed has no interval


@pytest.mark.parametrize(
    ("collapses", "values", "expected"),
    [
        ([(2, 0)], [[1, 0, 0, 2], [9, 1, 2, 3], [5, 5, 6, 7], [1, 2, 2, 2]], [2 / 3, 1, 1 / 6, 0]),
        # Seeds about to collapse are not calm: only the third seed is.
        ([(2, 0), (3, 1)], [[0, 0, 0], [1, 0, 2], [0, 0, 0], [0, 0, 0]], [0.5, 0]),
    ],
)
def test_a_place_is_the_share_of_calm_seeds_that_lie_lower(collapses, values, expected):
    begun = np.zeros(np.shape(values), bool)
    begun[tuple(np.transpose(collapses))] = True
    course = forgetting.Course(np.ones_like(begun), begun, pd.DataFrame())
    places = forgetting.places(np.array(values, float), course, 2, len(expected) - 2)
    assert places[:, 0].tolist() == pytest.approx(expected)
    assert np.isnan(places[:, ~begun.any(axis=0)]).all()


def test_a_rank_correlation_given_the_episode_is_that_of_what_the_episode_leaves_open():
    random = np.random.default_rng(0)
    drift, own = np.arange(60.0)[:, None], random.normal(size=(2, 60, 4))
    x, y = drift + 9 * own[0], drift**2 + 400 * own[1]
    x[:7, 0] = NAN
    found = forgetting.rank_correlations(x, y, np.broadcast_to(drift, x.shape))
    for seed in range(4):
        start = 7 if seed == 0 else 0
        ranks = [rankdata(values[start:, seed]) for values in (x, y)]
        time = drift[start:, 0]
        left = [each - np.polyval(np.polyfit(time, each, 1), time) for each in ranks]
        assert found[seed] == pytest.approx(np.corrcoef(*left)[0, 1])
    assert (np.abs(found) < 0.35).all()
    assert (forgetting.rank_correlations(x, y) > 0.5).all()
    drifts = np.broadcast_to(drift, x.shape)
    assert np.isnan(forgetting.rank_correlations(drifts, y, drifts)).all()
