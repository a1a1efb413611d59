"""Figures are drawn in the house style, without a screen."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from reprise.plots import style


@pytest.fixture(autouse=True)
def house_style() -> Iterator[None]:
    """Draw in the house style, and put the style of the other tests back."""
    with mpl.rc_context():
        plt.switch_backend("agg")
        style.use_style()
        yield
