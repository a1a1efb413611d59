"""Figures of verdicts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from reprise.pipeline import artifacts
from reprise.plots import claims, style
from reprise.plots.show import Results
from tests.plots import drawing

LEDGER = pd.DataFrame({
    "claim": ["one_is_larger", "they_differ", "it_is_between", "nobody_knows", "no_width"],
    "claimed": ["above 0.5", "outside 0.4 to 0.6", "within 0.2 to 0.4", "below 0.3", "above 0.5"],
    "low": [0.6, 0.45, 0.5, 0.2, 1.0],
    "estimate": [0.7, 0.5, 0.6, 0.3, 1.0],
    "high": [0.8, 0.55, 0.7, 0.4, 1.0],
    "low_95": [0.65, 0.45, 0.55, 0.2, 1.0],
    "high_95": [0.75, 0.55, 0.65, 0.4, 1.0],
    "verdict": ["confirmed", "refuted", "refuted", "unresolved", "confirmed"],
})  # fmt: skip


def results(folder: Path, form: str) -> Results:
    artifacts.write_all(folder, {"ledger.csv": LEDGER.assign(form=form)})
    return Results(folder, {"seed": 1})


@pytest.mark.parametrize(
    ("draw", "form"),
    [(claims.improvements, "improvement"), (claims.shares, "share"), (claims.others, "ratio")],
)
def test_a_figure_is_the_same_when_drawn_again_and_names_its_claims(draw, form, tmp_path: Path):
    found = results(tmp_path, form)
    assert drawing.leaves_no_trace(lambda: draw(found))
    assert "one is larger" in drawing.texts(draw(found))


def lines(figure: Figure, colour: str) -> list[tuple[float, list[float]]]:
    """Return the row and the numbers of every line of a colour, from the top."""
    found = [line for line in figure.axes[0].lines if line.get_color() == colour]
    data = [(np.asarray(line.get_ydata()), np.asarray(line.get_xdata())) for line in found]
    return [(float(y[0]), xs.astype(float).tolist()) for y, xs in data if len(y) > 1]


def test_what_is_claimed_lies_behind_what_was_measured(tmp_path: Path):
    figure = claims.shares(results(tmp_path, "share"))
    assert lines(figure, style.BLUE) == [
        (0, [0.6, 0.8]), (0, [0.65, 0.75]), (4, [1, 1]), (4, [1, 1]),
    ]  # fmt: skip
    assert lines(figure, style.GREEN) == [
        (0, [0.5, 1.02]), (1, [-0.02, 0.4]), (1, [0.6, 1.02]), (2, [0.2, 0.4]),
        (3, [-0.02, 0.3]), (4, [0.5, 1.02]),
    ]  # fmt: skip
