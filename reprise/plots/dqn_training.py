"""Figures and tables of the stage dqn_training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from IPython.display import Image, Markdown
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from reprise.plots import figures, panels, show, style
from reprise.plots.show import Results
from reprise.stats.intervals import known_mean

CHAPTER_FIRST = 320  # the episode in which the chapter's seed first reaches the maximum
CHAPTER_FALLS = 2
SHOWN = 6  # single seeds
RULES = {
    "angle": lambda angle, velocity: angle,
    "angle and velocity": lambda angle, velocity: angle + velocity,
}


def clock(results: Results) -> str:
    """Return the unit of the learning curves' x-axis."""
    return "episode" if results.params["total_steps"] is None else "round"


def returns(results: Results) -> pd.DataFrame:
    """Return training returns, a column per seed [T, N].

    A seed that finishes no episode in a round keeps its last return.
    """
    return results.table("returns", "episode").ffill().bfill()


def maximum(results: Results) -> figures.Label:
    """Return the highest return of an episode, or the return that solves the task."""
    highest = results.metrics["cap"]
    reached = highest == results.params["maximum_steps"]
    return figures.Label(highest, "maximum" if reached else "solved", style.GREY)


def settings(results: Results) -> Markdown:
    """Show how the seeds were trained and evaluated."""
    length = "total_steps" if results.params["total_episodes"] is None else "total_episodes"
    return show.settings(
        results, "seeds", length, "maximum_steps", "epsilon_start", "epsilon_end",
        "epsilon_decay", "replay_capacity", "batch_size", "learning_starts", "discount",
        "optimizer", "learning_rate", "evaluation.episodes", "evaluation.limits",
    )  # fmt: skip


def learning_curves(results: Results) -> Figure:
    """Draw the return of each training episode."""
    return figures.learning_curves(
        returns(results),
        x_label=clock(results),
        y_label="training return (steps)",
        title="DQN over all seeds",
        window=10,
        level=maximum(results),
    )


def single_seeds(results: Results) -> Figure:
    """Draw some seeds, evenly spaced from the best to the worst end of training."""
    ordered = results.table("samples").sort_values("last_return", ascending=False, kind="stable")
    count = len(ordered)
    ranks = np.unique(np.linspace(0, count - 1, SHOWN).round().astype(int))
    seeds = ordered["seed"].to_numpy()
    return panels.one_by_one(
        returns(results),
        {f"rank {rank + 1} of {count}": f"seed_{seeds[rank]}" for rank in ranks},
        top=maximum(results).value,
        x_label=clock(results),
        y_label="return (steps)",
    )


def forgetting(results: Results) -> Figure:
    """Draw every seed as a row of colour."""
    return figures.seed_raster(
        returns(results),
        top=maximum(results).value,
        x_label=clock(results),
        value_label="return (steps)",
        title="Learned and forgotten",
    )


def first_at_maximum(results: Results) -> Figure | None:
    """Draw when the seeds first reach the maximum; None if fewer than two do."""
    first = results.table("samples")["first_at_cap"]
    reached, unit = first.dropna(), clock(results)
    if len(reached) < 2:
        return None
    title = f"{len(reached)} of {len(first)} seeds reach the maximum"
    bins = np.linspace(0, len(returns(results)), 49)
    level = figures.Label(CHAPTER_FIRST, f"chapter: {CHAPTER_FIRST}", style.GREY)
    return _distribution(results, reached, bins, f"first {unit} at the maximum", title, level)


def falls(results: Results) -> Figure:
    """Draw how often the seeds fall."""
    found = results.table("samples")["falls"].to_numpy(float)
    bins = np.arange(-0.5, found.max() + 1.5)
    level = figures.Label(CHAPTER_FALLS, f"chapter: at least {CHAPTER_FALLS}", style.GREY)
    figure = _distribution(
        results, found, bins, "falls in a training run", "Falls of each seed", level
    )
    figure.axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def return_and_loss(results: Results) -> Figure | None:
    """Draw return and loss over the training run; None if it ends before the first update."""
    curves = {
        label: results.table(name).astype(float).set_index("episode")  # even where all is empty
        for label, name in {"return (steps)": "learning_curve", "loss": "loss_curve"}.items()
    }
    if curves["loss"].empty:
        return None
    return panels.stacked(
        curves, x_label=clock(results), title="Return and loss", logarithmic=["loss"]
    )


def final_policies(results: Results) -> Figure:
    """Draw the final policies' greedy returns under the first time limit."""
    limit = results.limits[0]
    return _distribution(
        results,
        results.table("samples")[f"final_{limit}"],
        np.linspace(0, limit, 41),
        "mean greedy return (steps)",
        f"Final policies under {limit} steps",
    )


def best_against_final(results: Results) -> Figure:
    """Draw each seed's best policy against its final one."""
    samples = results.table("samples")
    pairs = {
        f"under {limit} steps": (
            pd.Series(samples[f"final_{limit}"]),
            pd.Series(samples[f"best_{limit}"]),
        )
        for limit in results.limits
    }
    return panels.paired(pairs, x_name="final", y_name="best", unit="steps")


def final_and_best(results: Results) -> Figure:
    """Draw the means of final and best policies under each time limit."""
    table = results.table("samples")
    samples = {
        f"{which}, {limit} steps": table[f"{which}_{limit}"].to_numpy(float)
        for limit in results.limits
        for which in ("final", "best")
    }
    return figures.compare_policies(
        {name: known_mean(sample, results.confidence) for name, sample in samples.items()},
        samples=samples,
        x_label="greedy return (steps)",
        title="Final and best policies",
        statistic=f"mean with its {results.confidence:.0%} interval; faint dots: each seed",
    )


def policy_maps(results: Results) -> Figure | Markdown:
    """Draw which way two rules and the final policies push."""
    points = results.table("policy_map")
    if points.empty:
        return Markdown("The observations of this environment have no such plane.")
    networks = points.pivot(index="angular_velocity", columns="angle", values="pushing_right")
    degrees, speeds = (
        np.linspace(points[axis].min(), points[axis].max(), 241)
        for axis in ("angle", "angular_velocity")
    )
    lean, turn = np.meshgrid(np.radians(degrees), speeds)
    rules = {
        name: pd.DataFrame((rule(lean, turn) >= 0).astype(float), index=speeds, columns=degrees)
        for name, rule in RULES.items()
    }
    return figures.policy_maps(
        {**rules, "DQN": networks},
        names=("left", "right"),
        x_label="angle of the pole (°)",
        y_label="angular velocity (rad/s)",
        value_label="share that pushes right",
        note="The cart stands still in the middle. Line: half of the seeds push right.",
    )


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
    }
    for limit in results.limits:
        rows |= {
            f"{which} policy under {limit} steps": f"{which}.limit_{limit}"
            for which in ("final", "best")
        }
    return show.numbers(results, rows)


def _distribution(
    results: Results,
    sample: ArrayLike,
    bins: Sequence[float] | np.ndarray,
    x_label: str,
    title: str,
    level: figures.Label | None = None,
) -> Figure:
    """Draw one number per seed, and the mean with its interval."""
    values = np.asarray(sample, float)
    return figures.distribution(
        values,
        known_mean(values, results.confidence),
        bins=list(bins),
        x_label=x_label,
        title=title,
        confidence=f"{results.confidence:.0%}",
        level=level,
    )
