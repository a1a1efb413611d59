"""The compiled loops of the solvers: Bellman backups over a range of states, written into `out`.

A kernel reads the old values and writes each state's own entry, so the states may be cut into
blocks, and the blocks given to threads, without a bit of the result changing. The kernels release
the interpreter's lock; threads outside replace Numba's own, which must not meet in a forked
process. No fastmath, and nothing but + - * and comparisons.

Counters and indices are unsigned: at each signed one, Numba asks whether it counts from the end,
and these questions take as long as the sums. Where transitions begin is uint64, successors are
uint32.

Axes: S states, A actions, N transitions of all pairs, M at least those of one policy.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from numba import njit

Run = Callable[..., list[Any]]  # run(kernel, *arrays): the kernel over all states, in blocks

ONE = np.uint64(1)
BLOCK = 32_768  # states in a block: some milliseconds of work, many blocks in a large model


@contextmanager
def over_blocks(number_of_states: int) -> Iterator[Run]:
    """Give a function that runs kernel(start, stop, *arrays) over all states, on all allowed cores.

    Args:
        number_of_states: S; up to `BLOCK` of them run at once, without a thread.
    """
    starts = range(0, number_of_states, BLOCK)

    if len(starts) == 1:
        yield lambda kernel, *arrays: [kernel(0, number_of_states, *arrays)]
        return

    with ThreadPoolExecutor(_cores()) as threads:

        def run(kernel: Callable[..., Any], *arrays: Any) -> list[Any]:
            stops = (min(start + BLOCK, number_of_states) for start in starts)
            blocks = [
                threads.submit(kernel, start, stop, *arrays)
                for start, stop in zip(starts, stops, strict=True)
            ]
            return [block.result() for block in blocks]

        yield run


def spread(changes: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the smallest and the largest change of all blocks; their cut changes neither."""
    lows, highs = zip(*changes, strict=True)
    return min(lows), max(highs)


def _cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@njit
def tally(
    states: np.ndarray,  # [N]
    actions: np.ndarray,  # [N]
    probabilities: np.ndarray,  # [N]
    rewards: np.ndarray,  # [N]
    sums: np.ndarray,  # [S, A], NaN on entry
    expected_rewards: np.ndarray,  # [S, A], 0 on entry
    counts: np.ndarray,  # [S, A], 0 on entry
) -> tuple[int, int, bool]:
    """Sum up a list of transitions by state and action, those of probability 0 not counted.

    Returns:
        The first transition whose probability or reward is impossible, else -1; how many have
        probability 0; whether all are in order of state and action.
    """
    zeros, ordered, last_state, last_action = 0, True, -1, -1
    for n in range(len(states)):
        state, action = states[n], actions[n]
        p, r = probabilities[n], rewards[n]
        if not (p >= 0 and p <= 1 and -np.inf < r < np.inf):
            return n, zeros, ordered
        if np.isnan(sums[state, action]):
            sums[state, action] = 0.0
        sums[state, action] += p
        expected_rewards[state, action] += p * r
        if p > 0:
            counts[state, action] += 1
        else:
            zeros += 1
        if state < last_state or (state == last_state and action < last_action):
            ordered = False
        last_state, last_action = state, action
    return -1, zeros, ordered


@njit(nogil=True)
def back_up_pairs(
    start: int,
    stop: int,
    row_starts: np.ndarray,  # [S·A + 1]
    successors: np.ndarray,  # [N]
    probabilities: np.ndarray,  # [N]
    expected_rewards: np.ndarray,  # [S, A]
    discount: float,
    values: np.ndarray,  # [S]
    out: np.ndarray,  # [S, A]
) -> None:
    """Q(s, a) = R(s, a) + γ Σ_s' T(s, a, s') V(s'), and -∞ where the action is impossible."""
    number_of_actions = np.uint64(expected_rewards.shape[1])
    row = np.uint64(start) * number_of_actions
    n = row_starts[row]
    for state in range(np.uint64(start), np.uint64(stop)):
        for action in range(number_of_actions):
            row += ONE
            end = row_starts[row]
            expected = 0.0
            while n < end:
                expected += probabilities[n] * values[successors[n]]
                n += ONE
            out[state, action] = expected_rewards[state, action] + discount * expected


@njit(nogil=True)
def back_up_states(
    start: int,
    stop: int,
    row_starts: np.ndarray,  # [S·A + 1]
    successors: np.ndarray,  # [N]
    probabilities: np.ndarray,  # [N]
    expected_rewards: np.ndarray,  # [S, A]
    discount: float,
    values: np.ndarray,  # [S]
    out: np.ndarray,  # [S]
    policy: np.ndarray,  # [S]
) -> tuple[float, float]:
    """V(s) = max_a [R(s, a) + γ Σ_s' T(s, a, s') V(s')], and the first action that attains it.

    Returns:
        The smallest and the largest change of a value.
    """
    low, high = np.inf, -np.inf
    number_of_actions = np.uint64(expected_rewards.shape[1])
    row = np.uint64(start) * number_of_actions
    n = row_starts[row]
    for state in range(np.uint64(start), np.uint64(stop)):
        best, best_action = -np.inf, np.uint64(0)  # local, so that no branch has to be predicted
        for action in range(number_of_actions):
            row += ONE
            end = row_starts[row]
            expected = 0.0
            while n < end:
                expected += probabilities[n] * values[successors[n]]
                n += ONE
            q = expected_rewards[state, action] + discount * expected
            if q > best:
                best, best_action = q, action
        out[state], policy[state] = best, best_action
        change = best - values[state]
        low, high = min(low, change), max(high, change)
    return low, high


@njit(nogil=True)
def gather_policy(
    start: int,
    stop: int,
    row_starts: np.ndarray,  # [S·A + 1]
    successors: np.ndarray,  # [N]
    probabilities: np.ndarray,  # [N]
    expected_rewards: np.ndarray,  # [S, A]
    policy: np.ndarray,  # [S]
    out_starts: np.ndarray,  # [S], where there is room for the longest row of each state
    out_stops: np.ndarray,  # [S]
    out_successors: np.ndarray,  # [M]
    out_probabilities: np.ndarray,  # [M]
    out_rewards: np.ndarray,  # [S]
) -> None:
    """Copy a policy's transitions side by side, so that its evaluation reads little else."""
    number_of_actions = np.uint64(expected_rewards.shape[1])
    for state in range(np.uint64(start), np.uint64(stop)):
        action = np.uint64(policy[state])
        row = np.uint64(state) * number_of_actions + action
        m = out_starts[state]
        for n in range(row_starts[row], row_starts[row + ONE]):
            out_successors[m] = successors[n]
            out_probabilities[m] = probabilities[n]
            m += ONE
        out_stops[state] = m
        out_rewards[state] = expected_rewards[state, action]


@njit(nogil=True)
def evaluate_once(
    start: int,
    stop: int,
    starts: np.ndarray,  # [S]
    stops: np.ndarray,  # [S]
    successors: np.ndarray,  # [M]
    probabilities: np.ndarray,  # [M]
    rewards: np.ndarray,  # [S], expected
    discount: float,
    values: np.ndarray,  # [S]
    out: np.ndarray,  # [S]
) -> tuple[float, float]:
    """V(s) = R(s, π(s)) + γ Σ_s' T(s, π(s), s') V(s'), one sweep.

    Returns:
        The smallest and the largest change of a value.
    """
    low, high = np.inf, -np.inf
    for state in range(np.uint64(start), np.uint64(stop)):
        m, end = starts[state], stops[state]
        expected = 0.0
        while m < end:
            expected += probabilities[m] * values[successors[m]]
            m += ONE
        out[state] = rewards[state] + discount * expected
        change = out[state] - values[state]
        low, high = min(low, change), max(high, change)
    return low, high


@njit(nogil=True)
def reach(
    row_starts: np.ndarray,  # [S·A + 1]
    successors: np.ndarray,  # [N]
    allowed: np.ndarray,  # bool [S, A]
    reached: np.ndarray,  # bool [S], changed: the goals, then all states that reach them
    policy: np.ndarray,  # [S], changed: an action that leads closer to a goal
) -> None:
    """Find the states from which allowed actions lead to a goal with positive probability."""
    number_of_states, number_of_actions = allowed.shape
    changed = True
    while changed:
        changed = False
        for position in range(2 * number_of_states):  # there and back: chains run either way
            state = min(position, 2 * number_of_states - 1 - position)
            for action in range(number_of_actions):
                if reached[state]:
                    break
                row = state * number_of_actions + action
                if allowed[state, action]:
                    for n in range(row_starts[row], row_starts[row + 1]):
                        if reached[successors[n]] and not reached[state]:
                            reached[state] = changed = True
                            policy[state] = action


@njit(nogil=True)
def stay(
    row_starts: np.ndarray,  # [S·A + 1]
    successors: np.ndarray,  # [N]
    allowed: np.ndarray,  # bool [S, A], changed
) -> None:
    """Forbid the actions that may lead to a state without an allowed action, until none is left."""
    number_of_states, number_of_actions = allowed.shape
    alive = np.ones(number_of_states, np.bool_)
    changed = True
    while changed:
        changed = False
        for position in range(2 * number_of_states):  # there and back, as in `reach`
            state = min(position, 2 * number_of_states - 1 - position)
            if not alive[state]:
                continue
            alive_still = False
            for action in range(number_of_actions):
                row = state * number_of_actions + action
                if allowed[state, action]:
                    for n in range(row_starts[row], row_starts[row + 1]):
                        if not alive[successors[n]]:
                            allowed[state, action] = False
                alive_still = alive_still or allowed[state, action]
            if not alive_still:
                alive[state] = False
                changed = True
