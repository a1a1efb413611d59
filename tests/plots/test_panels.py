"""Figures of several panels are labelled, count right, and come out as the same bytes."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprise.measures import training
from reprise.plots import panels
from tests.plots import drawing


def curves() -> pd.DataFrame:
    drawn = np.random.default_rng(0).uniform(1, 200, (30, 8))
    return training.by_seed(drawn, "episode").set_index("episode")


def paired() -> Figure:
    x, y = pd.Series([10.0, 20.0, 30.0, 40.0]), pd.Series([15.0, 20.0, 10.0, 50.0])
    return panels.paired(
        {"under 50": (x, y), "under 60": (x, x)}, x_name="greedy", y_name="sampled", unit="steps"
    )


def one_by_one() -> Figure:
    chosen = {f"seed {seed}": f"seed_{seed}" for seed in (3, 1, 4, 0)}
    return panels.one_by_one(curves(), chosen, top=200, x_label="episode", y_label="return (steps)")


def stacked() -> Figure:
    table = training.quantiles(curves().to_numpy(), "episode").set_index("episode")
    return panels.stacked(
        {"return (steps)": table, "loss": table.tail(20)}, x_label="episode", logarithmic=["loss"]
    )


drawn = drawing.drawn(paired, one_by_one, stacked)


@drawn
def test_a_figure_is_the_same_bytes_when_drawn_again_and_not_left_open(draw: Callable[[], Figure]):
    assert drawing.leaves_no_trace(draw)


@drawn
def test_a_figure_says_what_its_marks_mean(draw: Callable[[], Figure]):
    assert any(
        text.startswith(("Each dot: ", "Line: ", "Lines: "))
        for text in drawing.texts(draw()).splitlines()
    )


def test_pairs_are_counted_on_either_side_of_the_diagonal():
    texts = drawing.texts(paired()).splitlines()
    assert "better: sampled 2, greedy 1, neither 1" in texts
    assert "better: sampled 0, greedy 0, neither 4" in texts


def test_single_seeds_stand_in_the_order_given_and_a_spare_panel_is_hidden():
    figure = one_by_one()
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == [f"seed {k}" for k in (3, 1, 4, 0)]
    np.testing.assert_array_equal(shown[0].lines[0].get_ydata(), curves()["seed_3"])


def test_stacked_curves_share_the_steps_and_only_those_named_are_logarithmic():
    above, below = stacked().axes
    assert above.get_xlim() == below.get_xlim()
    assert (above.get_yscale(), below.get_yscale()) == ("linear", "log")
    assert (above.get_ylabel(), below.get_ylabel()) == ("return (steps)", "loss")
