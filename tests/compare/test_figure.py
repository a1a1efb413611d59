"""The figure of two revisions names both, draws every seed, and is the same bytes again."""

import numpy as np
from matplotlib.figure import Figure

from reprise.compare import contrasts, figure
from tests.plots import drawing

RNG = np.random.default_rng(0)
A, B = np.append(RNG.normal(100, 5, 12), np.nan), RNG.normal(120, 5, 12)


def revisions() -> Figure:
    rows = [
        figure.Row(panel, group, (A, B), contrasts.contrast(A, B, "return", 0.95, seed=0))
        for panel, group in (
            ("dqn: final_200", "plain"),
            ("dqn: final_200", "soft"),
            ("td: end", ""),
        )
    ]
    return figure.contrasts(rows, "main", "relu", 0.95)


@drawing.drawn(revisions)
def test_the_figure_is_the_same_bytes_when_drawn_again(draw):
    assert drawing.leaves_no_trace(draw)


def test_each_outcome_has_a_panel_and_each_group_two_lines():
    figure = revisions()
    said = drawing.texts(figure)
    for text in ("dqn: final_200", "td: end", "plain  main", "soft  relu", "relu"):
        assert text in said
    left = figure.axes[0]
    seeds = [line for line in left.get_lines() if line.get_alpha() == 0.25]
    assert [len(line.get_xdata()) for line in seeds] == [12, 12, 12, 12]  # pyright: ignore
    assert "100.0% [no overlap]" in said
