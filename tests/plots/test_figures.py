"""Every figure is labelled, is the same bytes when drawn again, and leaves nothing open."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from scipy.optimize import isotonic_regression

from reprise.measures import training
from reprise.pipeline import artifacts
from reprise.plots import figures, style
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats.intervals import Interval
from tests.plots import drawing, test_variant_panels

CEILING = Label(200.0, "highest possible")
LABELS = ("episode", "return (steps)", "")


def _curves() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).uniform(0, 200, (40, 12)))


def learning_curves() -> Figure:
    return figures.learning_curves(_curves(), labels=LABELS, level=CEILING, window=5)


def quantile_band() -> Figure:
    groups = {"elu": _curves(), "relu": _curves() / 2}
    return figures.quantile_band(groups, labels=LABELS, level=CEILING)


def _results(folder: Path = Path("data/stage")) -> Results:
    return Results(folder, {"seed": 1})


def distribution() -> Figure:
    sample, labels = _curves().to_numpy().mean(axis=0), ("return (steps)", "")
    return figures.distribution(_results(), sample, np.arange(0, 201, 20), labels, CEILING)


def compare_policies() -> Figure:
    intervals = {"rule": Interval(42, 40.5, 43, 9, False), "DQN": Interval(181, 170, 190, 9, False)}
    samples = {name: np.linspace(i.low, i.high, 9) for name, i in intervals.items()}
    labels = ("return (steps)", "")
    return figures.compare_policies(_results(), samples, labels, CEILING, intervals=intervals)


def paired() -> Figure:
    x, y = pd.Series([10.0, 20.0, 30.0, 40.0]), pd.Series([15.0, 20.0, 10.0, 50.0])
    pairs = {"under 50": (x, y), "under 60": (x, x)}
    return figures.paired(pairs, "greedy", "sampled", "steps")


def policy_map() -> Figure:
    figure, axes = style.single(4)
    x, y = np.linspace(-12, 12, 31), np.linspace(-3, 3, 21)
    graded = pd.DataFrame(1 / (1 + np.exp(-(x[None, :] + 3 * y[:, None]))), index=y, columns=x)
    figures.map_policy(axes, graded, ("left", "right"), ("angle", "velocity"), "")
    return figure


variants = test_variant_panels
drawn = drawing.drawn(
    *(learning_curves, quantile_band, distribution, compare_policies, paired, policy_map),
    *(variants.forest, variants.small_multiples, variants.reached),
)


@drawn
def test_a_figure_is_the_same_bytes_when_drawn_again_and_not_left_open(draw: Callable[[], Figure]):
    assert drawing.leaves_no_trace(draw)


@drawn
def test_a_figure_names_its_axes(draw: Callable[[], Figure]):
    figure = draw()
    common = figure.get_supylabel()
    assert all(axes.get_xlabel() or axes.get_ylabel() or common for axes in figure.axes)


@drawn
def test_all_text_lies_within_the_picture(draw: Callable[[], Figure]):
    figure = draw()
    figure.draw_without_rendering()
    width, height = figure.canvas.get_width_height()
    for text in figure.findobj(Annotation):
        box = text.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= width
        assert 0 <= box.y0 <= box.y1 <= height


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (learning_curves, "Band: 10–90% of the seeds"),
        (learning_curves, "averaged over a trailing window of 5"),
        (quantile_band, "Bands: 25–75% of the seeds."),
        (compare_policies, "42.0 [40.5, 43.0]"),
        (compare_policies, "181.0 [170.0, 190.0]"),
        (paired, "better: sampled 2, greedy 1, neither 1"),
        (paired, "better: sampled 0, greedy 0, neither 4"),
    ],
)
def test_a_figure_says_what_it_shows(draw: Callable[[], Figure], said: str):
    assert said in drawing.texts(draw())


def test_both_regions_of_a_policy_are_named_at_their_middles():
    (axes,) = policy_map().axes
    assert [text.get_text() for text in axes.texts] == ["left", "right"]
    left, right = (text.get_position()[0] for text in axes.texts)
    assert left < 0 < right


def test_a_raster_has_its_best_seed_on_top():
    returns = pd.DataFrame({"bad": [0.0, 1.0], "good": [5.0, 6.0], "fair": [2.0, 3.0]})
    image = style.raster(style.single(3)[1], returns, (0, 6))
    assert np.asarray(image.get_array()).tolist() == [[5.0, 6.0], [2.0, 3.0], [0.0, 1.0]]


def test_single_seeds_are_shown_from_the_best_to_the_worst_end(tmp_path: Path):
    values = np.random.default_rng(0).uniform(1, 200, (30, 4))
    curves = training.by_seed(values, "episode").set_index("episode")
    samples = pd.DataFrame({"seed": range(4), "last_return": [3, 9, 1, 5]})
    artifacts.write_all(tmp_path, {"samples.csv": samples})
    figure = figures.single_seeds(_results(tmp_path), curves, 200, ("episode", "return (steps)"))
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == [f"rank {k} of 4" for k in range(1, 5)]
    for axes, seed in zip(shown, (1, 3, 0, 2), strict=True):
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), values[:, seed])


def test_spare_panels_are_hidden_and_only_the_last_row_names_its_axis():
    figure, panels = style.panels(3, 2, (1, 1), ("step", "value"))
    assert [axes.get_visible() for axes in figure.axes] == [True, True, True, False]
    assert [axes.get_xlabel() for axes in panels] == ["", "", "step"]
    assert "value" in drawing.texts(figure)


def test_arrivals_keep_those_that_never_arrive():
    _, axes = style.single(3)
    there, share = style.arrivals(axes, np.array([20, np.nan, 9, np.nan]), (1, 50))
    assert (there.tolist(), share) == ([9, 20], 0.5)
    points = np.asarray(axes.lines[0].get_xydata()).tolist()
    assert points == [[1, 0], [9, 0.25], [20, 0.5], [50, 0.5]]


def test_thousands_are_parted_along_the_axis_of_steps():
    curves = _curves().set_axis(range(0, 40_000, 1000))
    figure = figures.quantile_band({"DQN": curves}, labels=LABELS, level=CEILING)
    figure.draw_without_rendering()
    assert any("," in label.get_text() for label in figure.axes[0].get_xticklabels())


def test_labels_at_one_height_are_moved_apart():
    figure, axes = style.single(4)
    axes.set_ylim(0, 100)
    style.label_right(axes, [Label(50, "first"), Label(50, "second"), Label(51, "third")])
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 for low, high in pairwise(boxes))


def test_the_style_sheet_holds_only_what_this_matplotlib_knows(caplog: pytest.LogCaptureFixture):
    style.use_style()
    assert caplog.text == ""
    assert mpl.rcParams["svg.hashsalt"] == "reprise"
    assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == list(style.CYCLE)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12))
def test_the_nearest_rising_values_are_scipys(values: list[float]):
    found = style._isotonic(np.array(values))
    np.testing.assert_allclose(found, isotonic_regression(values).x, atol=1e-9)
