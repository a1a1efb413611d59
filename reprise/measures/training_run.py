"""The result of a training run, alike for every algorithm.

Shapes: N seeds, K iterations of REINFORCE or rounds of a DQN, E evaluation episodes, T steps.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class TrainingRun(NamedTuple):
    """The curves, weights and evaluations of N seeds."""

    returns: np.ndarray  # of training episodes, NaN where none ended or it is not finite [K, N]
    steps: np.ndarray  # environment steps so far [K, N]
    losses: np.ndarray  # NaN in rounds without learning [K, N]; of REINFORCE [0, N]
    targets: np.ndarray  # mean TD targets, of the same shape
    weights: Mapping[str, list[np.ndarray]]  # [.., N], by name, such as final and best
    evaluations: Mapping[str, np.ndarray] = {}  # returns [limits, E, N], by the way of playing
    actions: np.ndarray = np.zeros((0, 0), np.int32)  # of the first evaluation, [T, N] or [T, A, N]
    extras: Mapping[str, np.ndarray] = {}  # what only one stage measures, by name [.., N]


def finite(curve: np.ndarray, dtype: type = float) -> np.ndarray:
    """Replace infinite values of a curve by NaN."""
    return np.where(np.isfinite(curve), curve, np.nan).astype(dtype)


def by_episode(run: TrainingRun, count: int) -> TrainingRun:
    """Take each seed's first episodes of a run by steps.

    A seed that finishes fewer episodes has NaN for the rest.
    """
    first = np.argsort(np.isnan(run.returns), axis=0, kind="stable")[:count]  # that finished
    returns, steps, losses, targets = (np.take_along_axis(each, first, 0) for each in run[:4])
    steps = np.maximum.accumulate(steps, axis=0)
    return run._replace(returns=returns, steps=steps, losses=losses, targets=targets)


def join(runs: Sequence[Any]) -> Any:
    """Join the runs, mappings or arrays of several packs."""
    first = runs[0]
    if isinstance(first, Mapping):
        return {key: join([run[key] for run in runs]) for key in first}
    if isinstance(first, list | tuple):
        parts = [join(part) for part in zip(*runs, strict=True)]
        return parts if isinstance(first, list) else TrainingRun(*parts)
    return np.concatenate(runs, axis=-1)
