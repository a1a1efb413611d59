"""A deque and a circular array give the same batches; only their times grow differently."""

import numpy as np
import pytest

from reprise.measures.access_growth import Access, circular_batch, deque_batch, growth


@pytest.mark.parametrize("make", [deque_batch, circular_batch])
def test_a_batch_holds_the_items_of_its_indices(make):
    everything = make(10)(range(10))
    assert sorted(everything) == list(range(10))
    assert make(10)([3, 3, 0]) == [everything[i] for i in (3, 3, 0)]
    assert circular_batch(9)(range(9)) == [3, 4, 5, 6, 7, 8, 0, 1, 2]  # the oldest first


def test_access_grows_with_the_length_of_a_deque_only():
    access = Access(shorter=10_000, longer=300_000, accesses=256, repeats=100)
    random = np.random.default_rng(7)
    assert [growth(make, access, random) for make in (deque_batch, circular_batch)] == [1, 0]
