"""Seeds to show at several points of their training.

These are the best, the median and the worst seed by the policy's mean return under the longest time
limit, and the two that forget most. Forgetting is the mean distance of the return from the highest
before, both averaged over windows of the training.

Shapes: K episodes or iterations, N seeds, S points of the training.
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reprise.measures import training
from reprise.measures.training_run import TrainingRun
from reprise.stats.intervals import Array

NAME = "snapshots"  # of a run's weights [S, .., N]
PLACES = "best", "median", "worst", "forgets most", "forgets second most"
WINDOW = 10  # episodes or iterations
LARGEST = float(np.finfo(np.float16).max)


def forgotten(returns: NDArray, window: int = WINDOW) -> Array:
    """Return seeds' mean distance from their highest window [N].

    >>> forgotten(np.array([[9.0, 9.0], [30.0, 30.0], [10.0, 30.0]]), window=1).round(1).tolist()
    [6.7, 0.0]
    """
    short = min(window, len(returns))
    means = sliding_window_view(returns, short, axis=0).mean(axis=-1)
    highest = np.fmax.accumulate(means)
    count = np.maximum((~np.isnan(means)).sum(axis=0), 1)
    return np.nan_to_num(highest - means).sum(axis=0) / count


def of_first(run: TrainingRun, pack: int) -> TrainingRun:
    """Keep the snapshots of the first pack only."""
    if pack == 0 or NAME not in run.weights:
        return run
    none = [weight[..., :0] for weight in run.weights[NAME]]
    return run._replace(weights={**run.weights, NAME: none})


def chosen(run: TrainingRun, policy: str) -> dict[str, int]:
    """Choose the seeds to show, by their place."""
    weights = run.weights[NAME]
    count = min(weights[0].shape[-1], training.SHOWN)
    largest = [np.abs(part).reshape(-1, part.shape[-1]).max(axis=0)[:count] for part in weights]
    usable = np.flatnonzero(np.all(np.less(largest, LARGEST), axis=0))
    if not len(usable):
        return {}
    means = run.evaluations[policy].mean(axis=1)[:, usable]  # [limits, n]
    ranked = usable[np.lexsort(-means)]
    lost = usable[np.argsort(-forgotten(run.returns[:, usable]), kind="stable")]
    lost = [seed for seed in lost if seed not in ranked[[0, len(ranked) // 2, -1]]]
    return dict(zip(PLACES, [*ranked[[0, len(ranked) // 2, -1]], *lost], strict=False))


def table(
    run: TrainingRun, policy: str, export: Callable[[list[NDArray]], dict[str, NDArray]]
) -> dict[str, NDArray]:
    """Store the networks of the chosen seeds as named arrays.

    `rounds` holds the episodes or iterations before each point [S]. `kernel_0` is [seeds, S, I, O],
    in half precision.
    """
    places = chosen(run, policy)
    weights, seeds = run.weights[NAME], list(places.values())
    points, rounds = len(weights[0]), len(run.returns)
    flat = [np.moveaxis(part[..., seeds], 0, -1) for part in weights]  # [.., seeds, S]
    arrays = export([part.reshape(*part.shape[:-2], len(seeds) * points) for part in flat])
    shaped = {
        name: array.reshape(len(seeds), points, *array.shape[1:]).astype(np.float16)
        for name, array in arrays.items()
        if name != "activations"
    }
    return {
        "places": np.array(list(places), str),
        "seeds": np.array(seeds, np.int32),
        "rounds": np.arange(points) * rounds // (points - 1),
        "activations": arrays["activations"],
        **shaped,
    }
