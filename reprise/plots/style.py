"""The house style: one style sheet, one palette, and labels at the things they name."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from reprise.plots import alt_text

STYLE_SHEET = Path(__file__).with_name("reprise.mplstyle")

BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
INK = "#333333"
GREY = "#767676"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, INK)
DIVERGING = LinearSegmentedColormap.from_list("reprise", ["#5aa5d1", "#f7f7f5", "#eb9557"])

WIDTH = 7.2  # inches
SMALL = 8.5  # points, of labels within a figure
DASHED = {"color": "#a0a0a0", "linewidth": 0.9, "linestyle": (0, (4, 3)), "zorder": 1.5}


class Label(NamedTuple):
    """A text that stands level with the value it names."""

    value: float
    text: str
    colour: str = INK


def use_style() -> None:
    """Makes the house style that of this process; a notebook calls it once."""
    plt.style.use(STYLE_SHEET)
    # pyplot loads its backend late, and only then does a notebook show a bare Figure as a picture.
    plt.switch_backend(plt.get_backend())
    alt_text.show_with_figures()


def single(height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Returns a figure of one panel that pyplot does not know, so that none is left open."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def finish(axes: Axes, x_label: str, y_label: str, title: str) -> None:
    """Names the axes and the panel."""
    axes.set(xlabel=x_label, ylabel=y_label)
    if title:
        axes.set_title(title)


def label_right(axes: Axes, labels: Sequence[Label]) -> None:
    """Writes labels right of the panel, moved as little as keeps any two from overlapping.

    Call it when the limits are set. The nearest sorted positions y that keep a gap g are the
    isotonic regression of y_i - i g, with i g added back.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    labels = [label for label in labels if np.isfinite(label.value)]
    if not labels:
        return
    bottom, top = sorted(axes.get_ylim())
    lines = max(label.text.count("\n") + 1 for label in labels)
    points = figure.get_figheight() * 72 * axes.get_position().height
    steps = (top - bottom) * 12.5 * lines / points * np.arange(len(labels))
    ordered = sorted(labels, key=lambda label: label.value)
    values = np.clip([label.value for label in ordered], bottom, top)
    heights = _isotonic(values - steps) + steps
    for label, height in zip(ordered, heights, strict=True):
        axes.annotate(
            label.text,
            (1, height),
            (7, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color=label.colour,
            fontsize=SMALL,
        )


def label_top(axes: Axes, label: Label) -> None:
    """Draws a dashed line up the panel at the value and writes its name on top of it."""
    axes.axvline(label.value, **DASHED)
    axes.set_title(axes.get_title(loc="left"), pad=21)  # room for the name below the title
    axes.annotate(
        label.text,
        (label.value, 1),
        (0, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        color=GREY,
        fontsize=SMALL,
    )


def median_and_band(
    axes: Axes, curves: pd.DataFrame, colour: str, band: tuple[float, float], alpha: float = 0.2
) -> Label:
    """Draws the median of the seeds, and the band that holds the middle ones, [T, N].

    Returns:
        The label of the median, at its mean over the last twentieth of the run.
    """
    low, median, high = (curves.quantile(share, axis=1) for share in (band[0], 0.5, band[1]))
    axes.fill_between(curves.index, low, high, color=colour, alpha=alpha, linewidth=0)
    axes.plot(curves.index, median, color=colour, linewidth=1.5)
    return Label(float(median.iloc[-max(1, len(median) // 20) :].mean()), "median", colour)


def limits(level: float, *values: ArrayLike, room: float = 0.06) -> tuple[float, float]:
    """Returns the limits of an axis of returns: 0 to a little above a level, if that holds all.

    Otherwise they lie around the level and all values. NaN and infinity count as nothing.

    >>> limits(200, [9.0, 187.0])
    (0.0, 212.0)
    >>> limits(-110, [-200.0, -90.0], room=0)
    (-200.0, -90.0)

    Args:
        level: The most that there is, or what solves a task.
        values: What is drawn.
        room: Beyond what is held, in shares of it.
    """
    every = np.concatenate([np.ravel(each) for each in (level, *values)]).astype(float)
    known = every[np.isfinite(every)]
    low, high = 0.0, (1 + room) * level
    if high > 0 and low <= known.min() and known.max() <= high:
        return low, high
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    margin = room * (high - low) if high > low else 1.0
    return low - margin, high + margin


def hold(panels: Sequence[Axes], level: float, room: float = 0.06) -> None:
    """Sets the y-axes of some panels to common `limits` of all that is drawn in them."""
    drawn = [axes.dataLim.intervaly for axes in panels]
    for axes in panels:
        axes.set_ylim(*limits(level, *drawn, room=room))


def raster(axes: Axes, returns: pd.DataFrame, scale: tuple[float, float]) -> AxesImage:
    """Draws every seed as a row of colour, the best mean on top; what is missing stays blank.

    Args:
        axes: Where to draw.
        returns: One column per seed, the index along the x-axis, [T, N].
        scale: The values at which the colours begin and end.
    """
    means = returns.mean().to_numpy(float)
    order = np.argsort(np.where(np.isnan(means), np.inf, -means), kind="stable")
    first, last = float(returns.index[0]), float(returns.index[-1])
    extent = (first, last if last > first else first + 1, len(order) + 0.5, 0.5)
    values = returns.to_numpy(float)[:, order].T
    return axes.imshow(values, aspect="auto", extent=extent, vmin=scale[0], vmax=scale[1])


def bar(axes: Axes, low: float, estimate: float, high: float, row: float, colour: str) -> None:
    """Draws an interval along a row, its estimate as a dot; what is not finite is not there."""
    if np.isfinite([low, high]).all():
        axes.plot([low, high], [row, row], color=colour, linewidth=2.2, zorder=3)
    axes.plot(*([estimate], [row], "o"), color=colour, markersize=7, mec="white", mew=1.2, zorder=4)


def note(figure: Figure, text: str) -> None:
    """Writes beneath the figure what its marks mean."""
    figure.supxlabel(text, x=0.01, ha="left", fontsize=SMALL, color=GREY)


def colour_bar(
    figure: Figure, axes: Axes | Sequence[Axes], image: ScalarMappable, label: str
) -> None:
    """Draws the scale of a coloured panel, or of a row of them."""
    scale = figure.colorbar(image, ax=axes, pad=0.02, aspect=30)
    scale.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    scale.set_label(label)


def percent(band: tuple[float, float]) -> str:
    """Returns the name of a band, such as `10-90%` (with an en dash)."""
    return f"{100 * band[0]:g}\N{EN DASH}{100 * band[1]:g}%"


def jitter(n: int, spread: float) -> np.ndarray:
    """Returns offsets that part dots which would hide each other; the same at every call."""
    golden = 0.618034
    return spread * (2 * (golden * np.arange(n) % 1) - 1)


def _isotonic(values: np.ndarray) -> np.ndarray:
    """Returns the nearest values that never fall, in least squares, [N].

    The greatest over all beginnings up to each place of the least mean over all ends from it on:
    for a few labels quicker than importing SciPy's.
    """
    sums = np.concatenate([[0], np.cumsum(values)])
    places = np.arange(len(values))
    counts = places[None, :] - places[:, None] + 1  # [first, last]
    means = (sums[None, 1:] - sums[:-1, None]) / np.where(counts > 0, counts, 1)
    return np.array([
        max(min(means[first, place:]) for first in range(place + 1)) for place in places
    ])  # fmt: skip
