"""Figures of training by REINFORCE; lunar_lander shows them too."""

import numpy as np
from matplotlib.figure import Figure

from reprise.measures import training
from reprise.plots import figures
from reprise.plots.show import Results
from reprise.plots.style import Label


def learning_curves(results: Results) -> Figure:
    """Draw the mean return of each iteration, actions still sampled."""
    labels = ("iteration", "mean return of the iteration", "Training returns")
    seeds, all_seeds = (results.table(t, "iteration") for t in ("returns", "learning_curve"))
    return figures.learning_curves({"": all_seeds}, labels, figures.maximum(results), seeds=seeds)


def training_ends(results: Results) -> Figure:
    """Draw the mean return of the last iterations."""
    last = min(training.LAST_ITERATIONS, len(results.table("returns")))
    labels = (f"mean return of the last {last} iterations", "The ends of training")
    return _distribution(results, "last_return", labels, figures.maximum(results))


def single_seeds(results: Results) -> Figure:
    """Draw some seeds from best to worst end of training."""
    curves, labels = results.table("returns", "iteration"), ("iteration", "mean return")
    return figures.single_seeds(results, curves, figures.maximum(results).value, labels)


def greedy_returns(results: Results) -> Figure:
    """Draw the final policies' greedy returns under the first limit."""
    limit, episodes = results.limits[0], results.params["evaluation"]["episodes"]
    title = f"The final policies, greedy, under {limit} steps"
    labels = (f"mean return of {episodes} greedy episodes", title)
    return _distribution(results, f"greedy_{limit}", labels)


def final_policies(results: Results) -> Figure:
    """Draw the final policies, sampled and greedy, under each limit."""
    ways = [(way, limit) for limit in results.limits for way in ("sampled", "greedy")]
    samples = {f"{way}, {k} steps": results.table("samples")[f"{way}_{k}"] for way, k in ways}
    labels = ("return", "The final policies, sampled and greedy")
    note = "mean over seeds with its {} interval; faint dots: each seed"
    return figures.compare_policies(results, samples, labels, note=note)


def steps_played(results: Results) -> Figure:
    """Draw the environment steps that a training needs."""
    labels = ("environment steps of a training (thousands)", "Steps played")
    return _distribution(results, "environment_steps", labels, scale=1000)


def _distribution(
    results: Results,
    column: str,
    labels: tuple[str, str],
    level: Label | None = None,
    scale: int = 1,
) -> Figure:
    sample = results.table("samples")[column] / scale
    known = [0.0, *sample.dropna(), *([level.value] if level else [])]
    low, high = min(known), max(known)
    bins = np.linspace(low, high if high > low else low + 1, 41)
    return figures.distribution(results, sample, bins, labels, level)
