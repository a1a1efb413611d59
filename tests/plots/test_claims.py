"""Figures of verdicts."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprise.plots import claims, style
from tests.plots.drawing import drawn, leaves_no_trace, texts

LEDGER = pd.DataFrame({
    "claim": ["one_is_larger", "they_differ", "it_is_between", "nobody_knows", "no_width"],
    "claimed": ["above 0.5", "outside 0.4 to 0.6", "within 0.2 to 0.4", "below 0.3", "above 0.5"],
    "low": [0.6, 0.45, 0.5, 0.2, 1.0],
    "estimate": [0.7, 0.5, 0.6, 0.3, 1.0],
    "high": [0.8, 0.55, 0.7, 0.4, 1.0],
    "verdict": ["confirmed", "refuted", "refuted", "unresolved", "confirmed"],
})  # fmt: skip


def intervals() -> Figure:
    return claims.intervals(LEDGER, x_label="probability", limits=(0, 1))


def distances() -> Figure:
    return claims.distances(LEDGER, x_label="half widths")


@drawn(intervals, distances)
def test_a_figure_is_the_same_when_drawn_again_and_names_its_claims(draw):
    assert leaves_no_trace(draw)
    assert "one is larger" in texts(draw())


def lines(figure: Figure, colour: str) -> list[tuple[float, list[float]]]:
    """Return the row and the numbers of every line of a colour, from the top."""
    found = [line for line in figure.axes[0].lines if line.get_color() == colour]
    data = [(np.asarray(line.get_ydata()), np.asarray(line.get_xdata())) for line in found]
    return [(float(y[0]), xs.astype(float).tolist()) for y, xs in data if len(y) > 1]


def test_what_is_claimed_lies_behind_what_was_measured():
    figure = intervals()
    assert lines(figure, style.BLUE) == [(0, [0.6, 0.8]), (4, [1, 1])]
    assert lines(figure, style.GREEN) == [
        (0, [0.5, 1]), (1, [0, 0.4]), (1, [0.6, 1]), (2, [0.2, 0.4]), (3, [0, 0.3]), (4, [0.5, 1]),
    ]  # fmt: skip


def test_a_claim_lies_to_the_right_of_its_margin_if_it_is_confirmed():
    figure = distances()
    assert "no width" not in texts(figure)
    rows = {
        y: [round(x, 6) for x in xs]
        for colour in claims.COLOURS.values()
        for y, xs in lines(figure, colour)
    }
    assert rows == {0: [1, 3], 1: [-3, -1], 2: [-3, -1], 3: [-1, 1]}
