"""Figures of ways to explore: what is drawn is what was given."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reprise.pipeline import artifacts
from reprise.plots import exploration
from reprise.plots.show import Results

WAYS = ("random", "epsilon_greedy", "curiosity_1", "curiosity_10")
QUANTILES = {"q25": [0.5, 0.2, 0.0], "median": [0.6, 0.3, 0.0], "q75": [0.7, 0.4, 0.1]}
NEVER = [np.nan] * 4


def results(folder: Path, scales: dict[str, float], points: int = 3, random=NEVER) -> Results:
    """Write quantiles of the scaled loss by step, and the step at which each run arrives."""
    curves, samples = [], []
    for problem, scale in scales.items():
        for way in WAYS:
            names = {"problem": problem, "behaviour": way}
            loss = scale * pd.DataFrame(QUANTILES)[-points:].add_prefix("loss_")
            curves.append(loss.assign(step=[10, 100, 1000][-points:], **names))
            steps = random if way == "random" else NEVER
            samples.append(pd.DataFrame({"steps": steps}).assign(**names))
    metrics = {"runs": 4, "problems": {name: {"iterations": 1000} for name in scales}}
    tables = {"curves.csv": pd.concat(curves), "samples.csv": pd.concat(samples)}
    artifacts.write_all(folder, {**tables, "metrics.json": metrics})
    return Results(folder, {"tolerance": 0.1})


def test_shares_count_those_that_never_get_there_and_the_end_is_seen(tmp_path: Path):
    random = [20.0, np.nan, 900.0, np.nan]
    figure = exploration.reached(results(tmp_path, {"one": 1.0}, random=random))
    line = np.asarray(figure.axes[0].lines[0].get_xydata()).tolist()
    assert line == [[10, 0], [20, 0.25], [900, 0.5], [1000, 0.5]]
    assert figure.axes[0].get_xlim()[1] > 1000


@pytest.mark.parametrize("draw", [exploration.reached, exploration.greedy_loss])
def test_an_axis_has_room_where_nothing_happens_before_the_last_step(draw, tmp_path: Path):
    figure = draw(results(tmp_path, {"none": 1.0}, points=1))
    assert figure.axes[0].get_xlim()[0] == pytest.approx(100)
