"""Batches by index are the same from a deque and a circular array; only their times grow apart."""

import numpy as np
import pytest

from reprise.measures import access_growth


@pytest.mark.parametrize("make", [access_growth.deque_batch, access_growth.circular_batch])
def test_a_batch_holds_the_asked_for_items_in_their_order(make):
    everything = make(10)(range(10))
    assert sorted(everything) == list(range(10))
    assert make(10)([3, 3, 0]) == [everything[i] for i in (3, 3, 0)]


def test_the_oldest_of_a_circular_array_need_not_stand_first():
    assert access_growth.circular_batch(9)(range(9)) == [3, 4, 5, 6, 7, 8, 0, 1, 2]


def test_the_exponent_is_that_of_the_power_law_through_the_times():
    assert access_growth.exponent([5, 500], [10, 1000]) == pytest.approx(1)
    assert access_growth.exponent([5, 5], [10, 1000]) == 0
    assert access_growth.exponent([1, 3, 10_000], [10, 50, 1000]) == pytest.approx(2)


def test_access_grows_with_the_length_of_a_deque_and_not_with_that_of_a_circular_array():
    grown = [
        access_growth.growth(make, (10_000, 300_000), 256, 100, np.random.default_rng(7))
        for make in (access_growth.deque_batch, access_growth.circular_batch)
    ]
    assert grown == [1, 0]
