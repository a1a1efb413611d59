"""A profile counts the seeds above each threshold."""

import numpy as np
import pytest

from reprise.evidence.profiles import performance_profile
from reprise.evidence.statistics import wilson_interval


def test_a_profile_falls_from_all_seeds_to_none():
    table = performance_profile([10.0, 20.0, 20.0, 40.0], [0, 10, 19, 20, 40])
    assert table["share"].tolist() == [1, 0.75, 0.75, 0.25, 0]
    row = table.to_numpy()[3]
    np.testing.assert_array_equal(row[1:], wilson_interval(1, 4)[:3])


def test_the_area_under_a_profile_is_the_mean():
    # E[X] is the integral of P(X > t) for X >= 0
    sample = np.random.default_rng(0).integers(0, 200, 50)
    table = performance_profile(sample, range(200))
    assert float(table["share"].to_numpy().sum()) == pytest.approx(sample.mean())


def test_each_episode_of_a_seed_is_not_a_seed():
    with pytest.raises(ValueError, match="Average over the episodes of each seed first"):
        performance_profile(np.zeros((4, 10)), [1.0])
