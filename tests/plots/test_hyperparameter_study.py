"""Figures of a study show each setting in its place, and nothing where none was tried."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprise.plots import hyperparameter_study

KEYS = ["rate", "size"]


def settings(**columns) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    return pd.DataFrame(columns | {"mean": np.arange(count, dtype=float), "solved": 0.5})


def cells(figure: Figure) -> list[np.ndarray]:
    arrays: Any = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    return [np.ma.filled(array, np.nan) for array in arrays]


def test_each_setting_is_a_cell_where_its_values_meet():
    figure = hyperparameter_study.heatmap(
        settings(rate=[0.1, 0.1, 0.2, 0.2], size=[3, 4, 3, 4]), KEYS, 10
    )
    np.testing.assert_array_equal(cells(figure), [[[0, 1], [2, 3]]])
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0.1", "0.2"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["3", "4"]
    assert [text.get_text() for text in axes.texts] == ["0\n50%", "1\n50%", "2\n50%", "3\n50%"]


def test_further_hyperparameters_are_panels():
    frame = settings(rate=[1, 1, 2, 2], size=[3, 3, 3, 3], units=["relu", "elu"] * 2)
    figure = hyperparameter_study.heatmap(frame, ["rate", "size", "units"], 10)
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == ["units relu", "units elu"]
    np.testing.assert_array_equal(cells(figure), [[[0], [2]], [[1], [3]]])


def test_a_setting_that_was_not_tried_has_no_cell_and_one_hyperparameter_is_a_column():
    figure = hyperparameter_study.heatmap(settings(rate=[1, 2, 2], size=[3, 3, 4]), KEYS, 10)
    np.testing.assert_array_equal(cells(figure), [[[0, np.nan], [1, 2]]])
    np.testing.assert_array_equal(
        cells(hyperparameter_study.heatmap(settings(rate=[1, 2]), ["rate"], 10)), [[[0], [1]]]
    )
