"""Holding, collapsing and recovering, and what warns of it, against values found by hand."""

import numpy as np
import pandas as pd
import pytest

from reprise.measures import forgetting

NAN = np.nan
CAP = 20


def one(*returns: float, window: int = 2) -> forgetting.Course:
    """Return the course of a single seed."""
    return forgetting.course(np.array(returns, float)[:, None], CAP, window)


def begins(found: forgetting.Course) -> list[int]:
    """Return the episodes with which the collapses of a single seed begin."""
    return np.flatnonzero(found.collapses[:, 0]).tolist()


def test_a_seed_that_never_holds_the_cap_has_nothing_to_forget():
    found = one(20, 3, 20, 3, 20, 3)
    assert not found.holds.any()
    assert not found.collapses.any()
    assert found.samples["forgets"].tolist() == [0]
    assert found.samples[["held_at", "depth", "recovery"]].isna().to_numpy().all()


def test_the_cap_is_held_from_the_end_of_a_window_that_is_full_of_it():
    found = one(3, 20, 20, 15, 12)
    assert found.samples["held_at"].tolist() == [2]
    assert found.holds[:, 0].tolist() == [False, False, True, True, True]
    assert found.samples["depth"].tolist() == [CAP - 13.5]


@pytest.mark.parametrize(
    ("returns", "window", "expected"),
    [
        ((20, 20, 1, 19, 20), 2, []),  # one bad episode is no collapse
        ((20, 20, 1, 1, 20), 2, [2]),
        ((20, 20, 20, 12, 6, 7, 5), 3, [4]),
    ],
)
def test_a_collapse_begins_with_the_first_low_episode_of_a_low_window(returns, window, expected):
    assert begins(one(*returns, window=window)) == expected


def test_a_collapse_ends_the_holding_where_it_begins_and_is_counted_once():
    found = one(20, 20, 5, 5, 5, 20, 20, 4, 4)
    assert begins(found) == [2, 7]
    assert found.holds[:, 0].tolist() == [False, True, *[False] * 4, True, False, False]


def test_recovery_is_the_time_from_the_first_collapse_to_holding_again():
    assert one(20, 20, 5, 5, 5, 20, 20, 4, 4).samples["recovery"].tolist() == [4]
    for returns in ((20, 20, 5, 5, 20, 4), (20, 20, 20, 20)):
        assert one(*returns).samples["recovery"].isna().to_numpy().all()


def test_depth_is_that_of_the_worst_window_after_the_cap_was_held():
    assert one(0, 0, 20, 20, 5, 4, 20, 20).samples["depth"].tolist() == [CAP - 4.5]


def test_seeds_do_not_mix():
    both = forgetting.course(np.array([[20, 1], [20, 20], [5, 20], [4, 20]], float), CAP, 2)
    assert both.samples["held_at"].tolist() == [1, 2]
    assert both.samples["forgets"].tolist() == [1, 0]


def test_a_summary_counts_forgetting_among_those_that_held_and_recovery_among_those_that_forgot():
    table = pd.DataFrame(
        {
            "held_at": [3, 5, NAN, 8], "forgets": [1, 1, 0, 0], "depth": [15, 11, NAN, 2],
            "recovery": [7, NAN, NAN, NAN],
        }
    )  # fmt: skip
    found = forgetting.summary(table)
    shares = {name: found[name] for name in ("held", "forgets", "recovered")}
    assert {name: (each or {})["n"] for name, each in shares.items()} == {
        "held": 4, "forgets": 3, "recovered": 2
    }  # fmt: skip
    assert [(each or {})["estimate"] for each in shares.values()] == [3 / 4, 2 / 3, 1 / 2]
    assert (found["depth"] or {})["mean"] == pytest.approx(28 / 3)
    assert found["recovery"] is None  # one seed has no interval


def course(collapses: list[tuple[int, int]], shape: tuple[int, int]) -> forgetting.Course:
    """Return a course in which all seeds hold the cap, with collapses at (episode, seed)."""
    begun = np.zeros(shape, bool)
    begun[tuple(np.transpose(collapses))] = True
    return forgetting.Course(np.ones(shape, bool), begun, pd.DataFrame())


def test_a_place_is_the_share_of_calm_seeds_that_lie_lower():
    values = np.array([[1, 0, 0, 2], [9, 1, 2, 3], [5, 5, 6, 7], [1, 2, 2, 2]], float)
    places = forgetting.places(values, course([(2, 0)], (4, 4)), before=2, after=2)
    assert places[:, 0].tolist() == pytest.approx([2 / 3, 1, 1 / 6, 0])
    assert np.isnan(places[:, 1:]).all()


def test_seeds_about_to_collapse_are_not_calm():
    values = np.array([[0, 0, 0], [1, 0, 2], [0, 0, 0], [0, 0, 0]], float)
    places = forgetting.places(values, course([(2, 0), (3, 1)], (4, 3)), before=2, after=0)
    assert places[1, 0] == 0  # only the third seed is calm


def test_a_warning_is_a_mean_over_seeds_of_what_comes_before():
    around = np.array([[0.9, NAN, 0.5], [0.7, NAN, 0.7], [0.0, 0.0, 0.0]])
    found = forgetting.warning(around, before=2)
    assert found is not None
    assert (found["n"], found["mean"]) == (2, pytest.approx(0.7))
    assert forgetting.warning(around[:, :2], before=2) is None
    table = forgetting.over_seeds(around, before=2)
    assert table["episode"].tolist() == [-2, -1, 0]
    assert table["seeds"].tolist() == [2, 2, 3]
    assert table["mean"].tolist() == pytest.approx([0.7, 0.7, 0])
    assert forgetting.over_seeds(np.full((3, 2), NAN), before=2).shape == (0, 5)


def test_a_rank_correlation_is_a_seeds_own_and_looks_at_order_only():
    x = np.array([[1, 1, 1], [2, 2, 1], [4, NAN, 1], [8, 3, 1]], float)
    y = np.array([[1, 9, 1], [3, 8, 2], [9, 0, 3], [27, 7, 4]], float)
    found = forgetting.rank_correlations(x, y)
    np.testing.assert_allclose(found, [1, -1, NAN])
