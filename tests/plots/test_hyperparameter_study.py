"""Figures of a study show each setting in its place, and nothing where none was tried."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprise.measures import ranking
from reprise.pipeline import artifacts
from reprise.plots import hyperparameter_study
from reprise.plots.show import Results
from tests.measures.test_ranking import samples

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


def results(folder: Path, **tables: pd.DataFrame) -> Results:
    artifacts.write_all(folder, {f"{name}.csv": table for name, table in tables.items()})
    return Results(folder, {"grid": [{"name": key} for key in KEYS]})


def test_an_effect_is_drawn_at_its_mean(tmp_path: Path):
    found = ranking.effects(samples(), KEYS, "final")
    figure = hyperparameter_study.marginal_effects(results(tmp_path, effects=found))
    dots = [np.asarray(line.get_xdata())[0] for axes in figure.axes for line in axes.lines[2::3]]
    np.testing.assert_allclose(dots, found["mean"])


def test_the_shares_of_wrong_picks_are_drawn_and_nothing_without_pairs(tmp_path: Path):
    values = samples()["final"].to_numpy().reshape(4, 16)
    found: pd.DataFrame = ranking.few_seeds(values, [1, 3], 0)
    figure = hyperparameter_study.few_seeds(results(tmp_path, few_seeds=found))
    assert figure is not None
    lines: Any = [line.get_ydata() for line in figure.axes[0].lines[:2]]
    wrong = [found.query("pairs == @pairs")["wrong"] for pairs in ("all", "told_apart")]
    np.testing.assert_allclose(lines, wrong)
    assert hyperparameter_study.few_seeds(results(tmp_path, few_seeds=found.head(0))) is None
