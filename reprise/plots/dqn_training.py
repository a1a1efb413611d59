"""Figures and tables of the stage dqn_training."""

import numpy as np
import pandas as pd
from IPython.display import Image, Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprise.measures import training
from reprise.plots import figures, show, style
from reprise.plots.show import Results
from reprise.plots.style import Label

CHAPTER_FIRST = 320  # the episode in which the chapter's seed first reaches the maximum
CHAPTER_FALLS = 2


def settings(results: Results) -> Markdown:
    """Show how the seeds were trained and evaluated."""
    length = "total_steps" if results.params["total_episodes"] is None else "total_episodes"
    keys = f"""seeds {length} maximum_steps epsilon_start epsilon_end epsilon_decay
        replay_capacity batch_size learning_starts discount optimizer learning_rate
        evaluation.episodes evaluation.limits"""
    return show.settings(results, *keys.split())


def learning_curves(results: Results) -> Figure:
    """Draw the return of each training episode."""
    labels = (_clock(results), "training return (steps)", "DQN over all seeds")
    groups, top = {"": results.table("learning_curve", "episode")}, figures.maximum(results)
    return figures.learning_curves(groups, labels, top, window=10, seeds=_returns(results))


def single_seeds(results: Results) -> Figure:
    """Draw some seeds from best to worst end of training."""
    labels, top = (_clock(results), "return (steps)"), figures.maximum(results).value
    return figures.single_seeds(results, _returns(results), top, labels)


def forgetting(results: Results) -> Figure:
    """Draw the first seeds as rows, sorted by mean."""
    curves = _returns(results)
    figure, axes = style.single(4.2)
    scale = style.limits(figures.maximum(results).value, curves, room=0)
    image = style.raster(axes, curves, scale)
    style.finish(axes, _clock(results), "seed, sorted by mean", "Learned and forgotten")
    style.colour_bar(figure, axes, image, "return (steps)")
    return figure


def first_at_maximum(results: Results) -> Figure | None:
    """Draw when the seeds reach the maximum, if two do."""
    first = results.table("samples")["first_at_cap"]
    if first.count() < 2:
        return None
    title = f"{first.count()} of {len(first)} seeds reach the maximum"
    bins = np.linspace(0, len(_returns(results)), 49)
    level = Label(CHAPTER_FIRST, f"chapter: {CHAPTER_FIRST}", style.GREY)
    labels = (f"first {_clock(results)} at the maximum", title)
    return figures.distribution(results, first, bins, labels, level)


def falls(results: Results) -> Figure:
    """Draw how often the seeds fall."""
    found = results.table("samples")["falls"]
    bins = np.arange(-0.5, found.max() + 1.5)
    level = Label(CHAPTER_FALLS, f"chapter: at least {CHAPTER_FALLS}", style.GREY)
    labels = ("falls in a training run", "Falls of each seed")
    figure = figures.distribution(results, found, bins, labels, level)
    figure.axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def return_and_loss(results: Results) -> Figure | None:
    """Draw return and loss by time; None without an update.

    The loss is on a logarithmic axis if all its values are above 0.
    """
    curves = {
        label: results.table(name).astype(float).set_index("episode")  # even where all is empty
        for label, name in {"return (steps)": "learning_curve", "loss": "loss_curve"}.items()
    }
    if curves["loss"].empty:
        return None
    figure, column = style.panels(2, 1, (0.8, 2.0), (_clock(results), ""), sharex=True)
    for axes, (label, table), colour in zip(column, curves.items(), style.CYCLE, strict=False):
        style.curve(axes, table, colour, {("low", "high"): 0.22}, linewidth=1.4)
        axes.set_ylabel(label)
    if (curves["loss"][["low", "median"]] > 0).all(axis=None):
        column[1].set_yscale("log")
    column[0].set_title("Return and loss")
    figure.align_ylabels()
    style.note(figure, f"Lines: medians. Bands: {figures.BAND} of the seeds.")
    return figure


def loss_and_return_of_seeds(results: Results) -> Figure:
    """Draw each seed's last loss and last return."""
    table, (figure, axes) = results.table("samples"), style.single(3.6)
    axes.plot(table["last_loss"], table["last_return"], "o", color=style.BLUE, alpha=0.4, mew=0)
    if (table["last_loss"].dropna() > 0).all():
        axes.set_xscale("log")
    labels = ("mean loss at the end", "mean return at the end (steps)")
    style.finish(axes, *labels, "Losses and returns across seeds")
    last = f"the last {training.LAST_EPISODES} with one"
    style.note(figure, f"Each dot: one seed. Means of {last}, or as many as there are.")
    return figure


def final_policies(results: Results) -> Figure:
    """Draw the final policies' greedy returns under the first limit."""
    limit = results.limits[0]
    sample, bins = results.table("samples")[f"final_{limit}"], np.linspace(0, limit, 41)
    labels = ("mean greedy return (steps)", f"Final policies under {limit} steps")
    return figures.distribution(results, sample, bins, labels)


def final_and_best(results: Results) -> Figure:
    """Draw final and best policies under each time limit."""
    policies = [(which, limit) for limit in results.limits for which in ("final", "best")]
    table = results.table("samples")
    samples = {f"{which}, {k} steps": table[f"{which}_{k}"] for which, k in policies}
    labels = ("greedy return (steps)", "Final and best policies")
    return figures.compare_policies(results, samples, labels)


def policy_maps(results: Results) -> Figure | Markdown:
    """Draw which way two rules and the final policies push."""
    points = results.table("policy_map")
    if points.empty:
        return Markdown("The observations of this environment have no such plane.")
    networks = points.pivot(index="angular_velocity", columns="angle", values="pushing_right")
    degrees, speeds = (
        np.linspace(axis.min(), axis.max(), 241) for axis in (networks.columns, networks.index)
    )
    lean, turn = np.meshgrid(np.radians(degrees), speeds)
    maps = {
        name: pd.DataFrame((rule(lean, turn) >= 0).astype(float), index=speeds, columns=degrees)
        for name, rule in figures.RULES.items()
    } | {"DQN": networks}
    figure, row = style.panels(3, 3, (3.4, 0), **style.SHARED)
    for axes, (title, policy) in zip(row, maps.items(), strict=True):
        labels = ("angle of the pole (°)", "angular velocity (rad/s)" if axes is row[0] else "")
        figures.map_policy(axes, policy, ("left", "right"), labels, title)
        axes.set(xlim=degrees[[0, -1]], ylim=speeds[[0, -1]])  # no cell's outer half
    style.colour_bar(figure, row, row[-1].collections[0], "share that pushes right")
    note = "The cart stands still in the middle. Line: half of the seeds push right."
    style.note(figure, note)
    return figure


def median_policy(results: Results) -> Image | Markdown:
    """Show the median policy's animation."""
    seed = results.metrics["median_seed"]
    if seed is None:
        return Markdown("No seed has a policy to show.")
    return show.animation(results, "median_seed", f"the policy of seed {seed}")


def in_numbers(results: Results) -> Markdown:
    """Show the main measures with their intervals."""
    rows = {
        "return of the last training episodes": "last_return",
        "first time at the maximum, of the seeds that reach it": "first_at_cap",
        "falls of a seed": "falls",
        "environment steps of a seed": "environment_steps",
    } | {
        f"{which} policy under {limit} steps": f"{which}.limit_{limit}"
        for limit in results.limits
        for which in ("final", "best")
    }
    return show.numbers(results, rows)


def _clock(results: Results) -> str:
    return "episode" if results.params["total_steps"] is None else "round"


def _returns(results: Results) -> pd.DataFrame:
    """Return the returns [T, N]; empty rounds keep the last."""
    return results.table("returns", "episode").ffill().bfill()
