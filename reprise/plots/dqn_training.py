"""Figures and tables of the stage dqn_training."""

import numpy as np
from IPython.display import Markdown
from matplotlib.figure import Figure

from reprise.measures import training
from reprise.plots import figures, style
from reprise.plots.show import Results
from reprise.plots.style import Label

CHAPTER_FIRST = Label(320, "chapter: 320", style.GREY)  # its seed first reaches the maximum
CHAPTER_FALLS = Label(2, "chapter: at least 2", style.GREY)


def return_and_loss(results: Results) -> Figure | None:
    """Draw return and loss by time; None without an update.

    The axis of the loss is logarithmic if all its values are positive.
    """
    tables = {
        label: results.table(name).astype(float).set_index("episode")  # even where all is empty
        for label, name in {"return (steps)": "learning_curve", "loss": "loss_curve"}.items()
    }
    if tables["loss"].empty:
        return None
    labels, titles = (figures.clock(results), ""), ("Return and loss", "")
    figure, column = style.panels(titles, 1, (0.8, 2.0), labels, sharey=False)
    for axes, (label, table), colour in zip(column, tables.items(), style.CYCLE, strict=False):
        style.curves(axes, {label: table}, {("low", "high"): 0.22}, colours=[colour], lw=1.4)
        axes.set_ylabel(label)
    if (tables["loss"][["low", "median"]] > 0).all(axis=None):
        column[1].set_yscale("log")
    figure.align_ylabels()
    style.note(figure, f"Lines: medians. Bands: {figures.BAND} of all seeds.")
    return figure


def loss_and_return_of_seeds(results: Results) -> Figure:
    """Draw each seed's last loss and last return."""
    table, (figure, axes) = results.table("samples"), style.single(3.6)
    axes.plot(table["last_loss"], table["last_return"], "o", color=style.BLUE, alpha=0.4, mew=0)
    if (table["last_loss"].dropna() > 0).all():
        axes.set_xscale("log")
    labels = ("mean loss at the end", "mean return at the end (steps)")
    style.finish(axes, *labels, "Losses and returns across seeds")
    last = f"the last {training.LAST_EPISODES} episodes, or of fewer if there are not so many"
    style.note(figure, f"Dots: single seeds. Each mean is of {last}.")
    return figure


def policy_maps(results: Results) -> Figure | Markdown:
    """Map where two rules and the final policies push right."""
    points = results.table("policy_map")
    if points.empty:
        return Markdown("The observations of this environment have no such plane.")
    networks = points.pivot(index="angular_velocity", columns="angle", values="pushing_right")
    degrees, speeds = (
        np.linspace(axis.min(), axis.max(), 241) for axis in (networks.columns, networks.index)
    )
    maps = {rule: figures.by_rule(rule, degrees, speeds) for rule in figures.RULES}
    maps |= {"DQN": networks}
    figure, row = style.panels(maps, 3, (3.4, 0), figures.PLANE)
    for axes, policy in zip(row, maps.values(), strict=True):
        figures.map_policy(axes, policy, ("left", "right"))
        axes.set(xlim=degrees[[0, -1]], ylim=speeds[[0, -1]])  # cuts off the outer half of cells
    style.colour_bar(figure, row, row[-1].collections[0], "share that pushes right")
    style.note(
        figure, "Cart: at rest in the middle. Black line: where half of the seeds push right."
    )
    return figure
