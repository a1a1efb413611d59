"""A finite Markov decision process, as sparse and immutable arrays.

Axes: S states, A actions, M transitions of positive probability.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from scipy import sparse

from reprise.tabular.names import ModelError, checked_names, find, first_state

ROW_SUM_TOLERANCE = 1e-6  # the precision of float32


@dataclass(frozen=True, eq=False)
class MDP:
    """A model; made by `from_arrays`, `from_transitions` or a loader."""

    transitions: sparse.csr_array  # T(s, a, s'), [S·A, S]; row s·A + a, empty if impossible
    rewards: np.ndarray  # R(s, a, s') of each stored transition, float64 [M]
    expected_rewards: np.ndarray  # R(s, a), float64 [S, A], -inf where the action is impossible
    possible: np.ndarray  # bool [S, A]
    state_names: Sequence[str]  # [S]
    action_names: Sequence[str]  # [A]

    number_of_states = property(lambda self: self.possible.shape[0])
    number_of_actions = property(lambda self: self.possible.shape[1])  # possible or not

    @property
    def rows(self) -> np.ndarray:
        """The row s·A + a of each transition, int64 [M]."""
        return np.repeat(np.arange(self.possible.size), np.diff(self.transitions.indptr))

    @property
    def absorbing(self) -> np.ndarray:
        """The states that lead only to themselves, without reward [S]."""
        states = self.rows // self.number_of_actions
        others = states[(self.transitions.indices != states) | (self.rewards != 0)]
        return np.bincount(others, minlength=self.number_of_states) == 0

    def state(self, name: str) -> int:
        """Return the index of a state."""
        return find(name, self.state_names, "state")

    def first_state(self, name: str) -> int:
        """Return the index of a state that is not absorbing."""
        return first_state(name, self.state_names, self.absorbing)

    def pair(self, state_name: str, action_name: str) -> tuple[int, int]:
        """Return the indices of a state and a possible action."""
        state, action = self.state(state_name), find(action_name, self.action_names, "action")
        if not self.possible[state, action]:
            allowed = ", ".join(np.array(self.action_names)[self.possible[state]])
            place = f"state {state_name!r}, action {action_name!r}"
            raise ModelError(f"{place}: impossible action; allowed: {allowed}")
        return state, action


def from_arrays(
    transition_probabilities: ArrayLike,
    rewards: ArrayLike,
    state_names: Sequence[str] | None = None,
    action_names: Sequence[str] | None = None,
) -> MDP:
    """Build a model from dense arrays.

    These are T(s, a, s'), [S, A, S], with rows of 0 for impossible actions, and R(s, a, s'),
    [S, A, S], or the expected R(s, a), [S, A]. Names are s0, s1, ... and a0, a1, ... by default.
    """
    dense = numbers("transition_probabilities", transition_probabilities)
    if dense.ndim != 3 or dense.shape[0] != dense.shape[2] or 0 in dense.shape:
        raise ModelError(f"transition_probabilities have shape {dense.shape}; allowed: [S, A, S]")
    shape, given = dense.shape[:2], numbers("rewards", rewards)
    if given.shape not in (shape, dense.shape):
        raise ModelError(f"rewards have shape {given.shape}; allowed: {dense.shape} or {shape}")
    states, actions, successors = found = np.nonzero(dense)  # NaN is not zero: reported below
    names = {"state_names": state_names, "action_names": action_names}
    cells = dense[found], given[found[: given.ndim]]
    return from_transitions(states, actions, successors, *cells, shape=shape, **names)


def from_transitions(
    states: ArrayLike,
    actions: ArrayLike,
    successors: ArrayLike,
    probabilities: ArrayLike,
    rewards: ArrayLike,
    *,
    shape: tuple[int, int],
    state_names: Sequence[str] | None = None,
    action_names: Sequence[str] | None = None,
) -> MDP:
    """Build a model from M transitions in any order.

    The shape is (S, A). Pairs of state and action without a transition are impossible. The
    probabilities of every other pair sum to 1. Two transitions with the same state, action and
    successor may differ in reward. Names are s0, s1, ... and a0, a1, ... by default.

    Raises:
        ModelError: a value is wrong; the message names state, action, value and what is allowed.
    """
    state_names = checked_names(state_names, shape[0], "state")
    action_names = checked_names(action_names, shape[1], "action")
    size, targets = shape[0] * shape[1], np.asarray(successors)
    p, r = numbers("probabilities", probabilities), numbers("rewards", rewards)
    try:
        rows = np.ravel_multi_index((np.asarray(states), np.asarray(actions)), shape)
        np.ravel_multi_index((rows, targets), (size, shape[0]))  # checks the successors
    except (TypeError, ValueError) as error:
        raise ModelError(f"transitions of a model of shape {shape}: {error}") from None
    if not rows.shape == targets.shape == p.shape == r.shape == (rows.size,):
        shapes = ", ".join(str(array.shape) for array in (rows, targets, p, r))
        raise ModelError(f"transitions have shapes {shapes}; allowed: (N,)")

    def place(row: int) -> str:
        state, action = divmod(row, shape[1])
        return f"state {state_names[state]!r}, action {action_names[action]!r}"

    for n in np.flatnonzero(~((p >= 0) & (p <= 1) & np.isfinite(r)))[:1]:
        here = f"{place(int(rows[n]))}, successor {state_names[int(targets[n])]!r}"
        wrong = f"probability is {p[n]}, reward is {r[n]}"
        raise ModelError(f"{here}: {wrong}; allowed: a probability from 0 to 1, a finite reward")
    possible = np.bincount(rows, minlength=size) > 0
    for state in np.flatnonzero(~possible.reshape(shape).any(axis=1))[:1]:
        raise ModelError(
            f"state {state_names[int(state)]!r} has no possible action; allowed: one or more "
            "(a terminal state has one that leads back to it)"
        )
    sums = np.where(possible, np.bincount(rows, p, size), np.nan)
    check_sums(sums, place)
    expected_rewards = np.where(possible, np.bincount(rows, p * r, size), -np.inf)
    if not p.all() or (rows[1:] < rows[:-1]).any():
        order = np.argsort(rows, kind="stable")
        order = order[p[order] > 0]
        rows, targets, p, r = (array[order] for array in (rows, targets, p, r))
    starts = np.append(0, np.cumsum(np.bincount(rows, minlength=size)))
    transitions = sparse.csr_array((p, targets, starts), (size, shape[0]), copy=True)
    arrays = r.copy(), expected_rewards.reshape(shape), possible.reshape(shape)
    for array in (transitions.data, transitions.indices, transitions.indptr, *arrays):
        array.setflags(write=False)
    return MDP(transitions, *arrays, state_names, action_names)


def numbers(name: str, values: ArrayLike, dtype: type | None = np.float64) -> np.ndarray:
    """Convert values to an array of numbers; errors name them."""
    try:
        return np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{name}: {reason}; allowed: a dense array of numbers") from None


def check_sums(sums: np.ndarray, owner: Callable[[int], str]) -> None:
    """Refuse probabilities that do not sum to 1.

    `owner` names a row in the error. Rows without probabilities have the sum NaN.
    """
    for row in np.flatnonzero(np.abs(sums - 1) > ROW_SUM_TOLERANCE)[:1].tolist():
        allowed = f"1 within {ROW_SUM_TOLERANCE:g}"
        raise ModelError(f"{owner(row)}: probabilities sum to {sums[row]:.12g}; allowed: {allowed}")


class Sampler(NamedTuple):
    """A model of M transitions, from which compiled loops draw."""

    row_starts: np.ndarray  # int [S·A + 1], where the transitions of each row s·A + a begin
    cumulative: np.ndarray  # float64 [M], cumulative probabilities in each row; the last is 1
    successors: np.ndarray  # int [M]
    rewards: np.ndarray  # float64 [M]


def sampler(mdp: MDP) -> Sampler:
    """Prepare a model for sampling."""
    t = mdp.transitions
    return Sampler(t.indptr, _cumulative(t.indptr, t.data), t.indices, mdp.rewards)


@njit
def _cumulative(row_starts: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    sums = probabilities.copy()
    for row in range(len(row_starts) - 1):
        for n in range(row_starts[row] + 1, row_starts[row + 1]):
            sums[n] += sums[n - 1]
        if row_starts[row] < row_starts[row + 1]:
            sums[row_starts[row + 1] - 1] = 1.0  # in spite of rounding
    return sums


@njit
def draw(source: Sampler, row: int, uniform: float) -> int:
    """Draw a transition of a row, by a uniform number."""
    n = source.row_starts[row]  # cumulative(n - 1) ≤ uniform < cumulative(n)
    while uniform >= source.cumulative[n]:
        n += 1
    return n
