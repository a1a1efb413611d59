"""Figures of credit show every step with its number, and half-lives where a reward counts half."""

from pathlib import Path

import numpy as np
import pandas as pd

from reprise.pipeline import artifacts
from reprise.plots import credit_assignment
from reprise.plots.show import Results
from tests.plots import drawing

STEPS = {
    "episode": [0, 0, 0, 1, 1],
    "step": [0, 1, 2, 0, 1],
    "reward": [10.0, 0.0, -50.0, 10.0, 20.0],
    "return": [-22.0, -40.0, -50.0, 26.0, 20.0],
    "advantage": [0.0] * 5,
}


def results(folder: Path, lives: dict[float, float] | None = None) -> Results:
    found = {str(key): {"discount": key, "steps": steps} for key, steps in (lives or {}).items()}
    examples = pd.DataFrame(STEPS).assign(example="first")
    files = {"examples.csv": examples, "metrics.json": {"half_lives": found}}
    artifacts.write_all(folder, files)
    return Results(folder, {"seed": 1})


def test_every_step_has_a_bar_of_its_value_with_the_number_at_it(tmp_path: Path):
    figure = credit_assignment.example(results(tmp_path))
    assert drawing.leaves_no_trace(lambda: credit_assignment.example(results(tmp_path)))
    grid = np.array(figure.axes).reshape(3, 2)
    titles = [axes.get_title(loc="left") for axes in grid[0]]
    assert titles == ["episode 0: −40 in total", "episode 1: 30 in total"]
    for row, quantity in zip(grid, ("reward", "return", "advantage"), strict=True):
        assert row[0].get_ylabel() == quantity
        for axes, steps in zip(row, (slice(0, 3), slice(3, 5)), strict=True):
            assert [bar.get_height() for bar in axes.patches] == STEPS[quantity][steps]
            written = [float(text.get_text().replace("−", "-")) for text in axes.texts]
            assert written == STEPS[quantity][steps]
