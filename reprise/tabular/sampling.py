"""Transitions drawn from a model, in compiled loops."""

from typing import NamedTuple

import numpy as np
from numba import njit

from reprise.tabular.mdp import MDP


class Sampler(NamedTuple):
    """A model of N transitions, as compiled loops sample it."""

    row_starts: np.ndarray  # int [S·A + 1], where the transitions of each row s·A + a begin
    cumulative: np.ndarray  # float64 [N], sums of the probabilities in each row; the last is 1
    successors: np.ndarray  # int [N]
    rewards: np.ndarray  # float64 [N]


def sampler(mdp: MDP) -> Sampler:
    """Prepare a model for sampling."""
    t = mdp.transitions
    return Sampler(t.indptr, cumulative_sums(t.indptr, t.data), t.indices, mdp.rewards)


@njit
def cumulative_sums(row_starts: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Sum each row's probabilities, to exactly 1."""
    sums = probabilities.copy()
    for row in range(len(row_starts) - 1):
        for n in range(row_starts[row] + 1, row_starts[row + 1]):
            sums[n] += sums[n - 1]
        if row_starts[row] < row_starts[row + 1]:
            sums[row_starts[row + 1] - 1] = 1.0
    return sums


@njit
def draw(source: Sampler, row: int, uniform: float) -> int:
    """Return the transition in which a number lies."""
    n = source.row_starts[row]  # cumulative(n - 1) ≤ uniform < cumulative(n)
    while uniform >= source.cumulative[n]:
        n += 1
    return n
