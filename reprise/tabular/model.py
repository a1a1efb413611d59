"""A finite Markov decision process as sparse, immutable arrays.

The transitions of all state-action pairs lie in one row after another, as in a CSR matrix whose row
s·A + a belongs to state s and action a; the row of an impossible action is empty. Axes: S states, A
actions, N transitions.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from reprise.tabular.kernels import tally
from reprise.tabular.names import ModelError, checked_names, find

ROW_SUM_TOLERANCE = 1e-6  # as of numbers in single precision
ROUNDED = 1e-9  # a row whose sum is further from 1 is divided by it
MOST_STATES = 2**32 - 1


@dataclass(frozen=True, eq=False)
class MDP:
    """A finite Markov decision process; made by `from_arrays`, `from_transitions` or a loader."""

    row_starts: np.ndarray  # uint64 [S·A + 1], where each pair's transitions begin
    successors: np.ndarray  # uint32 [N]
    probabilities: np.ndarray  # float64 [N], all positive
    rewards: np.ndarray  # float64 [N]
    expected_rewards: np.ndarray  # float64 [S, A], -inf where the action is impossible
    possible: np.ndarray  # bool [S, A]
    state_names: Sequence[str]  # [S]
    action_names: Sequence[str]  # [A]

    @property
    def number_of_states(self) -> int:
        """S."""
        return self.possible.shape[0]

    @property
    def number_of_actions(self) -> int:
        """A, possible or not."""
        return self.possible.shape[1]

    def state(self, name: str) -> int:
        """Return the index of a state; an unknown name is a ModelError with the closest match."""
        return find(name, self.state_names, "state")

    def action(self, name: str) -> int:
        """Return the index of an action; an unknown name is a ModelError with the closest match."""
        return find(name, self.action_names, "action")

    def pair(self, state_name: str, action_name: str) -> tuple[int, int]:
        """Return the indices of a state and an action that is possible in it.

        Raises:
            ModelError: if a name is unknown, or the action impossible.
        """
        state, action = self.state(state_name), self.action(action_name)
        if not self.possible[state, action]:
            allowed = ", ".join(
                self.action_names[int(a)] for a in np.flatnonzero(self.possible[state])
            )
            raise ModelError(
                f"state {state_name!r}, action {action_name!r}: impossible action; "
                f"allowed: {allowed}"
            )
        return state, action


def from_arrays(
    transition_probabilities: ArrayLike,
    rewards: ArrayLike,
    possible: ArrayLike | None = None,
    state_names: Sequence[str] | None = None,
    action_names: Sequence[str] | None = None,
) -> MDP:
    """Build a model from dense arrays, as a book prints them.

    Args:
        transition_probabilities: T(s, a, s'), [S, A, S].
        rewards: R(s, a, s'), [S, A, S], or the expected R(s, a), [S, A].
        possible: True where an action is possible, [S, A]; all are if it is None. Rows of
            impossible actions are zero.
        state_names: [S]; s0, s1, ... if None.
        action_names: [A]; a0, a1, ... if None.

    Raises:
        ModelError: as `from_transitions`, and if a shape is wrong.
    """
    dense = _dense("transition_probabilities", transition_probabilities)
    if dense.ndim != 3 or dense.shape[0] != dense.shape[2] or 0 in dense.shape:
        raise ModelError(f"transition_probabilities have shape {dense.shape}; allowed: [S, A, S]")
    dense_rewards = _dense("rewards", rewards)
    if dense_rewards.shape == dense.shape[:2]:
        dense_rewards = np.broadcast_to(dense_rewards[:, :, np.newaxis], dense.shape)
    if dense_rewards.shape != dense.shape:
        raise ModelError(
            f"rewards have shape {dense_rewards.shape}; allowed: {dense.shape} or {dense.shape[:2]}"
        )
    states, actions, successors = np.nonzero(dense)  # NaN is not zero: it is reported below
    model = from_transitions(
        states,
        actions,
        successors,
        dense[states, actions, successors],
        dense_rewards[states, actions, successors],
        shape=(dense.shape[0], dense.shape[1]),
        state_names=state_names,
        action_names=action_names,
    )
    mask = (
        np.ones(dense.shape[:2], bool) if possible is None else numbers("possible", possible, None)
    )
    if mask.shape != dense.shape[:2] or mask.dtype != np.bool_:
        raise ModelError(
            f"possible has shape {mask.shape} and type {mask.dtype}; "
            f"allowed: {dense.shape[:2]}, bool"
        )
    for state, action in np.argwhere(mask != model.possible)[:1]:
        total = "0" if mask[state, action] else f"{dense[state, action].sum():.12g}"
        allowed = "1" if mask[state, action] else "0, the action being impossible"
        raise ModelError(
            f"{_Place(model.state_names, model.action_names)(state, action)}: "
            f"probabilities sum to {total}; allowed: {allowed}"
        )
    return model


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
    """Build a model from transitions in any order; pairs that do not occur are impossible.

    Transitions of probability zero are dropped. Two transitions may share state, action and
    successor (and differ in reward). Transitions already in order of state and action are not
    sorted again.

    Args:
        states: s, integers [N].
        actions: a, integers [N].
        successors: s', integers [N].
        probabilities: T(s, a, s'), [N]; they sum to 1 over each pair that occurs. Where their sum
            is not 1 to nine digits, but to six, as in single precision, they are divided by it.
        rewards: R(s, a, s'), finite, [N].
        shape: the numbers of states and of actions, (S, A).
        state_names: [S]; s0, s1, ... if None.
        action_names: [A]; a0, a1, ... if None.

    Raises:
        ModelError: naming state, action, the value and what is allowed.
    """
    number_of_states, number_of_actions = shape
    if not (0 < number_of_states <= MOST_STATES and number_of_actions > 0):
        raise ModelError(
            f"shape is {shape}; allowed: (1 to {MOST_STATES} states, 1 or more actions)"
        )
    state_names = checked_names(state_names, number_of_states, "state")
    action_names = checked_names(action_names, number_of_actions, "action")
    s = _indices("state", states, number_of_states)
    a = _indices("action", actions, number_of_actions)
    targets = _indices("successor", successors, number_of_states)
    p, r = numbers("probabilities", probabilities), numbers("rewards", rewards)
    lengths = {"states": s, "actions": a, "successors": targets, "probabilities": p, "rewards": r}
    for name, array in lengths.items():
        if array.shape != s.shape:
            raise ModelError(f"{name} have shape {array.shape}; allowed: {s.shape}, as states")
    place = _Place(state_names, action_names)

    sums = np.full(shape, np.nan)  # NaN: the pair does not occur
    expected_rewards, counts = np.zeros(shape), np.zeros(shape, np.int64)
    wrong, zeros, ordered = tally(s, a, p, r, sums, expected_rewards, counts)
    if wrong >= 0:
        here = f"{place(s[wrong], a[wrong])}, successor {state_names[int(targets[wrong])]!r}"
        if not 0 <= p[wrong] <= 1:
            raise ModelError(f"{here}: probability is {p[wrong]}; allowed: from 0 to 1")
        raise ModelError(f"{here}: reward is {r[wrong]}; allowed: finite numbers")
    check_sums(sums, lambda state, action: f"{place(state, action)}: probabilities")
    if (np.abs(sums - 1) > ROUNDED).any():
        p, expected_rewards = normalised(p, sums[s, a]), normalised(expected_rewards, sums)
    possible = counts > 0
    stuck = ~possible.any(axis=1)
    if stuck.any():
        raise ModelError(
            f"state {state_names[int(np.argmax(stuck))]!r} has no possible action; allowed: one or "
            "more (a terminal state has one that leads back to it)"
        )
    expected_rewards[~possible] = -np.inf
    if zeros:
        kept = p > 0
        s, a, targets, p, r = s[kept], a[kept], targets[kept], p[kept], r[kept]
    if not ordered:
        order = np.argsort(s.astype(np.int64) * number_of_actions + a, kind="stable")
        targets, p, r = targets[order], p[order], r[order]
    row_starts = np.concatenate(([0], np.cumsum(counts)))
    return MDP(
        _frozen(row_starts, np.uint64),
        _frozen(targets, np.uint32),
        _frozen(p, np.float64),
        _frozen(r, np.float64),
        _frozen(expected_rewards, np.float64),
        _frozen(possible, np.bool_),
        state_names,
        action_names,
    )


def from_tuples(
    transitions: Sequence[tuple[int, int, int, float, float]],
    state_names: Sequence[str],
    action_names: Sequence[str],
) -> MDP:
    """Build a model from tuples of state, action, successor, probability, reward."""
    columns = list(zip(*transitions, strict=True)) or [(), (), (), (), ()]
    return from_transitions(
        *columns,
        shape=(len(state_names), len(action_names)),
        state_names=state_names,
        action_names=action_names,
    )


def _indices(kind: str, values: ArrayLike, size: int) -> np.ndarray:
    """Return a list of indices as an array, or say which one is out of range."""
    array = numbers(f"{kind} indices", values, dtype=None)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ModelError(
            f"{kind} indices have shape {array.shape} and type {array.dtype}; "
            "allowed: [N], integers"
        )
    if array.size and (array.min() < 0 or array.max() >= size):
        n = int(np.argmax((array < 0) | (array >= size)))
        raise ModelError(f"transition {n}: {kind} is {array[n]}; allowed: 0 to {size - 1}")
    return array.astype(np.int64) if array.size == 0 else array


class _Place(NamedTuple):
    """Names a state and an action, as the beginning of a message."""

    state_names: Sequence[str]
    action_names: Sequence[str]

    def __call__(self, state: int, action: int) -> str:
        return f"state {self.state_names[int(state)]!r}, action {self.action_names[int(action)]!r}"


def _frozen(array: np.ndarray, dtype: type) -> np.ndarray:
    """Return a read-only copy: the arrays that came in stay the caller's."""
    copy = array.astype(dtype)
    copy.setflags(write=False)
    return copy


def _dense(name: str, value: ArrayLike) -> np.ndarray:
    """Return an array of numbers, float64, or say in which state and action it is none."""
    rows: Any = value
    if sparse.issparse(rows) or (isinstance(rows, Sequence) and any(map(sparse.issparse, rows))):
        raise ModelError(
            f"{name}: SciPy's sparse matrices; allowed: a dense array, or from_transitions, which "
            "takes states, actions, successors, probabilities and rewards"
        )
    if isinstance(rows, np.ndarray):
        return numbers(name, value)
    with suppress(TypeError, IndexError):  # no list of lists: numbers() says what it is
        for state, actions in enumerate(rows):
            if len(actions) != len(rows[0]):
                raise ModelError(
                    f"{name}: state {state} has {len(actions)} actions; allowed: {len(rows[0])}, "
                    "as state 0; where an action is impossible, `possible` is False and its row 0"
                )
        for state, action in np.ndindex(len(rows), len(rows[0])):
            row = numbers(f"{name}: state {state}, action {action}", rows[state][action])
            if row.ndim and row.shape != (len(rows),):
                raise ModelError(
                    f"{name}: state {state}, action {action} has {row.size} numbers; allowed: "
                    f"{len(rows)}, one for each state"
                )
    return numbers(name, value)


def numbers(name: str, values: ArrayLike, dtype: type | None = np.float64) -> np.ndarray:
    """Return an array of numbers, or a ModelError that names what is none."""
    try:
        return np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{name}: {reason}; allowed: an array of numbers") from None


def check_sums(sums: np.ndarray, whose: Callable[..., str]) -> None:
    """Check that probabilities sum to 1; a NaN stands for a sum of none.

    Args:
        sums: of any shape.
        whose: from a place in it to whose probabilities they are, for the message.

    Raises:
        ModelError: naming the first whose do not, and their sum.
    """
    for place in np.argwhere(np.abs(sums - 1) > ROW_SUM_TOLERANCE)[:1]:
        raise ModelError(
            f"{whose(*place.tolist())} sum to {sums[tuple(place)]:.12g}; "
            f"allowed: 1 within {ROW_SUM_TOLERANCE:g}"
        )


def normalised(values: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return values divided by the sums of their rows, where those are 1 to six digits only."""
    return values / np.where(np.abs(sums - 1) > ROUNDED, sums, 1.0)
