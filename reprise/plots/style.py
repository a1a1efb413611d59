"""House style: style sheet, colours, panels and shared marks."""

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from reprise.plots import alt_text
from reprise.stats.intervals import Interval

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
DOTS = 192  # most seeds that a row draws as dots
BINS = 40  # of a row with more
NOTE = 108  # letters in a line of a note
Bands = Mapping[tuple[str, str], float]
QUARTILES: Bands = {("q25", "q75"): 0.2}
NINETY: Bands = {("q05", "q95"): 0.15, ("q25", "q75"): 0.3}
DASHED = {"color": "#a0a0a0", "linewidth": 0.9, "linestyle": (0, (4, 3)), "zorder": 1.5}


class Label(NamedTuple):
    """A text level with the value that it names."""

    value: float
    text: str
    colour: str = INK


def use_style() -> None:
    """Draw all further figures in the house style."""
    plt.style.use(STYLE_SHEET)
    # A notebook shows a bare Figure only once pyplot has loaded its backend, which it does late.
    plt.switch_backend(plt.get_backend())
    alt_text.show_with_figures()


def single(height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Create a figure of one panel, unknown to pyplot."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def panels(
    titles: Collection[str],
    columns: int,
    height: tuple[float, float],
    labels=("", ""),
    **options: Any,
) -> tuple[Figure, list[Axes]]:
    """Create small multiples, a panel per title.

    Args:
        titles: The title of each panel.
        columns: Panels in a row.
        height: Inches outside the panels, and inches of each row.
        labels: The label below the last row, and the label left of all rows.
        **options: Passed to `Figure.subplots`. The panels share their axes by default.
    """
    rows = -(-len(titles) // columns)
    figure = Figure(figsize=(WIDTH, height[0] + height[1] * rows))
    options = {"sharex": True, "sharey": True, "squeeze": False} | options
    every = list(figure.subplots(rows, columns, **options).flat)
    for axes in every[len(titles) :]:
        axes.set_visible(False)
    for axes, title in zip(every, titles, strict=False):
        small = {"fontsize": 9.5, "pad": 5} if rows > 1 else {}
        axes.set_title(title, **small)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    for axes in every[-columns:]:
        axes.set_xlabel(labels[0])
    if labels[1]:
        figure.supylabel(labels[1])
    return figure, every[: len(titles)]


def finish(axes: Axes, x_label: str, y_label: str, title: str) -> None:
    """Label both axes and set the title."""
    axes.set(xlabel=x_label, ylabel=y_label)
    if title:
        axes.set_title(title)


def rows(axes: Axes, names: Sequence[str], **look: Any) -> None:
    """Write names along the y-axis, the first on top."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, **look)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)


def bare(axes: Axes) -> None:
    """Remove the grid and the frame."""
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def shares(axes: Axes) -> None:
    """Label the y-axis with 0%, 50% and 100%."""
    axes.set_ylim(0, 1.04)
    axes.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])


def write(axes: Axes, text: str, place: Any, offset: tuple[float, float], **look: Any) -> None:
    """Write text near a place, offset in points."""
    axes.annotate(text, place, offset, **{"fontsize": SMALL, "textcoords": "offset points"} | look)


def label_right(axes: Axes, labels: Sequence[Label]) -> None:
    """Write labels to the right of the panel without overlaps.

    Call it after setting the limits. Isotonic regression of y_i - i g finds the sorted positions
    that are nearest to the values y and at least a gap g apart; i g is added back.
    """
    from scipy.optimize import isotonic_regression  # here, as importing it takes a while

    labels = [label for label in labels if np.isfinite(label.value)]
    figure = axes.get_figure(root=True)
    if not labels or figure is None:
        return
    places = [(axes.get_xlim()[0], label.value) for label in labels]
    values = axes.transLimits.transform(axes.transScale.transform(places))[:, 1].clip(0, 1)
    order = np.argsort(values, kind="stable")
    lines = max(label.text.count("\n") + 1 for label in labels)
    points = figure.get_figheight() * 72 * axes.get_position().height
    steps = 12.5 * lines / points * np.arange(len(labels))
    heights = isotonic_regression(values[order] - steps).x + steps
    look = {"xycoords": "axes fraction", "va": "center"}
    for at, height in zip(order, heights, strict=True):
        write(axes, labels[at].text, (1, height), (7, 0), color=labels[at].colour, **look)


def label_top(axes: Axes, label: Label) -> None:
    """Draw a dashed vertical line with its name on top."""
    axes.axvline(label.value, **DASHED)
    axes.set_title(axes.get_title(loc="left"), pad=21)  # leaves room for the name
    place = {"xycoords": ("data", "axes fraction"), "ha": "center"}
    write(axes, label.text, (label.value, 1), (0, 3), color=GREY, **place)


def curves(
    axes: Axes,
    tables: Mapping[str, pd.DataFrame],
    bands: Bands = QUARTILES,
    line: str = "median",
    colours: Sequence[Any] = CYCLE,
    **look: Any,
) -> list[Label]:
    """Draw a column of each table, with bands.

    Args:
        axes: The panel.
        tables: Tables by name.
        bands: The opacity of each band, by its lower and upper column.
        line: The column of the line.
        colours: A colour for each table.
        **look: Passed to `Axes.plot`.

    Returns:
        The name of each line at its last value.
    """
    ends = []
    for (name, table), colour in zip(tables.items(), cycle(colours)):
        for (low, high), alpha in bands.items():
            band = table[low], table[high]
            axes.fill_between(table.index, *band, color=colour, alpha=alpha, linewidth=0)
        axes.plot(table.index, table[line], color=colour, label=name, **look)
        end = table[line].iloc[-max(1, len(table) // 20) :].mean()
        ends.append(Label(float(end), name, colour))
    return ends


def limits(level: float, *values: ArrayLike, room: float = 0.06) -> tuple[float, float]:
    """Compute the limits of an axis of returns.

    They run from 0 to the level if all values lie between. Otherwise they enclose the level and all
    finite values. `room` is the share of the axis that stays free beyond.

    >>> limits(200, [9.0, 187.0])
    (0.0, 212.0)
    >>> limits(-110, [-200.0, -90.0], room=0)
    (-200.0, -90.0)
    """
    every = np.concatenate([np.ravel(each) for each in (level, *values)]).astype(float)
    known = every[np.isfinite(every)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if level > 0 and low >= 0 and high <= (1 + room) * level:
        return 0.0, (1 + room) * level
    margin = room * (high - low) if high > low else 1.0
    return low - margin, high + margin


def hold(panels: Sequence[Axes], level: float, room: float = 0.06) -> None:
    """Give all panels the same `limits`."""
    drawn = [axes.dataLim.intervaly for axes in panels]
    for axes in panels:
        axes.set_ylim(*limits(level, *drawn, room=room))


def seeds_and_mean(
    axes: Axes, row: int, values: ArrayLike, mean: Interval | None, colour: str, faint: str = ""
) -> None:
    """Draw a row of faint seeds and their mean.

    Up to `DOTS` seeds are dots. More are a strip, darker where more seeds are.
    """
    values, pale = np.asarray(values, float), faint or colour
    if values.size <= DOTS:
        rows = row + jitter(values.size, 0.25)
        axes.plot(values, rows, "o", color=pale, alpha=0.3, markersize=3, mew=0)
    else:
        counts, edges = np.histogram(values[np.isfinite(values)], BINS)
        opacities = 0.8 * np.sqrt(counts / max(1, counts.max()))
        shades = [to_rgba(pale, opacity) for opacity in opacities]
        strip = axes.pcolormesh(edges, [row - 0.25, row + 0.25], [shades])
        strip.sticky_edges.x.clear()  # the axis keeps its margin
    if mean is None:
        return
    if np.isfinite([mean.low, mean.high]).all():
        axes.plot([mean.low, mean.high], [row, row], color=colour, linewidth=2.2, zorder=3)
    axes.plot(mean.estimate, row, "o", color=colour, markersize=7, mec="white", mew=1.2, zorder=4)


def faint_marks(samples: Iterable[ArrayLike], seeds: str = "seeds") -> str:
    """Explain the faint marks of rows by `seeds_and_mean`."""
    sizes = [np.size(sample) for sample in samples]
    dots = f" Faint dots: single {seeds}." if min(sizes) <= DOTS else ""
    strips = f" Pale strips: {seeds}, darker where more are." if max(sizes) > DOTS else ""
    return dots + strips


def note(figure: Figure, text: str) -> None:
    """Explain the marks in a note below the figure."""
    lines = [textwrap.fill(line, NOTE) for line in text.splitlines()]
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=SMALL, color=GREY)


def colour_bar(
    figure: Figure, axes: Axes | Sequence[Axes], image: ScalarMappable, label: str, **options: Any
) -> None:
    """Draw the colour scale of the panels."""
    options.setdefault("aspect", 30)
    scale = figure.colorbar(image, ax=axes, pad=0.02, **options)
    scale.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    scale.set_label(label)


def jitter(n: int, spread: float) -> np.ndarray:
    """Return fixed offsets that keep dots of a row apart."""
    return spread * (2 * (0.618034 * np.arange(n) % 1) - 1)  # multiples of the golden ratio
