"""Every figure is labelled, comes out as the same bytes, and leaves nothing open."""

from collections.abc import Callable
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from reprise.plots import figures, style
from reprise.plots.figures import Label
from reprise.stats.intervals import Interval, mean_interval
from tests.plots import drawing

CEILING = Label(200.0, "highest possible")


def _curves() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).uniform(0, 200, (40, 12)))


def learning_curves() -> Figure:
    return figures.learning_curves(
        _curves(), x_label="episode", y_label="return (steps)", level=CEILING, window=5
    )


def quantile_band() -> Figure:
    groups = {"elu": _curves(), "relu": _curves() / 2}
    return figures.quantile_band(groups, x_label="episode", y_label="return (steps)")


def seed_raster() -> Figure:
    return figures.seed_raster(_curves(), top=200, x_label="episode", value_label="return (steps)")


def distribution() -> Figure:
    sample = _curves().to_numpy().mean(axis=0)
    bins = list(range(0, 201, 20))
    return figures.distribution(
        sample, mean_interval(sample), bins=bins, x_label="return (steps)", level=CEILING
    )


def compare_policies() -> Figure:
    intervals = {"rule": Interval(42, 40.5, 43, 9, False), "DQN": Interval(181, 170, 190, 9, False)}
    samples = {name: np.linspace(i.low, i.high, 9) for name, i in intervals.items()}
    return figures.compare_policies(
        intervals, samples=samples, x_label="return (steps)", level=CEILING
    )


def policy_map() -> Figure:
    x, y = np.linspace(-12, 12, 31), np.linspace(-3, 3, 21)
    probability = 1 / (1 + np.exp(-(x[None, :] + 3 * y[:, None])))
    return figures.policy_map(
        probability,
        x,
        y,
        names=("left", "right"),
        x_label="angle (degrees)",
        y_label="angular velocity (rad/s)",
    )


def policy_maps() -> Figure:
    fine, coarse = np.linspace(-12, 12, 31), np.linspace(-12, 12, 5)
    rule = pd.DataFrame(np.tile(fine >= 0, (31, 1)).astype(float), index=fine, columns=fine)
    graded = pd.DataFrame(np.tile(coarse / 24 + 0.5, (5, 1)), index=coarse, columns=coarse)
    return figures.policy_maps(
        {"rule": rule, "network": graded},
        names=("left", "right"),
        x_label="angle (degrees)",
        y_label="angular velocity (rad/s)",
        value_label="share that pushes right",
        note="The cart stands still.",
    )


def flip() -> Figure:
    discounts = np.linspace(0.9, 0.99, 30)
    return figures.flip(
        discounts,
        discounts - 0.95,
        Label(0.95, "flips at 0.95"),
        above="fire",
        below="stay",
        x_label="discount",
        y_label="gap in Q-value",
    )


def trace() -> Figure:
    time = np.arange(60) / 50
    episode = pd.DataFrame({"position": np.cos(time), "angle": 9 * np.sin(9 * time)}, index=time)
    return figures.trace(
        episode,
        labels={"position": "position (m)", "angle": "angle (degrees)"},
        limits={"angle": 12.0},
        peaks={"angle": np.array([9, 26])},
        x_label="time (s)",
    )


DRAWN = [
    *(learning_curves, quantile_band, seed_raster, distribution, compare_policies),
    *(policy_map, policy_maps, flip, trace),
]
drawn = drawing.drawn(*DRAWN)


def test_every_figure_function_is_drawn_here():
    offered = {name for name in figures.__all__ if name not in ("Label", "use_style")}
    assert {draw.__name__ for draw in DRAWN} == offered


@drawn
def test_a_figure_is_the_same_bytes_when_drawn_again_and_not_left_open(draw: Callable[[], Figure]):
    assert drawing.leaves_no_trace(draw)


@drawn
def test_a_figure_names_its_axes(draw: Callable[[], Figure]):
    figure = draw()
    shared = [axes for axes in figure.axes if axes.get_xlabel() or axes.get_ylabel()]
    assert len(shared) == len(figure.axes)
    assert any(axes.get_xlabel() for axes in figure.axes)


@drawn
def test_all_text_lies_within_the_picture(draw: Callable[[], Figure]):
    figure = draw()
    figure.draw_without_rendering()
    width, height = figure.canvas.get_width_height()
    for text in figure.findobj(Annotation):
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height


def test_a_band_is_named_by_its_quantiles():
    assert "Band: 10–90% of the seeds" in drawing.texts(learning_curves())
    assert "Bands: 25–75% of the seeds" in drawing.texts(quantile_band())


def test_averaging_is_owned_up_to():
    assert "averaged over a trailing window of 5" in drawing.texts(learning_curves())
    assert "averaged" not in drawing.texts(quantile_band())


def test_policies_are_written_with_their_numbers_in_equal_decimals():
    texts = drawing.texts(compare_policies())
    assert "42.0 [40.5, 43.0]" in texts
    assert "181.0 [170.0, 190.0]" in texts


def test_a_raster_has_its_best_seed_on_top():
    returns = pd.DataFrame({"bad": [0.0, 1.0], "good": [5.0, 6.0], "fair": [2.0, 3.0]})
    figure = figures.seed_raster(returns, top=6, x_label="episode", value_label="return (steps)")
    (image,) = figure.axes[0].images
    assert np.asarray(image.get_array()).tolist() == [[5.0, 6.0], [2.0, 3.0], [0.0, 1.0]]


def test_a_deterministic_policy_has_no_colour_bar():
    figure = figures.policy_map(
        np.array([[0.0, 1.0], [0.0, 1.0]]),
        np.array([-1.0, 1.0]),
        np.array([-1.0, 1.0]),
        names=("left", "right"),
        x_label="angle (degrees)",
        y_label="angular velocity (rad/s)",
    )
    assert len(figure.axes) == 1
    assert {"left", "right"} <= set(drawing.texts(figure).splitlines())


def test_maps_side_by_side_have_one_scale_and_name_the_regions_of_each():
    rule, network, scale = policy_maps().axes
    assert [text.get_text() for text in rule.texts] == ["left", "right"]
    assert [text.get_text() for text in network.texts] == ["left", "right"]
    assert scale.get_ylabel() == "share that pushes right"
    assert rule.get_title(loc="left") == "rule"


def test_thousands_are_parted_along_the_axis_of_steps():
    curves = _curves().set_axis(range(0, 40_000, 1000)[: len(_curves())])
    figure = figures.quantile_band({"DQN": curves}, x_label="steps", y_label="return (steps)")
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
    figures.use_style()
    assert caplog.text == ""
    assert mpl.rcParams["font.family"] == ["DejaVu Sans"]
    assert mpl.rcParams["svg.hashsalt"] == "reprise"
    assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == [
        *(style.BLUE, style.VERMILION, style.GREEN, style.PURPLE, style.ORANGE, style.SKY),
        style.INK,
    ]
