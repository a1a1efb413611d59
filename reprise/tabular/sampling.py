"""Transitions drawn from a model, in compiled loops.

Axes: S states, A actions, N transitions.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from reprise.tabular.mdp import MDP


class Sampler(NamedTuple):
    """A model in the form from which compiled loops sample."""

    row_starts: np.ndarray  # int [S·A + 1], where the transitions of each row s·A + a begin
    cumulative: np.ndarray  # float64 [N], sums of the probabilities in each row; the last is 1
    successors: np.ndarray  # int [N]
    rewards: np.ndarray  # float64 [N]


def sampler(mdp: MDP) -> Sampler:
    """Prepare a model for sampling."""
    row_starts = mdp.transitions.indptr
    cumulative = cumulative_sums(row_starts, mdp.transitions.data)
    return Sampler(row_starts, cumulative, mdp.transitions.indices, mdp.rewards)


@njit
def cumulative_sums(row_starts: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Sum the probabilities of each row; the last sum is exactly 1, in spite of rounding."""
    sums = probabilities.copy()
    for row in range(len(row_starts) - 1):
        for n in range(row_starts[row] + 1, row_starts[row + 1]):
            sums[n] += sums[n - 1]
        if row_starts[row] < row_starts[row + 1]:
            sums[row_starts[row + 1] - 1] = 1.0
    return sums


@njit
def draw(source: Sampler, row: int, uniform: float) -> int:
    """Return the transition n of a row s·A + a with cumulative(n - 1) ≤ uniform < cumulative(n)."""
    n = source.row_starts[row]
    while uniform >= source.cumulative[n]:
        n += 1
    return n
