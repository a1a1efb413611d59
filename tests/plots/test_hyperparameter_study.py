"""Figures of a study show each setting in its place, and nothing where none was tried."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from reprise.measures import ranking
from reprise.plots import hyperparameter_study
from tests.measures.test_ranking import samples

KEYS = ["rate", "size"]


def settings(**columns) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    return pd.DataFrame(columns | {"mean": np.arange(count, dtype=float), "solved": 0.5})


def cells(figure: Figure) -> list[np.ndarray]:
    return [np.ma.filled(axes.images[0].get_array(), np.nan) for axes in panels(figure)]


def panels(figure: Figure) -> list:
    return [axes for axes in figure.axes if axes.images and axes.get_visible()]


def drawn(frame: pd.DataFrame, keys: list[str]) -> Figure:
    return hyperparameter_study.heatmap(
        frame, keys, "mean", top=10, label="return", marked="solved"
    )


def test_each_setting_is_a_cell_where_its_values_meet():
    figure = drawn(settings(rate=[0.1, 0.1, 0.2, 0.2], size=[3, 4, 3, 4]), KEYS)
    np.testing.assert_array_equal(cells(figure), [[[0, 1], [2, 3]]])
    axes = panels(figure)[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0.1", "0.2"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["3", "4"]
    assert [text.get_text() for text in axes.texts] == ["0\n50%", "1\n50%", "2\n50%", "3\n50%"]


def test_further_hyperparameters_are_panels():
    frame = settings(rate=[1, 1, 2, 2], size=[3, 3, 3, 3], units=["relu", "elu"] * 2)
    figure = drawn(frame, ["rate", "size", "units"])
    assert [axes.get_title(loc="left") for axes in panels(figure)] == ["units relu", "units elu"]
    np.testing.assert_array_equal(cells(figure), [[[0], [2]], [[1], [3]]])


def test_a_setting_that_was_not_tried_has_no_cell():
    figure = drawn(settings(rate=[1, 2, 2], size=[3, 3, 4]), KEYS)
    np.testing.assert_array_equal(cells(figure), [[[0, np.nan], [1, 2]]])
    assert len(panels(figure)[0].texts) == 3


def test_one_hyperparameter_is_a_column():
    np.testing.assert_array_equal(cells(drawn(settings(rate=[1, 2]), ["rate"])), [[[0], [1]]])


@pytest.mark.parametrize("draw", ["effects", "few"])
def test_what_is_drawn_is_what_was_found(draw):
    if draw == "effects":
        found: Any = ranking.effects(samples(), KEYS, "final")
        figure = hyperparameter_study.marginal_effects(found, x_label="return")
        dots = [
            np.asarray(line.get_xdata())[0] for axes in figure.axes for line in axes.lines[1::2]
        ]
        np.testing.assert_allclose(dots, found["mean"])
    else:
        values = samples()["final"].to_numpy().reshape(4, 16)
        found: Any = ranking.few_seeds(values, [1, 3], 0)
        figure = hyperparameter_study.few_seeds(found, seeds=16)
        lines: Any = [line.get_ydata() for line in figure.axes[0].lines[:2]]
        np.testing.assert_allclose(
            lines, [found.query(f"pairs == '{p}'")["wrong"] for p in ("all", "told_apart")]
        )
