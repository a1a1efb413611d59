"""Figures of ways to explore: what is drawn is what was given."""

import numpy as np
import pandas as pd
import pytest

from reprise.plots import exploration, figures
from reprise.plots.style import Label

WAYS: tuple[str, ...] = ("random", "ε-greedy", "k = 1", "k = 10")


@pytest.fixture(autouse=True)
def style():
    figures.use_style()


def tables(scale: float) -> dict[str, pd.DataFrame]:
    quantiles = {"q25": [0.5, 0.2, 0.0], "median": [0.6, 0.3, 0.0], "q75": [0.7, 0.4, 0.1]}
    return {way: pd.DataFrame(quantiles, index=[10, 100, 1000]) * scale for way in WAYS}


def test_a_logarithmic_curve_rests_on_its_floor_and_all_panels_hold_the_highest():
    figure = exploration.quantile_curves(
        {"small": tables(1.0), "large": tables(50.0), "third": tables(1.0)},
        number_of_runs=5,
        x_label="steps",
        y_label="loss",
        floor=0.01,
        level=Label(0.1, "10%"),
    )
    figure.canvas.draw()
    axes = figure.axes[:3]
    assert axes[0].lines[0].get_ydata()[-1] == 0.01  # pyright: ignore[reportIndexIssue]
    assert all(panel.get_ylim()[1] > 35 for panel in axes)
    assert [panel.get_title(loc="left") for panel in axes] == ["small", "large", "third"]
    assert not figure.axes[3].get_visible()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(WAYS)


def test_shares_count_those_that_never_get_there_and_the_end_is_seen():
    steps = np.array([20.0, np.nan, 900.0, np.nan])
    nobody: dict[str, np.ndarray] = dict.fromkeys(WAYS, np.full(4, np.nan))
    figure = exploration.reached_shares(
        {"one": nobody | {"random": steps}, "none": nobody},
        {"one": 1000, "none": 50},
        x_label="steps",
        y_label="share",
    )
    figure.canvas.draw()
    line = figure.axes[0].lines[0]
    assert list(line.get_xdata()) == [10, 20, 900, 1000]  # pyright: ignore[reportArgumentType]
    assert list(line.get_ydata()) == [0, 0.25, 0.5, 0.5]  # pyright: ignore[reportArgumentType]
    assert figure.axes[0].get_xlim()[1] > 1000


def test_an_axis_has_room_where_nothing_happens_before_the_last_step():
    nobody: dict[str, np.ndarray] = dict.fromkeys(WAYS, np.full(4, np.nan))
    shares = exploration.reached_shares({"none": nobody}, {"none": 1000}, x_label="s", y_label="y")
    once = {way: table.iloc[-1:] for way, table in tables(1.0).items()}
    curves = exploration.quantile_curves({"one": once}, number_of_runs=5, x_label="s", y_label="y")
    for figure in (shares, curves):
        figure.canvas.draw()
        assert figure.axes[0].get_xlim()[0] == pytest.approx(100)
