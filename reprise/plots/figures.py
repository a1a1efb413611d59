"""Figures over seeds, in the house style.

The caller owns each Figure: pyplot does not keep it, and a notebook shows it as the value of its
cell. Each figure explains its bands and bars. Axis labels name the unit.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from reprise.measures.training import QUANTILES
from reprise.plots import style
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats.intervals import Interval, known, known_mean
from reprise.stats.words import bracketed

BAND = f"{100 * QUANTILES['low']:g}–{100 * QUANTILES['high']:g}%"
SHOWN = 6  # seeds in `single_seeds`
RULES: dict[str, Callable] = {
    "angle": lambda angle, velocity: angle,
    "angle and velocity": lambda angle, velocity: angle + velocity,
}
PLANE = ("angle of the pole (°)", "angular velocity (rad/s)")


def maximum(results: Results) -> Label:
    """Return the highest return, or the solving one."""
    metrics, params = results.metrics, results.params
    cap = metrics.get("variants", {}).get(params.get("baseline"), metrics).get("cap")
    levels = (cap, params.get("environment", {}).get("solved_return"), params["maximum_steps"])
    highest = next(level for level in levels if level is not None)
    name = "maximum" if highest == params["maximum_steps"] else "solved"
    return Label(highest, name, style.GREY)


def training(results: Results, y_label: str, title: str, window: int = 1) -> Figure:
    """Draw all seeds' training returns, their median and band."""
    seeds = returns(results)
    groups = {"median": results.table("learning_curve", str(seeds.index.name))}
    labels = (clock(results), y_label, title)
    return learning_curves(groups, labels, maximum(results), window, seeds)


def returns(results: Results) -> pd.DataFrame:
    """Read returns [T, N]; empty rounds repeat the last return."""
    table = results.table("returns")
    return table.set_index(index_of(table)).ffill().bfill()


def index_of(table: pd.DataFrame) -> str:
    """Return the column that counts episodes, iterations or steps."""
    return next(name for name in ("iteration", "episode", "steps") if name in table)


def clock(results: Results) -> str:
    """Return the unit in which a stage counts training."""
    in_rounds = results.params.get("total_steps") is not None
    return "round" if in_rounds else index_of(results.table("returns"))


def learning_curves(
    groups: Mapping[str, pd.DataFrame],
    labels: tuple[str, str, str],
    level: Label,
    window: int = 1,
    seeds: pd.DataFrame | None = None,
) -> Figure:
    """Draw medians and bands of groups, and single seeds.

    Args:
        groups: Tables by `training.quantiles`.
        labels: The labels of both axes, and the title.
        level: A dashed line.
        window: Rows that a trailing mean averages.
        seeds: Returns [T, N] to draw in grey.
    """
    (figure, axes), note = style.single(3.9), "Lines: medians."
    if seeds is not None:
        faint = min(0.4, max(0.03, 4 / seeds.shape[1]))
        grey = {"color": style.INK, "alpha": faint, "linewidth": 0.5}
        axes.plot(seeds.index, smooth(seeds, window).to_numpy(), **grey)
        note = f"Grey: {seeds.shape[1]} seeds. Line: the median."
    smoothed = {name or "median": smooth(table, window) for name, table in groups.items()}
    band = {("low", "high"): max(0.1, 0.3 / len(groups))}
    ends = style.curves(axes, smoothed, band, linewidth=1.5)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.axhline(level.value, **style.DASHED)
    style.finish(axes, *labels)
    style.label_right(axes, [*ends, level])
    averaged = "" if window == 1 else f" All averaged over the last {window} {labels[0]}s."
    style.note(figure, f"{note} Bands: {BAND} of all seeds.{averaged}")
    return figure


def smooth(curves: pd.DataFrame, window: int) -> pd.DataFrame:
    """Average each row with those before it in a window."""
    return pd.DataFrame(curves.rolling(window, min_periods=1).mean())


def distribution(
    results: Results,
    sample: str | ArrayLike,
    labels: tuple[str, str],
    level: Label | None = None,
    seeds: str = "seeds",
) -> Figure:
    """Draw a histogram of seeds, the seeds and their mean.

    Args:
        results: The stage's results.
        sample: A value for each seed [N], or a column of samples.csv. A column of an evaluation is
            that of the first time limit. NaN is not drawn.
        labels: The label of the values, and the title.
        level: A dashed line.
        seeds: What the sample holds.
    """
    if isinstance(sample, str):
        sample = results.table("samples")[results.column(sample)]
    figure = Figure(figsize=(style.WIDTH, 3.8))
    above, below = figure.subplots(2, sharex=True, height_ratios=[3, 1])
    mean, values = known_mean(sample, results.confidence), known(sample)
    drawn = [0.0, *values, *([level.value] if level else [])]
    low, high = min(drawn), max(drawn)
    edges = np.linspace(low, high if high > low else low + 1, 41)
    if (values % 1 == 0).all():  # for counts, the width of a bin is a whole number
        width = np.ceil((high - low) / 40) or 1.0
        edges = np.arange(low - 0.5, high + width, width)
    above.hist(values, list(edges), color=style.SKY, alpha=0.55, rwidth=0.94)
    above.grid(axis="x", visible=False)
    above.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    style.finish(above, "", f"{seeds} (of {len(values):,})", labels[1])
    style.seeds_and_mean(below, 1, values, None, style.BLUE)
    style.seeds_and_mean(below, 0, [], mean, style.INK)
    style.rows(below, ["mean", seeds])
    if high > 1000:
        below.xaxis.set_major_formatter("{x:,.0f}")
    below.set(ylim=(-0.7, 1.6), xlabel=labels[0])
    if level is not None:
        below.axvline(level.value, **style.DASHED)
        style.label_top(above, level)
    (numbers,) = _numbers([mean])
    style.note(figure, f"Black: the mean with its {results.confidence:.0%} interval, {numbers}.")
    return figure


def ways_to_play(results: Results, ways: Sequence[str], labels: tuple[str, str]) -> Figure:
    """Compare ways of playing under each time limit."""
    played, table = [(way, k) for k in results.limits for way in ways], results.table("samples")
    samples = {f"{way}, {k} steps": table[f"{way}_{k}"] for way, k in played}
    return compare_policies(results, samples, labels)


def compare_policies(
    results: Results,
    samples: Mapping[str, ArrayLike],
    labels: tuple[str, str],
    level: Label | None = None,
    seeds: str = "seeds",
    intervals: Mapping[str, Interval] | None = None,
    mean: str = "the mean",
) -> Figure:
    """Draw each policy: its seeds and their mean.

    Args:
        results: The stage's results.
        samples: A value for each seed [N], by policy. Without samples, only means are drawn.
        labels: The label of the values, and the title.
        level: A dashed line.
        seeds: What the samples hold.
        intervals: The means to draw, if they are not those of the samples.
        mean: What the intervals estimate.
    """
    sure = results.confidence
    means = intervals or {name: known_mean(sample, sure) for name, sample in samples.items()}
    figure, axes = style.single(1.5 + 0.42 * len(means))
    for row, (name, interval) in enumerate(means.items()):
        sample = samples.get(name, [])
        style.seeds_and_mean(axes, row, sample, interval, style.BLUE, style.SKY)
    style.rows(axes, list(means), labelsize=9.5, labelcolor=style.INK)
    style.finish(axes, labels[0], "", labels[1])
    numbers = _numbers(list(means.values()))
    style.label_right(axes, [Label(row, text) for row, text in enumerate(numbers)])
    if level is not None:
        style.label_top(axes, level)
    faint = style.faint_marks(samples.values(), seeds) if samples else ""
    style.note(figure, f"Dots and bars: {mean} with its {sure:.0%} interval.{faint}")
    return figure


def _numbers(intervals: Sequence[Interval]) -> list[str]:
    """Write intervals with the decimals the largest number needs."""
    bounds = np.array([interval[:3] for interval in intervals])
    largest = np.abs(bounds[np.isfinite(bounds)]).max(initial=0)
    decimals = sum(largest < power for power in (1000, 10, 1))
    return [bracketed(interval, f"z,.{decimals}f") for interval in intervals]


def single_seeds(results: Results) -> Figure:
    """Draw returns of a few seeds, best to worst."""
    curves, top = returns(results), maximum(results).value
    order = results.table("samples").head(curves.shape[1])
    order = order.sort_values("last_return", ascending=False, kind="stable")
    ranks = np.unique(np.linspace(0, len(order) - 1, SHOWN).round().astype(int))
    labels = (clock(results), "return")
    titles = [f"rank {rank + 1} of {len(order)}" for rank in ranks]
    figure, grid = style.panels(titles, min(3, len(ranks)), (0.7, 1.65), labels)
    over_seeds = results.table("learning_curve", str(curves.index.name))
    for axes, rank in zip(grid, ranks, strict=True):
        band = over_seeds["low"], over_seeds["high"]
        axes.fill_between(over_seeds.index, *band, color=style.SKY, alpha=0.22, linewidth=0)
        seed = curves[f"seed_{order['seed'].iloc[rank]}"]
        axes.plot(curves.index, seed, color=style.BLUE, linewidth=0.8)
        axes.axhline(top, **style.DASHED)
    style.hold(grid, top)
    text = f"Ranks: by the return at the end. Line: one seed. Band: {BAND} of all seeds."
    style.note(figure, f"{text} Dashed: {maximum(results).text}.")
    return figure


def rasters(results: Results, panels: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw each seed [T, N] as a row of colours."""
    scale = style.limits(maximum(results).value, *panels.values(), room=0)
    labels = (clock(results), "seeds, the best mean on top")
    columns, height = min(2, len(panels)), (0.7, 1.9 if len(panels) > 1 else 3.5)
    figure, grid = style.panels(panels, columns, height, labels, sharey=False)
    for axes, seeds in zip(grid, panels.values(), strict=True):
        order = seeds.mean().sort_values(ascending=False, kind="stable").index
        first, last = float(seeds.index[0]), float(seeds.index[-1])
        extent = (first, last if last > first else first + 1, len(order) + 0.5, 0.5)
        look = {"aspect": "auto", "extent": extent, "vmin": scale[0], "vmax": scale[1]}
        axes.imshow(seeds[order].T.to_numpy(float), **look)
        style.bare(axes)
        axes.set_yticks([])
    style.colour_bar(figure, list(figure.axes), grid[-1].images[0], "return (steps)")
    return figure


def by_rule(rule: str, degrees: NDArray, speeds: NDArray) -> pd.DataFrame:
    """Map where a rule pushes right: 1 there, 0 elsewhere."""
    lean, turn = np.meshgrid(np.radians(degrees), speeds)
    right = (RULES[rule](lean, turn) >= 0).astype(float)
    return pd.DataFrame(right, index=speeds, columns=degrees)


def map_policy(axes: Axes, policy: pd.DataFrame, names: tuple[str, str]) -> None:
    """Colour a plane by the second action's probability [Y, X].

    The two names are written in the middle of their actions' regions.
    """
    x, y = policy.columns.to_numpy(float), policy.index.to_numpy(float)
    probability = policy.to_numpy(float)
    axes.pcolormesh(x, y, probability, cmap=style.DIVERGING, vmin=0, vmax=1)
    if not np.isin(probability, (0, 1)).all() and np.ptp(probability) > 0:
        axes.contour(x, y, probability, levels=[0.5], colors=style.INK, linewidths=1.2)
    for name, region in zip(names, (probability < 0.5, probability > 0.5), strict=True):
        if region.any():
            rows, columns = np.nonzero(region)
            centre = (x[columns].mean(), y[rows].mean())
            axes.text(*centre, name, ha="center", va="center", weight="bold", fontsize=11)
    axes.grid(visible=False)
