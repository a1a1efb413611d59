"""The house style: style sheet, palette, panels, and the marks that many figures share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike, NDArray

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
QUARTILES = {("q25", "q75"): 0.2}
DASHED = {"color": "#a0a0a0", "linewidth": 0.9, "linestyle": (0, (4, 3)), "zorder": 1.5}


class Label(NamedTuple):
    """A text that stands level with the value it names."""

    value: float
    text: str
    colour: str = INK


def use_style() -> None:
    """Make the house style that of this process; a notebook calls it once."""
    plt.style.use(STYLE_SHEET)
    # pyplot loads its backend late, and only then does a notebook show a bare Figure as a picture.
    plt.switch_backend(plt.get_backend())
    alt_text.show_with_figures()


def single(height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Return a figure of one panel that pyplot does not know, so that it never stays open."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def panels(
    number: int, columns: int, height: tuple[float, float], labels=("", ""), **options: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure and its panels, row by row; spare ones in the last row are hidden.

    Args:
        number: of panels.
        columns: of panels.
        height: of all that is outside the panels, and of each row, in inches.
        labels: below the last row, and left of all rows.
        options: of `Figure.subplots`.
    """
    rows = -(-number // columns)
    figure = Figure(figsize=(WIDTH, height[0] + height[1] * rows))
    every = figure.subplots(rows, columns, squeeze=False, **options).ravel()
    for axes in every[number:]:
        axes.set_visible(False)
    for axes in every[-columns:]:
        axes.set_xlabel(labels[0])
    if labels[1]:
        figure.supylabel(labels[1], fontsize=9.5)
    return figure, list(every[:number])


def finish(axes: Axes, x_label: str, y_label: str, title: str) -> None:
    """Name the axes and the panel."""
    axes.set(xlabel=x_label, ylabel=y_label)
    if title:
        axes.set_title(title)


def rows(axes: Axes, names: Sequence[str], **look: Any) -> None:
    """Turn the y-axis into a column of names, the first on top; `look` is that of the names."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, **look)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)


def bare(axes: Axes, *spines: str) -> None:
    """Take the grid and some spines away, all of them if none is named."""
    axes.grid(visible=False)
    axes.spines[list(spines) or slice(None)].set_visible(False)


def shares(axes: Axes) -> None:
    """Mark 0%, 50% and 100% along the y-axis."""
    axes.set_ylim(0, 1.04)
    axes.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])


def write(axes: Axes, text: str, place: Any, offset: tuple[float, float], **look: Any) -> None:
    """Write a text at a place, moved by an offset in points."""
    look = {"fontsize": SMALL, "textcoords": "offset points"} | look
    axes.annotate(text, place, offset, **look)


def label_right(axes: Axes, labels: Sequence[Label]) -> None:
    """Write labels right of the panel, moved as little as keeps any two from overlapping.

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
    for (_, text, colour), height in zip(ordered, heights, strict=True):
        place = {"xycoords": ("axes fraction", "data"), "va": "center"}
        write(axes, text, (1, height), (7, 0), color=colour, **place)


def label_top(axes: Axes, label: Label) -> None:
    """Draw a dashed line up the panel at the value and write its name on top of it."""
    axes.axvline(label.value, **DASHED)
    axes.set_title(axes.get_title(loc="left"), pad=21)  # room for the name below the title
    place = {"xycoords": ("data", "axes fraction"), "ha": "center"}
    write(axes, label.text, (label.value, 1), (0, 3), color=GREY, **place)


def curve(
    axes: Axes, table: pd.DataFrame, colour: Any, bands=QUARTILES, line="median", **look: Any
) -> None:
    """Draw a column as a line, and bands between pairs of columns, each with its alpha."""
    for (low, high), alpha in bands.items():
        band = table[low], table[high]
        axes.fill_between(table.index, *band, color=colour, alpha=alpha, linewidth=0)
    axes.plot(table.index, table[line], color=colour, **look)


def median_and_band(
    axes: Axes, curves: pd.DataFrame, colour: str, band: tuple[float, float], alpha: float = 0.2
) -> Label:
    """Draw the median of the seeds, and the band that holds the middle ones, [T, N].

    The label that it returns is at the median's mean over the last twentieth of the run.
    """
    low, median, high = (curves.quantile(share, axis=1) for share in (band[0], 0.5, band[1]))
    table = pd.DataFrame({"low": low, "median": median, "high": high})
    curve(axes, table, colour, bands={("low", "high"): alpha}, linewidth=1.5)
    return Label(float(median.iloc[-max(1, len(median) // 20) :].mean()), "median", colour)


def arrivals(
    axes: Axes, times: NDArray[np.float64], ends: tuple[float, float], **look: Any
) -> tuple[NDArray[np.float64], float]:
    """Draw the share that has arrived by each time; NaN never arrives.

    Returns the times of those that arrive, sorted, and their share.
    """
    there = np.sort(times[~np.isnan(times)])
    reached = np.arange(len(there) + 1) / len(times)
    axes.step([ends[0], *there, ends[1]], [*reached, reached[-1]], where="post", **look)
    return there, float(reached[-1])


def limits(level: float, *values: ArrayLike, room: float = 0.06) -> tuple[float, float]:
    """Return the limits of an axis of returns: 0 to a little above a level, if that holds all.

    Otherwise they lie around the level and all values, with a share of room beyond. NaN and
    infinity do not count.

    >>> limits(200, [9.0, 187.0])
    (0.0, 212.0)
    >>> limits(-110, [-200.0, -90.0], room=0)
    (-200.0, -90.0)
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
    """Set the y-axes of some panels to common `limits` of all that is drawn in them."""
    drawn = [axes.dataLim.intervaly for axes in panels]
    for axes in panels:
        axes.set_ylim(*limits(level, *drawn, room=room))


def raster(axes: Axes, returns: pd.DataFrame, scale: tuple[float, float]) -> AxesImage:
    """Draw every seed as a row of colour, the best mean on top; what is missing stays blank.

    The returns [T, N] have one column per seed; the scale is where the colours begin and end.
    """
    means = returns.mean().to_numpy(float)
    order = np.argsort(np.where(np.isnan(means), np.inf, -means), kind="stable")
    first, last = float(returns.index[0]), float(returns.index[-1])
    extent = (first, last if last > first else first + 1, len(order) + 0.5, 0.5)
    values = returns.to_numpy(float)[:, order].T
    return axes.imshow(values, aspect="auto", extent=extent, vmin=scale[0], vmax=scale[1])


def bar(axes: Axes, low: float, estimate: float, high: float, row: float, colour: str) -> None:
    """Draw an interval along a row, its estimate as a dot; without bounds only the dot."""
    if np.isfinite([low, high]).all():
        axes.plot([low, high], [row, row], color=colour, linewidth=2.2, zorder=3)
    axes.plot(*([estimate], [row], "o"), color=colour, markersize=7, mec="white", mew=1.2, zorder=4)


def note(figure: Figure, text: str) -> None:
    """Write beneath the figure what its marks mean."""
    figure.supxlabel(text, x=0.01, ha="left", fontsize=SMALL, color=GREY)


def colour_bar(
    figure: Figure, axes: Axes | Sequence[Axes], image: ScalarMappable, label: str, **options: Any
) -> None:
    """Draw the scale of a coloured panel, or of several."""
    options.setdefault("aspect", 30)
    scale = figure.colorbar(image, ax=axes, pad=0.02, **options)
    scale.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    scale.set_label(label)


def percent(band: tuple[float, float]) -> str:
    """Return the name of a band, such as `10-90%` (with an en dash)."""
    return f"{100 * band[0]:g}\N{EN DASH}{100 * band[1]:g}%"


def jitter(n: int, spread: float) -> np.ndarray:
    """Return offsets that part dots which would hide each other; the same at every call."""
    golden = 0.618034
    return spread * (2 * (golden * np.arange(n) % 1) - 1)


def _isotonic(values: np.ndarray) -> np.ndarray:
    """Return the nearest values that never fall, in least squares, [N].

    The greatest over all beginnings up to each place of the least mean over all ends from it on:
    for a few labels quicker than importing SciPy's.
    """
    sums = np.concatenate([[0], np.cumsum(values)])
    places = np.arange(len(values))
    counts = places[None, :] - places[:, None] + 1  # [first, last]
    means = (sums[None, 1:] - sums[:-1, None]) / np.where(counts > 0, counts, 1)
    return np.array([max(min(means[i, j:]) for i in range(j + 1)) for j in places])
