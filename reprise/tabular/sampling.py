"""Transitions drawn from a model: one uniform number for each.

Axes: S states, A actions, N transitions, B samples.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from reprise.tabular.model import MDP


class Sampler(NamedTuple):
    """A model in the form from which compiled code samples."""

    row_starts: np.ndarray  # int64 [S·A + 1]
    cumulative: np.ndarray  # float64 [N], of the probabilities within each row; the last is 1
    successors: np.ndarray  # int64 [N]
    rewards: np.ndarray  # float64 [N]
    actions: np.ndarray  # int64 [S, A], the possible ones first
    action_counts: np.ndarray  # int64 [S], how many are possible


def sampler(mdp: MDP) -> Sampler:
    """Prepare a model for sampling."""
    row_starts = mdp.row_starts.astype(np.int64)
    cumulative = np.empty_like(mdp.probabilities)
    accumulate_rows(row_starts, mdp.probabilities, cumulative)
    return Sampler(
        row_starts,
        cumulative,
        mdp.successors.astype(np.int64),
        mdp.rewards,
        np.argsort(~mdp.possible, axis=1, kind="stable"),
        mdp.possible.sum(axis=1),
    )


def sample_transitions(
    source: Sampler, states: ArrayLike, actions: ArrayLike, uniforms: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Draw s' with probability T(s, a, s') for each of B states and possible actions.

    Args:
        source: the model, prepared.
        states: s, [B].
        actions: a, possible in s, [B].
        uniforms: numbers in [0, 1), [B].

    Returns:
        Successors, int64 [B], and rewards, float64 [B].
    """
    rows = np.asarray(states) * source.actions.shape[1] + np.asarray(actions)
    drawn = np.empty(len(rows), np.int64)
    draw_rows(source, rows, np.asarray(uniforms, np.float64), drawn)
    return source.successors[drawn], source.rewards[drawn]


@njit
def accumulate_rows(row_starts: np.ndarray, probabilities: np.ndarray, out: np.ndarray) -> None:
    """Sum up the probabilities of each row; a last sum is 1, whatever rounding made of it."""
    for row in range(len(row_starts) - 1):
        total = 0.0
        for n in range(row_starts[row], row_starts[row + 1]):
            total += probabilities[n]
            out[n] = total
        if row_starts[row] < row_starts[row + 1]:
            out[row_starts[row + 1] - 1] = 1.0


@njit
def draw(source: Sampler, row: int, uniform: float) -> int:
    """Return the transition n of a row s·A + a with cumulative(n - 1) ≤ uniform < cumulative(n)."""
    n = source.row_starts[row]
    while uniform >= source.cumulative[n]:
        n += 1
    return n


@njit
def draw_rows(source: Sampler, rows: np.ndarray, uniforms: np.ndarray, out: np.ndarray) -> None:
    """Draw a transition of each row, [B]."""
    for sample in range(len(rows)):
        out[sample] = draw(source, rows[sample], uniforms[sample])
