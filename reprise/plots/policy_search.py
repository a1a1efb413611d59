"""Figures and tables of the stage policy_search."""

import numpy as np
from IPython.display import Markdown
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

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
HOURS = {0.125: "7½ min", 0.5: "30 min", 2: "2 h", 8: "8 h", 32: "32 h", 128: "5 d", 512: "21 d"}
HOURS |= {2048: "85 d", 8192: "341 d", 32768: "3.7 y"}
PERCENT = "{x:.0%}"
BEST = "the best of the map"


def map_of_policies(results: Results) -> Figure:
    """Draw the dust that every policy collects, four marked."""
    table = results.table("landscape").pivot(index="p", columns="r", values="share")
    shares, x, y = table.to_numpy(), table.columns.to_numpy(float), table.index.to_numpy(float)
    figure, axes = style.single(4.6)
    image = axes.pcolormesh(x, y, shares, vmin=0, shading="gouraud")
    levels = np.arange(0.1, float(shares.max()), 0.1)
    if len(levels):
        lines = axes.contour(x, y, shares, levels=levels, colors="white", linewidths=0.6)
        axes.clabel(lines, fmt="{:.0%}".format, fontsize=7.5)
    box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "alpha": 0.85}
    for key, row in results.table("shown", "policy").iterrows():
        place = (row["r"], row["p"])
        axes.plot(*place, "o", color="white", mec=style.INK, markersize=7, clip_on=False)
        offset, side = (-8, "right") if row["r"] > (x[0] + x[-1]) / 2 else (8, "left")
        look = {"va": "center", "ha": side, "weight": "bold", "color": style.INK, "bbox": box}
        style.write(axes, _names(results)[str(key)], place, (offset, 0), **look)
    axes.grid(visible=False)
    style.finish(axes, "range of the turns r (degrees)", "probability to move forward p", "")
    label = f"dust collected in {_minutes(results):g} minutes"
    style.colour_bar(figure, axes, image, label, format=PERCENT)
    return figure


def single_tries(results: Results) -> Figure:
    """Draw floor and path of each marked policy's try."""
    room, tries = results.metrics["room"], results.table("paths").groupby("policy", sort=False)
    tall = room["height"] / room["width"]
    titles = [f"{_names(results)[str(key)]}: {one['share'].iloc[-1]:.0%}" for key, one in tries]
    figure, grid = style.panels(titles, 2, (0, 0.45 + tall * style.WIDTH / 2))
    left, bottom, size = room["wall_left"], room["wall_bottom"], [2 * room["radius"]]
    wall = (left, bottom), room["wall_right"] - left, room["wall_top"] - bottom
    look = {"units": "xy", "facecolor": "#bfe0f3", "edgecolor": "none", "linewidth": 0}
    for axes, (_, part) in zip(grid, tries, strict=True):
        places = part[["x", "y"]].to_numpy()
        circles = {"offsets": places, "transOffset": axes.transData}
        axes.add_collection(EllipseCollection(size, size, [0], **circles, **look))
        axes.plot(*places.T, color=style.BLUE, linewidth=0.45, alpha=0.8)
        for place, colour in ((places[0], style.GREEN), (places[-1], style.VERMILION)):
            axes.plot(*place, "o", color=colour, markersize=6, mec="white", mew=1, zorder=4)
        axes.add_patch(Rectangle(*wall, facecolor=style.GREY, zorder=3))
        axes.set(xlim=(0, room["width"]), ylim=(0, room["height"]), aspect="equal")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    start = "Green: where the robot starts. Vermilion: where it is in the end."
    frame = f"Frame: {room['width']:g} by {room['height']:g} m."
    style.note(figure, f"Blue: floor it swept. {start} {frame}")
    return figure


def recommendations(results: Results) -> Figure:
    """Draw what each search's recommended policy collects, by tries."""
    groups = results.table("best_so_far", "evaluations").groupby("search", sort=False)
    searches = {TITLES[str(key)]: part for key, part in groups}
    labels, best = ("tries", "dust its recommended policy collects"), results.metrics["best_share"]
    figure, grid = style.panels(searches, 3, (0.9, 1.9), labels)
    for axes, (title, table) in zip(grid, searches.items(), strict=True):
        style.curves(axes, searches, {}, colours=["#c8c8c8"], linewidth=0.8)
        style.curves(axes, {title: table}, style.NINETY)
        axes.axhline(best, **style.DASHED)
        axes.yaxis.set_major_formatter(PERCENT)
    lowest = min(float(table["q05"].iloc[-1]) for table in searches.values())
    last = max(float(table.index[-1]) for table in searches.values())
    grid[0].set(xlim=(0, last), ylim=(max(0.0, lowest - 0.05), 1.08 * best))
    bands = "Bands: 5–95% and 25–75% of the seeds."
    style.note(figure, f"Line: median. {bands} Grey: the others. Dashed: {BEST}.")
    return figure


def final_recommendations(results: Results) -> Figure:
    """Draw what the final recommended policies collect in fresh tries."""
    seeds = results.table("samples").groupby("search")["share"]
    samples = {TITLES[str(key)]: 100 * shares.to_numpy() for key, shares in seeds}
    means = {}
    for key, one in results.metrics["final"].items():
        mean, low, high = (100 * one["mean"][name] for name in ("estimate", "low", "high"))
        means[TITLES[key]] = Interval(mean, low, high, one["mean"]["n"])
    labels = ("dust collected by the policy recommended at the end (%)", "")
    best = Label(100 * results.metrics["best_share"], BEST)
    return figures.compare_policies(results, samples, labels, best, intervals=means)


def search_table(results: Results) -> Markdown:
    """Show each search's own score, fresh score and tries needed."""
    percents, rows = [f"{100 * t:.9g}" for t in results.params["tolerances"]], []
    for key, found in results.metrics["final"].items():
        near = results.metrics["reached"][key]
        medians = [near[f"within_{p}_percent".replace(".", "_")]["median"] for p in percents]
        numbers = [words.number(median, ".0f") for median in medians]
        rows.append((TITLES[key], f"{found['believed']:.1%}", show.cell(found, ".1%"), *numbers))
    halves = [f"half within {percent}% by" for percent in percents]
    return show.table(rows, ("", "own score", "fresh tries", *halves))


def coverage_by_time(results: Results) -> Figure:
    """Draw the dust collected over time, on a logarithmic axis."""
    table = results.table("coverage", "minutes")
    table[["low", "high"]] = table[["low", "high"]].clip(0, 1)
    policies = {_names(results)[str(key)]: part for key, part in table.groupby("policy")}
    policies = dict(sorted(policies.items(), key=lambda item: item[1]["share"].mean()))
    figure, axes = style.single(3.9)
    look = {"marker": "o", "markersize": 3}
    ends = style.curves(axes, policies, {("low", "high"): 0.2}, "share", **look)
    axes.set_xscale("log", base=2)
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(PERCENT)
    ticks = [60 * hour for hour in HOURS if 60 * hour <= 1.01 * max(table.index)]
    axes.set_xticks(ticks, list(HOURS.values())[: len(ticks)])
    axes.minorticks_off()
    style.finish(axes, "time", "dust collected", "")
    style.label_right(axes, ends)
    style.label_top(axes, Label(_minutes(results), f"{_minutes(results):g} minutes"))
    style.note(figure, "Dots: means over tries. Bands: their 95% intervals.")
    return figure


def complete_table(results: Results) -> Markdown:
    """Show the hours after which tries have all the dust."""
    rows = []
    for key, part in results.table("coverage").groupby("policy", sort=False):
        reached = [part["minutes"][part["complete"] >= share].min() / 60 for share in (0.5, 1)]
        hours = [words.number(time, ",.0f") for time in reached]
        rows.append((_names(results)[key], *hours, f"{part['complete'].iloc[-1]:.0%}"))
    columns = (
        "half of the tries have all the dust after (hours)",
        "all tries (hours)",
        "tries with all the dust in the end",
    )
    return show.table(rows, ("policy", *columns))


def neat_generations(results: Results) -> Figure:
    """Draw NEAT's best fitness by generation, a line per seed."""
    neat, table = results.params["neat"], results.table("neat_fitness").dropna(subset="best")
    (figure, axes), most = style.single(3.2), neat["maximum_steps"]
    for _, seed in table.groupby("seed"):
        look = {"color": style.BLUE, "alpha": 0.45, "linewidth": 1.1, "markevery": [-1]}
        axes.plot(seed["generation"], seed["best"], "o-", **look)
    axes.axhline(most, **style.DASHED)
    style.hold([axes], most, room=0.05)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.finish(axes, "generation", f"best mean return of {neat['episodes']} episodes", "")
    style.label_right(axes, [Label(most, f"maximum: {most}")])
    return figure


def neat_table(results: Results) -> Markdown:
    """Show the winners' returns in fresh episodes."""
    limits = results.params["neat"]["evaluation"]["limits"]
    columns = {"mean return of winners": "mean:,.1f", "solved by": "solved:.0%"}
    return show.entries(results, "neat", columns, {f"limit_{k}": f"{k} steps" for k in limits})


def _names(results: Results) -> dict[str, str]:
    rows = results.table("shown", "policy")[["p", "r"]]
    names = {str(key): f"p = {p:.2g}, r = {r:.0f}°" for key, p, r in rows.itertuples()}
    return names | {"best": f"best: {names['best']}"}


def _minutes(results: Results) -> float:
    """Return the minutes of a try."""
    return results.table("paths")["second"].max() / 60
