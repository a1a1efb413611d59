"""Figures of the stage policy_search: the landscape, paths in the room, the searches, NEAT."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reprise.plots import figures, show, style
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.stats import words
from reprise.stats.intervals import Interval

TITLES = {
    "grid": "grid",
    "random": "random search",
    "genetic_asexual": "genetic, one parent",
    "genetic_sexual": "genetic, two parents",
    "genetic_diverse": "genetic, two, some weak",
    "gradient_ascent": "gradient ascent",
}
BAND = (0.05, 0.95)  # of the columns q05 and q95


def _percent(share: float, _: object = None) -> str:
    return f"{100 * share:.0f}%"


def map_of_policies(results: Results) -> Figure:
    """Draw the dust that every policy collects, four of them marked."""
    shown = results.table("shown", "policy")
    return landscape(
        results.table("landscape").pivot(index="p", columns="r", values="share"),
        {_names(results)[key]: (row["r"], row["p"]) for key, row in shown.iterrows()},
        x_label="range of the turns r (degrees)", y_label="probability to move forward p",
        value_label=f"dust collected in {_minutes(results):g} minutes",
    )  # fmt: skip


def single_tries(results: Results) -> Figure:
    """Draw one try of each marked policy."""
    panels = {
        f"{_names(results)[key]}: {part['share'].iloc[-1]:.0%}": part
        for key, part in results.table("paths").groupby("policy", sort=False)
    }
    return paths(panels, results.metrics["room"])


def recommendations(results: Results) -> Figure:
    """Draw what each search's recommended policy collects as its tries go on."""
    searches = {
        TITLES[key]: part.set_index("evaluations")
        for key, part in results.table("best_so_far").groupby("search", sort=False)
    }
    return recommended(
        searches, best=Label(results.metrics["best_share"], "the best of the map"), x_label="tries",
        y_label="dust its recommended policy collects",
    )  # fmt: skip


def final_recommendations(results: Results) -> Figure:
    """Draw what the policies recommended at the end collect in fresh tries."""
    samples = results.table("samples")
    means = {
        TITLES[key]: Interval(
            100 * one["mean"], 100 * one["mean_low"], 100 * one["mean_high"], one["n"], False
        )
        for key, one in results.metrics["final"].items()
    }
    runs = {TITLES[key]: 100 * part["share"].to_numpy() for key, part in samples.groupby("search")}
    return figures.compare_policies(
        means, x_label="dust collected by the policy recommended at the end (%)", samples=runs,
        level=Label(100 * results.metrics["best_share"], "the best of the map"),
        statistic=f"mean over runs with its {results.confidence:.0%} interval; pale dots: the runs",
    )  # fmt: skip


def search_table(results: Results) -> Markdown:
    """Show each search's own score, its score in fresh tries, and the tries to come near."""
    tolerances = results.params["tolerances"]
    rows = []
    for key, found in results.metrics["final"].items():
        reached = [
            results.metrics["reached"][key][f"within_{100 * t:.9g}_percent".replace(".", "_")]
            for t in tolerances
        ]
        rows.append((
            TITLES[key], f"{found['believed']:.1%}", show.cell(found, ".1%"),
            *(words.number(each["median"], ".0f") for each in reached),
        ))  # fmt: skip
    return show.table(
        rows,
        ("", "own score", "fresh tries", *(f"half within {100 * t:g}% by" for t in tolerances)),
    )


def coverage_by_time(results: Results) -> Figure:
    """Draw the dust collected as time doubles and doubles."""
    minutes = _minutes(results)
    policies = {
        _names(results)[key]: part.set_index("minutes")
        for key, part in results.table("coverage").groupby("policy", sort=False)
    }
    return coverage(
        policies, level=Label(minutes, f"{minutes:g} minutes"), x_label="time",
        y_label="dust collected",
    )  # fmt: skip


def complete_table(results: Results) -> Markdown:
    """Show the share of tries with all the dust after the longest time."""
    rows = []
    for key, part in results.table("coverage").groupby("policy", sort=False):
        end = part.iloc[-1]
        hours = f"{end['minutes'] / 60:,.0f}"
        rows.append((_names(results)[key], hours, f"{end['share']:.1%}", f"{end['complete']:.0%}"))
    return show.table(rows, ("policy", "hours", "dust collected", "tries with all of it"))


def neat_generations(results: Results) -> Figure:
    """Draw the best fitness of each generation of NEAT."""
    neat = results.params["neat"]
    return generations(
        results.table("neat_fitness").pivot(index="generation", columns="run", values="best"),
        most=Label(neat["maximum_steps"], f"maximum: {neat['maximum_steps']}"),
        x_label="generation",
        y_label=f"best mean return of {neat['episodes']} episodes",
    )  # fmt: skip


def neat_table(results: Results) -> Markdown:
    """Show the winners' returns in fresh episodes and the share that solve CartPole."""
    rows = []
    for limit in results.params["neat"]["evaluation"]["limits"]:
        found = results.metrics["neat"][f"limit_{limit}"]
        rows.append((f"{limit} steps", show.cell(found), f"{found['solved']:.0%}"))
    return show.table(rows, ("limit", "mean return of winners", "solved by"))


def _names(results: Results) -> dict[Any, str]:
    shown = results.table("shown", "policy")
    names = {key: f"p = {row['p']:.2g}, r = {row['r']:.0f}°" for key, row in shown.iterrows()}
    return names | {"best": f"best: {names['best']}"}


def _minutes(results: Results) -> float:
    """Return how long a try takes."""
    return results.table("paths")["second"].max() / 60


def landscape(
    shares: pd.DataFrame,
    marks: Mapping[str, tuple[float, float]],
    *,
    x_label: str,
    y_label: str,
    value_label: str,
    title: str = "",
) -> Figure:
    """Maps what a policy of two parameters is worth, with some policies marked.

    Args:
        shares: The mean share, the index along the y-axis, the columns along the x-axis.
        marks: Name of a policy to its x and y.
        x_label: Of the columns.
        y_label: Of the index.
        value_label: Of the shares.
        title: What the figure shows.
    """
    figure, axes = style.single(4.6)
    x, y = shares.columns.to_numpy(float), shares.index.to_numpy(float)
    image = axes.pcolormesh(x, y, shares.to_numpy(), vmin=0, shading="gouraud")
    levels = np.arange(0.1, float(shares.to_numpy().max()), 0.1)
    if len(levels):
        lines = axes.contour(x, y, shares.to_numpy(), levels=levels, colors="white", linewidths=0.6)
        axes.clabel(lines, fmt=_percent, fontsize=7.5)
    for name, (at_x, at_y) in marks.items():
        axes.plot([at_x], [at_y], "o", color="white", mec=style.INK, markersize=7, clip_on=False)
        left = at_x > (x[0] + x[-1]) / 2
        axes.annotate(
            name, (at_x, at_y), (-8 if left else 8, 0), textcoords="offset points", va="center",
            ha="right" if left else "left", fontsize=style.SMALL, weight="bold", color=style.INK,
            bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "alpha": 0.85},
        )  # fmt: skip
    axes.grid(visible=False)
    style.finish(axes, x_label, y_label, title)
    scale = figure.colorbar(image, ax=axes, pad=0.02, aspect=30, format=_percent)
    scale.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    scale.set_label(value_label)
    return figure


def paths(panels: Mapping[str, pd.DataFrame], room: Mapping[str, float]) -> Figure:
    """Draws robots' ways through a room, a panel each: the floor they swept, and their path.

    Args:
        panels: Title to the places in order, columns x and y in metres.
        room: Its measures in metres: width, height, wall_left, wall_bottom, wall_right, wall_top,
            and the robot's radius.
    """
    columns = 2
    rows = -(-len(panels) // columns)
    tall = room["height"] / room["width"]
    figure = Figure(figsize=(style.WIDTH, rows * (0.45 + tall * style.WIDTH / columns)))
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, (title, places) in zip(grid.flat, panels.items(), strict=False):
        _draw_path(axes, places[["x", "y"]].to_numpy(), room)
        axes.set_title(title, fontsize=9.5)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    start = "Green: where the robot starts. Vermilion: where it is in the end."
    frame = f"Frame: {room['width']:g} by {room['height']:g} m."
    style.note(figure, f"Blue: floor it swept. {start} {frame}")
    return figure


def _draw_path(axes: Axes, places: np.ndarray, room: Mapping[str, float]) -> None:
    width = 2 * room["radius"]
    axes.add_collection(
        EllipseCollection(
            [width], [width], [0], units="xy", offsets=places, transOffset=axes.transData,
            facecolor="#bfe0f3", edgecolor="none", linewidth=0,
        )
    )  # fmt: skip
    axes.plot(*places.T, color=style.BLUE, linewidth=0.45, alpha=0.8)
    for place, colour in ((places[0], style.GREEN), (places[-1], style.VERMILION)):
        axes.plot(*place, "o", color=colour, markersize=6, mec="white", mew=1, zorder=4)
    corner = room["wall_left"], room["wall_bottom"]
    sizes = room["wall_right"] - corner[0], room["wall_top"] - corner[1]
    axes.add_patch(Rectangle(corner, *sizes, facecolor=style.GREY, zorder=3))
    axes.set(
        xlim=(0, room["width"]), ylim=(0, room["height"]), aspect="equal", xticks=[], yticks=[]
    )
    axes.spines[:].set_visible(True)
    axes.grid(visible=False)


def recommended(
    searches: Mapping[str, pd.DataFrame], *, best: Label, x_label: str, y_label: str
) -> Figure:
    """Draws what each search recommends as its evaluations go on, a panel each.

    Args:
        searches: Title to the quantiles over the runs, columns q05, q25, median, q75, q95, the
            index the evaluations.
        best: The best that there is to find, and its name.
        x_label: Of the evaluations.
        y_label: Of the values.
    """
    columns = 3
    rows = -(-len(searches) // columns)
    figure = Figure(figsize=(style.WIDTH, 0.9 + 1.9 * rows))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    last = max(float(table.index[-1]) for table in searches.values())
    lowest = min(float(table["q05"].iloc[-1]) for table in searches.values())
    for axes, (title, table) in zip(grid.flat, searches.items(), strict=False):
        for other in searches.values():
            axes.plot(other.index, other["median"], color="#c8c8c8", linewidth=0.8)
        for low, high, alpha in (("q05", "q95", 0.15), ("q25", "q75", 0.3)):
            band = table[low], table[high]
            axes.fill_between(table.index, *band, color=style.BLUE, alpha=alpha, linewidth=0)
        axes.plot(table.index, table["median"], color=style.BLUE)
        axes.axhline(best.value, **style.DASHED)
        axes.set_title(title, fontsize=9.5)
        axes.set(xlim=(0, last), ylim=(max(0.0, lowest - 0.05), 1.08 * best.value))
        axes.yaxis.set_major_formatter(_percent)
    for axes in grid.flat[len(searches) :]:
        axes.set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel(x_label)
    figure.supylabel(y_label, fontsize=9.5)
    bands = f"{style.percent(BAND)} and {style.percent((0.25, 0.75))} of the runs"
    style.note(figure, f"Line: median. Bands: {bands}. Grey: the others. Dashed: {best.text}.")
    return figure


def coverage(
    policies: Mapping[str, pd.DataFrame], *, level: Label, x_label: str, y_label: str
) -> Figure:
    """Draws the share of the floor that policies have reached as time doubles and doubles.

    Args:
        policies: Name to a table of share, low and high, its index the minutes.
        level: A time to mark, and its name.
        x_label: Of the time.
        y_label: Of the share.
    """
    figure, axes = style.single(3.9)
    labels = []
    slowest_first = sorted(policies.items(), key=lambda policy: policy[1]["share"].mean())
    for (name, table), colour in zip(slowest_first, style.CYCLE, strict=False):
        low, high = (table[end].clip(0, 1) for end in ("low", "high"))
        axes.fill_between(table.index, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(table.index, table["share"], "o-", color=colour, markersize=3)
        labels.append(Label(float(table["share"].to_numpy()[-1]), name, colour))
    axes.set_xscale("log", base=2)
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(_percent)
    hours = [(0.125, "7½ min"), (0.5, "30 min"), (2, "2 h"), (8, "8 h"), (32, "32 h"), (128, "5 d"),
             (512, "21 d"), (2048, "85 d")]  # fmt: skip
    last = max(float(table.index[-1]) for table in policies.values())
    ticks = [(60 * hour, text) for hour, text in hours if 60 * hour <= 1.01 * last]
    axes.set_xticks([minutes for minutes, _ in ticks], [text for _, text in ticks])
    axes.minorticks_off()
    style.finish(axes, x_label, y_label, "")
    style.label_right(axes, labels)
    style.label_top(axes, level)
    style.note(figure, "Dots: means over tries. Bands: their 95% intervals.")
    return figure


def generations(fitness: pd.DataFrame, *, most: Label, x_label: str, y_label: str) -> Figure:
    """Draws the best fitness of each generation, a line for each run, a dot where it ends.

    Args:
        fitness: A column for each run, the index the generation, NaN when a run is over.
        most: The highest possible fitness, and its name.
        x_label: Of the generations.
        y_label: Of the fitness.
    """
    figure, axes = style.single(3.2)
    for _, run in fitness.items():
        values = run.dropna()
        axes.plot(values.index, values, color=style.BLUE, alpha=0.45, linewidth=1.1)
        axes.plot(values.index[-1:], values.iloc[-1:], "o", color=style.BLUE, markersize=4)
    axes.axhline(most.value, **style.DASHED)
    style.hold([axes], most.value, room=0.05)
    axes.set_xticks(range(len(fitness)))
    axes.set_xlim(-0.1, max(len(fitness) - 0.9, 1))
    style.finish(axes, x_label, y_label, "")
    style.label_right(axes, [most])
    return figure
