"""Labels are moved as little as keeps them apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from reprise.plots import style


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12))
def test_the_nearest_rising_values_are_scipys(values: list[float]):
    found = style._isotonic(np.array(values))
    np.testing.assert_allclose(found, isotonic_regression(values).x, atol=1e-9)
