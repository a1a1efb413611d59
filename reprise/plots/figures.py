"""Figures over seeds, in the house style.

The Figure belongs to the caller: pyplot does not know it, and a notebook shows it as the value of
its cell. Each figure says what its bands and bars mean. Labels of axes have their unit.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from reprise.measures.training import QUANTILES
from reprise.plots import style
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats.intervals import Interval, known, known_mean
from reprise.stats.words import bracketed

BAND = f"{100 * QUANTILES['low']:g}–{100 * QUANTILES['high']:g}%"
SHOWN = 6  # single seeds
RULES: dict[str, Callable] = {
    "angle": lambda angle, velocity: angle,
    "angle and velocity": lambda angle, velocity: angle + velocity,
}
MEANS = "mean with its {} interval; faint dots: each seed"


def maximum(results: Results) -> Label:
    """Return the highest or solving return of an episode."""
    metrics, params = results.metrics, results.params
    cap = metrics.get("variants", {}).get(params.get("baseline"), metrics).get("cap")
    known = (cap, params.get("environment", {}).get("solved_return"), params["maximum_steps"])
    highest = next(each for each in known if each is not None)
    name = "maximum" if highest == params["maximum_steps"] else "solved"
    return Label(highest, name, style.GREY)


def learning_curves(
    groups: Mapping[str, pd.DataFrame],
    labels: tuple[str, str, str],
    level: Label,
    window: int = 1,
    seeds: pd.DataFrame | None = None,
) -> Figure:
    """Draw groups' medians and bands, and seeds [T, N].

    The groups are tables by `training.quantiles`. The labels are of index, values and title. All
    curves are first averaged over a window of steps.
    """
    (figure, axes), ends, note = style.single(3.9), [], "Lines: medians."
    if seeds is not None:
        faint = min(0.4, max(0.03, 4 / seeds.shape[1]))
        grey = {"color": style.INK, "alpha": faint, "linewidth": 0.5}
        axes.plot(seeds.index, smooth(seeds, window).to_numpy(), **grey)
        note = f"Grey: {seeds.shape[1]} seeds."
    for (name, table), colour in zip(groups.items(), cycle(style.CYCLE)):
        alpha = max(0.1, 0.3 / len(groups))
        ends.append(style.median_and_band(axes, smooth(table, window), colour, alpha, name))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.axhline(level.value, **style.DASHED)
    style.finish(axes, *labels)
    style.label_right(axes, [*ends, level])
    averaged = "" if window == 1 else f", averaged over a trailing window of {window}"
    style.note(figure, f"{note} Bands: {BAND} of all seeds{averaged}.")
    return figure


def smooth(curves: pd.DataFrame, window: int) -> pd.DataFrame:
    """Return trailing means over a window of steps."""
    return pd.DataFrame(curves.rolling(window, min_periods=1).mean())


def distribution(
    results: Results, sample: ArrayLike, bins: ArrayLike, labels: tuple[str, str], level=None
) -> Figure:
    """Draw a histogram of seeds [N], dots, and mean.

    If a value lies beyond the bins, as many from the least value to the greatest take their place.
    The labels are of values and title. NaN is not drawn.
    """
    figure = Figure(figsize=(style.WIDTH, 3.8))
    above, below = figure.subplots(2, sharex=True, height_ratios=[3, 1])
    mean, values, edges = known_mean(sample, results.confidence), known(sample), np.asarray(bins)
    if values.size and not (edges[0] <= values.min() and values.max() <= edges[-1]):
        edges = np.histogram_bin_edges(values, len(edges) - 1)
    above.hist(values, list(edges), color=style.SKY, alpha=0.55, rwidth=0.94)
    above.grid(axis="x", visible=False)
    above.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    style.finish(above, "", f"seeds of {len(values):,}", labels[1])
    heights = 1 + style.jitter(len(values), 0.3)
    below.plot(values, heights, "o", color=style.BLUE, alpha=0.4, markersize=3.2, mew=0)
    style.seeds_and_mean(below, 0, [], mean, style.INK)
    style.rows(below, ["mean", "each seed"])
    below.set(ylim=(-0.7, 1.6), xlabel=labels[0])
    if level is not None:
        below.axvline(level.value, **style.DASHED)
        style.label_top(above, level)
    (numbers,) = _numbers([mean])
    style.note(figure, f"Bar: mean with its {results.confidence:.0%} interval, {numbers}.")
    return figure


def compare_policies(
    results: Results,
    samples: Mapping[str, ArrayLike],
    labels: tuple[str, str],
    level=None,
    note: str = MEANS,
    intervals: Mapping[str, Interval] | None = None,
) -> Figure:
    """Draw a row per policy: seeds [N], mean, interval, numbers.

    The labels are of values and title. The note has a place for the confidence, and names dots if
    they are drawn. The intervals are those of the means if none are given.
    """
    sure = results.confidence
    found = intervals or {name: known_mean(one, sure) for name, one in samples.items()}
    figure, axes = style.single(1.5 + 0.42 * len(found))
    for row, (name, interval) in enumerate(found.items()):
        seeds = samples[name] if "dots" in note else []
        style.seeds_and_mean(axes, row, seeds, interval, style.BLUE, style.SKY)
    style.rows(axes, list(found), labelsize=9.5, labelcolor=style.INK)
    style.finish(axes, labels[0], "", labels[1])
    numbers = _numbers(list(found.values()))
    style.label_right(axes, [Label(row, text) for row, text in enumerate(numbers)])
    if level is not None:
        style.label_top(axes, level)
    style.note(figure, f"Dot and bar: {note.format(f'{sure:.0%}')}.")
    return figure


def _numbers(intervals: Sequence[Interval]) -> list[str]:
    """Write intervals with decimals for four digits in all."""
    bounds = np.array([interval[:3] for interval in intervals])
    largest = np.abs(bounds[np.isfinite(bounds)]).max(initial=0)
    decimals = sum(largest < power for power in (1000, 100, 10))
    return [bracketed(interval, f".{decimals}f") for interval in intervals]


def single_seeds(
    results: Results, curves: pd.DataFrame, top: float, labels: tuple[str, str]
) -> Figure:
    """Draw some seeds [T, N], from best to worst end."""
    table = results.table("samples").head(curves.shape[1])
    order = table.sort_values("last_return", ascending=False, kind="stable")
    ranks = np.unique(np.linspace(0, len(order) - 1, SHOWN).round().astype(int))
    figure, grid = style.panels(len(ranks), min(3, len(ranks)), (0.7, 1.65), labels, **style.SHARED)
    over_seeds = results.table("learning_curve", str(curves.index.name))
    for axes, rank in zip(grid, ranks, strict=True):
        band = over_seeds["low"], over_seeds["high"]
        axes.fill_between(over_seeds.index, *band, color=style.SKY, alpha=0.22, linewidth=0)
        seed = curves[f"seed_{order['seed'].iloc[rank]}"]
        axes.plot(curves.index, seed, color=style.BLUE, linewidth=0.8)
        axes.axhline(top, **style.DASHED)
        title = f"rank {rank + 1} of {len(order)}"
        axes.set_title(title, fontsize=style.SMALL, fontweight="normal", pad=5)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    style.hold(grid, top)
    note = f"Line: the one seed. Band: {BAND} of all seeds. Dashed: the maximum."
    style.note(figure, note)
    return figure


def map_policy(
    axes: Axes, policy: pd.DataFrame, names: tuple[str, str], labels: tuple[str, str], title: str
) -> QuadMesh:
    """Colour a plane by the second action's probability, [Y, X].

    The names of the two actions stand in the middle of their regions; the labels are of x and y.
    """
    x, y = policy.columns.to_numpy(float), policy.index.to_numpy(float)
    probability = policy.to_numpy(float)
    image = axes.pcolormesh(x, y, probability, cmap=style.DIVERGING, vmin=0, vmax=1)
    if not np.isin(probability, (0, 1)).all() and np.ptp(probability) > 0:
        axes.contour(x, y, probability, levels=[0.5], colors=style.INK, linewidths=1.2)
    for name, region in zip(names, (probability < 0.5, probability > 0.5), strict=True):
        if region.any():
            rows, columns = np.nonzero(region)
            centre = (x[columns].mean(), y[rows].mean())
            axes.text(*centre, name, ha="center", va="center", weight="bold", fontsize=11)
    style.finish(axes, *labels, title)
    axes.grid(visible=False)
    return image
