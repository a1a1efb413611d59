"""Every figure is labelled, is the same bytes when drawn again, and leaves nothing open."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from reprise.measures import training
from reprise.plots import figures, style, variant_panels
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats.intervals import Interval, known_mean

CEILING = Label(200.0, "highest possible")
LABELS = ("episode", "return (steps)", "")
RNG = np.random.default_rng(0)
CURVES = {name: pd.DataFrame(RNG.uniform(0, 200, (40, 12))) for name in ("plain", "a", "b")}
PLAIN = CURVES["plain"]
TABLES = {
    name: training.quantiles(curves.to_numpy(), "episode").set_index("episode")
    for name, curves in CURVES.items()
}
MEANS = {"plain": 100, "better": 120, "worse": 90, "alike": 100}
GROUPS = {name: RNG.normal(mean, 5, 12) for name, mean in MEANS.items()}
INTERVALS = {"rule": Interval(42, 40.5, 43, 9, False), "DQN": Interval(181, 170, 190, 9, False)}
TIMES = {
    "plain": np.array([10.0, 30.0, np.nan, 20.0]),
    "fast": np.array([4.0, 5.0, 6.0, 7.0]),
    "never": np.full(4, np.nan),
}


def results(folder: Path = Path("data/stage"), **params: Any) -> Results:
    return Results(folder, {"seed": 1, "maximum_steps": 200, "baseline": "plain"} | params)


def stored(**tables: pd.DataFrame) -> Results:
    """Return results that hold tables, and are in no folder."""
    stage = results()
    stage.__dict__["metrics"] = {}
    stage._tables |= tables
    return stage


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def leaves_no_trace(draw: Callable[[], Figure]) -> bool:
    """Whether a figure is the same bytes when drawn again, and not left open."""
    before, pictures = plt.get_fignums(), [io.BytesIO(), io.BytesIO()]
    for picture in pictures:
        draw().savefig(picture, format="png")
    return pictures[0].getvalue() == pictures[1].getvalue() and plt.get_fignums() == before


def distribution() -> Figure:
    return figures.distribution(results(), PLAIN.mean(), ("return (steps)", ""), CEILING)


def compare_policies() -> Figure:
    samples = {name: np.linspace(i.low, i.high, 9) for name, i in INTERVALS.items()}
    labels = ("return (steps)", "")
    return figures.compare_policies(results(), samples, labels, CEILING, intervals=INTERVALS)


def policy_map() -> Figure:
    figure, axes = style.single(4)
    x, y = np.linspace(-12, 12, 31), np.linspace(-3, 3, 21)
    graded = pd.DataFrame(1 / (1 + np.exp(-(x[None, :] + 3 * y[:, None]))), index=y, columns=x)
    style.finish(axes, "angle", "velocity", "")
    figures.map_policy(axes, graded, ("left", "right"))
    return figure


def forest() -> Figure:
    samples = pd.DataFrame(GROUPS).melt(var_name="variant", value_name="greedy")
    return variant_panels.against_baseline(stored(samples=samples), "greedy", "return (steps)", "")


def small_multiples() -> Figure | None:
    curves = pd.concat(TABLES, names=["variant"]).reset_index()
    panels = {"one": {"plain": "plain", "a": "a"}, "two": {"a": "b"}}
    return variant_panels.learning_curves(stored(learning_curve=curves), panels)


def reached() -> Figure:
    panels = {"return 100": TIMES, "return 150": {"plain": TIMES["never"]}}
    return variant_panels.reached(panels, ("steps", "seeds"))


DRAWN = {
    "learning curves": lambda: figures.learning_curves(
        {"": TABLES["plain"]}, LABELS, CEILING, window=5, seeds=PLAIN
    ),
    "bands": lambda: figures.learning_curves({"elu": TABLES["plain"]}, LABELS, CEILING),
    "distribution": distribution,
    "policies": compare_policies,
    "map": policy_map,
    "forest": forest,
    "multiples": small_multiples,
    "arrivals": reached,
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_names_its_axes_within_the_picture_and_is_the_same_bytes_again(name: str):
    assert leaves_no_trace(DRAWN[name])
    figure = DRAWN[name]()
    common = figure.get_supylabel()
    assert all(axes.get_xlabel() or axes.get_ylabel() or common for axes in figure.axes)
    figure.draw_without_rendering()
    width, height = figure.canvas.get_width_height()
    for text in figure.findobj(Annotation):
        box = text.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= width
        assert 0 <= box.y0 <= box.y1 <= height


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("learning curves", "Grey: 12 seeds. Line: the median. Bands: 10–90%"),
        ("learning curves", "averaged over the last 5 episodes"),
        ("bands", "Lines: medians. Bands: 10–90% of all seeds."),
        ("policies", "42.0 [40.5, 43.0]"),
        ("policies", "181.0 [170.0, 190.0]"),
        ("forest", "95% intervals"),
        ("multiples", "Dotted: the median of plain."),
    ],
)
def test_a_figure_says_what_it_shows(name: str, said: str):
    assert said in texts(DRAWN[name]())


def test_dots_are_the_estimates_and_bars_reach_from_bound_to_bound():
    lines = [np.asarray(line.get_xdata()).tolist() for line in compare_policies().axes[0].lines]
    assert [xs for xs in lines if len(xs) < 9][:4] == [[40.5, 43], [42], [170, 190], [181]]
    below = [np.asarray(line.get_xdata(), float) for line in distribution().axes[1].lines]
    mean = known_mean(PLAIN.mean())
    assert [xs.tolist() for xs in below if 0 < len(xs) < 12][:2] == [
        [mean.low, mean.high],
        [mean.estimate],
    ]
