"""Figures of several panels are labelled, count right, and come out as the same bytes."""

import io
from collections.abc import Callable, Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from reprise.evidence import figures, panels, training


@pytest.fixture(autouse=True)
def house_style() -> Iterator[None]:
    with mpl.rc_context():
        plt.switch_backend("agg")
        figures.use_style()
        yield


def curves() -> pd.DataFrame:
    drawn = np.random.default_rng(0).uniform(1, 200, (30, 8))
    return training.by_lane(drawn, "episode").set_index("episode")


def paired() -> Figure:
    x, y = pd.Series([10.0, 20.0, 30.0, 40.0]), pd.Series([15.0, 20.0, 10.0, 50.0])
    return panels.paired(
        {"under 50": (x, y), "under 60": (x, x)}, x_name="greedy", y_name="sampled", unit="steps"
    )


def one_by_one() -> Figure:
    chosen = {f"seed {lane}": f"lane_{lane}" for lane in (3, 1, 4, 0)}
    return panels.one_by_one(curves(), chosen, top=200, x_label="episode", y_label="return (steps)")


def stacked() -> Figure:
    table = training.quantiles(curves().to_numpy(), "episode").set_index("episode")
    return panels.stacked(
        {"return (steps)": table, "loss": table.tail(20)}, x_label="episode", logarithmic=["loss"]
    )


drawn = pytest.mark.parametrize(
    "draw", [paired, one_by_one, stacked], ids=lambda draw: draw.__name__
)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]


@drawn
def test_a_figure_is_the_same_bytes_when_drawn_again(draw: Callable[[], Figure]):
    assert _png(draw()) == _png(draw())


@drawn
def test_a_figure_is_not_left_open(draw: Callable[[], Figure]):
    before = plt.get_fignums()
    draw()
    assert plt.get_fignums() == before


@drawn
def test_a_figure_says_what_its_marks_mean(draw: Callable[[], Figure]):
    assert any(text.startswith(("Each dot: ", "Line: ", "Lines: ")) for text in _texts(draw()))


def test_pairs_are_counted_on_either_side_of_the_diagonal():
    texts = _texts(paired())
    assert "better: sampled 2, greedy 1, neither 1" in texts
    assert "better: sampled 0, greedy 0, neither 4" in texts


def test_single_seeds_stand_in_the_order_given_and_a_spare_panel_is_hidden():
    figure = one_by_one()
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == [f"seed {k}" for k in (3, 1, 4, 0)]
    np.testing.assert_array_equal(shown[0].lines[0].get_ydata(), curves()["lane_3"])


def test_stacked_curves_share_the_steps_and_only_those_named_are_logarithmic():
    above, below = stacked().axes
    assert above.get_xlim() == below.get_xlim()
    assert (above.get_yscale(), below.get_yscale()) == ("linear", "log")
    assert (above.get_ylabel(), below.get_ylabel()) == ("return (steps)", "loss")
