"""A finite Markov decision process, as sparse immutable arrays.

Axes: S states, A actions, N transitions of positive probability.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from scipy import sparse

from reprise.tabular.names import ModelError, checked_names, find

ROW_SUM_TOLERANCE = 1e-6  # numbers in single precision are that exact
ROUNDED = 1e-9  # a row with a sum further from 1 is divided by it


@dataclass(frozen=True, eq=False)
class MDP:
    """A model; made by `from_arrays`, `from_transitions` or a loader."""

    transitions: sparse.csr_array  # T(s, a, s'), [S·A, S]; row s·A + a, empty if impossible
    rewards: np.ndarray  # R(s, a, s') of each stored transition, float64 [N]
    expected_rewards: np.ndarray  # R(s, a), float64 [S, A], -inf where the action is impossible
    possible: np.ndarray  # bool [S, A]
    state_names: Sequence[str]  # [S]
    action_names: Sequence[str]  # [A]

    number_of_states = property(lambda self: self.possible.shape[0])
    number_of_actions = property(lambda self: self.possible.shape[1])  # possible or not

    @property
    def rows(self) -> np.ndarray:
        """The row s·A + a of each transition, int64 [N]."""
        return np.repeat(np.arange(self.possible.size), np.diff(self.transitions.indptr))

    def state(self, name: str) -> int:
        """Return the index of a state."""
        return find(name, self.state_names, "state")

    def pair(self, state_name: str, action_name: str) -> tuple[int, int]:
        """Return the indices of a state and a possible action."""
        state, action = self.state(state_name), find(action_name, self.action_names, "action")
        if not self.possible[state, action]:
            allowed = (self.action_names[int(a)] for a in np.flatnonzero(self.possible[state]))
            raise ModelError(
                f"{self.place(state, action)}: impossible action; allowed: {', '.join(allowed)}"
            )
        return state, action

    def place(self, state: int, action: int) -> str:
        """Name a state and an action, as messages do."""
        return f"state {self.state_names[state]!r}, action {self.action_names[action]!r}"


def from_arrays(
    transition_probabilities: ArrayLike,
    rewards: ArrayLike,
    state_names: Sequence[str] | None = None,
    action_names: Sequence[str] | None = None,
) -> MDP:
    """Build a model from dense arrays.

    They are T(s, a, s'), [S, A, S], with rows of 0 for impossible actions, and R(s, a, s'),
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
    """Build a model from N transitions in any order.

    The shape is (S, A). Pairs that do not occur are impossible, and transitions of probability 0
    are dropped. Two transitions may share state, action and successor, and differ in reward. The
    probabilities of a pair sum to 1; sums that are 1 to six digits only, as in single precision,
    divide them. Names are s0, s1, ... and a0, a1, ... by default.

    Raises:
        ModelError: naming state, action, the value and the values allowed.
    """
    number_of_states, number_of_actions = shape
    if not (number_of_states > 0 and number_of_actions > 0):
        raise ModelError(f"shape is {shape}; allowed: (1 or more states, 1 or more actions)")
    state_names = checked_names(state_names, number_of_states, "state")
    action_names = checked_names(action_names, number_of_actions, "action")
    s = _indices("state", states, number_of_states)
    a = _indices("action", actions, number_of_actions)
    targets = _indices("successor", successors, number_of_states)
    p, r = numbers("probabilities", probabilities), numbers("rewards", rewards)
    lengths = {"actions": a, "successors": targets, "probabilities": p, "rewards": r}
    for name, array in lengths.items():
        if array.shape != s.shape:
            raise ModelError(f"{name} have shape {array.shape}; allowed: {s.shape}, as states")
    rows, size = s.astype(np.int64) * number_of_actions + a, number_of_states * number_of_actions

    def place(row: int) -> str:
        state, action = divmod(row, number_of_actions)
        return f"state {state_names[state]!r}, action {action_names[action]!r}"

    for n in np.flatnonzero(~((p >= 0) & (p <= 1) & np.isfinite(r)))[:1]:
        here = f"{place(int(rows[n]))}, successor {state_names[int(targets[n])]!r}"
        if not 0 <= p[n] <= 1:
            raise ModelError(f"{here}: probability is {p[n]}; allowed: from 0 to 1")
        raise ModelError(f"{here}: reward is {r[n]}; allowed: finite numbers")
    counts = np.bincount(rows, minlength=size)
    sums = np.where(counts > 0, np.bincount(rows, p, size), np.nan)
    expected_rewards = np.bincount(rows, p * r, size)
    divide = divisors(sums, lambda row: f"{place(row)}: probabilities")
    if (divide != 1).any():
        p, expected_rewards = p / divide[rows], expected_rewards / divide
    if not p.all():
        kept = p > 0
        rows, targets, p, r = rows[kept], targets[kept], p[kept], r[kept]
        counts = np.bincount(rows, minlength=size)
    if (rows[1:] < rows[:-1]).any():
        order = np.argsort(rows, kind="stable")
        targets, p, r = targets[order], p[order], r[order]
    possible = (counts > 0).reshape(shape)
    for state in np.flatnonzero(~possible.any(axis=1))[:1]:
        raise ModelError(
            f"state {state_names[int(state)]!r} has no possible action; allowed: one or more "
            "(a terminal state has one that leads back to it)"
        )
    starts = np.append(0, np.cumsum(counts))
    transitions = sparse.csr_array((p, targets, starts), (size, number_of_states), copy=True)
    rewards = r.copy()
    expected_rewards = np.where(possible, expected_rewards.reshape(shape), -np.inf)
    parts = transitions.data, transitions.indices, transitions.indptr
    for array in (*parts, rewards, expected_rewards, possible):
        array.setflags(write=False)
    return MDP(transitions, rewards, expected_rewards, possible, state_names, action_names)


def numbers(name: str, values: ArrayLike, dtype: type | None = np.float64) -> np.ndarray:
    """Return an array of numbers, or name the culprit."""
    try:
        return np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{name}: {reason}; allowed: a dense array of numbers") from None


def divisors(sums: np.ndarray, owner: Callable[[int], str]) -> np.ndarray:
    """Return each row's sum of probabilities, or 1 if near.

    A row without probabilities has the sum NaN. The owner of a row begins the error of a sum that
    is not 1 to six digits.
    """
    for row in np.flatnonzero(np.abs(sums - 1) > ROW_SUM_TOLERANCE)[:1].tolist():
        allowed = f"1 within {ROW_SUM_TOLERANCE:g}"
        raise ModelError(f"{owner(row)} sum to {sums[row]:.12g}; allowed: {allowed}")
    return np.where(np.abs(sums - 1) > ROUNDED, sums, 1.0)


def _indices(kind: str, values: ArrayLike, size: int) -> np.ndarray:
    array = numbers(f"{kind} indices", values, dtype=None)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        given = f"shape {array.shape} and type {array.dtype}"
        raise ModelError(f"{kind} indices have {given}; allowed: [N], integers")
    if array.size and (array.min() < 0 or array.max() >= size):
        n = int(np.argmax((array < 0) | (array >= size)))
        raise ModelError(f"transition {n}: {kind} is {array[n]}; allowed: 0 to {size - 1}")
    return array if array.size else array.astype(np.int64)


class Sampler(NamedTuple):
    """A model of N transitions, as compiled loops sample it."""

    row_starts: np.ndarray  # int [S·A + 1], where the transitions of each row s·A + a begin
    cumulative: np.ndarray  # float64 [N], sums of the probabilities in each row; the last is 1
    successors: np.ndarray  # int [N]
    rewards: np.ndarray  # float64 [N]


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
    """Return the transition in which a number lies."""
    n = source.row_starts[row]  # cumulative(n - 1) ≤ uniform < cumulative(n)
    while uniform >= source.cumulative[n]:
        n += 1
    return n
