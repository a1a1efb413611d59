"""Plays the chapter's vacuum robots for whole populations, by compiled code.

A rollout's random numbers are those of SplitMix64 from a key of 64 bits, two for each second: they
depend neither on the order of the rollouts nor on how many there are. With the first the robot
decides to move forward, with probability p, or else to turn, uniformly in [-r, r], by the second.

Axes: N policies, T seconds, K times. A policy is p and r: the probability to move forward, and the
range of the turns in half turns.

Source: G. Steele, D. Lea and C. Flood, Fast splittable pseudorandom number generators, 2014.
"""

import functools

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reprise.environments import vacuum_room
from reprise.environments.vacuum_room import ROOM, Floats, Room

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]

_direction = njit(vacuum_room.direction)
_turned = njit(vacuum_room.turned)
_is_free = njit(vacuum_room.is_free)

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(shift) for shift in (30, 27, 31, 11))


def draw_keys(generator: np.random.Generator, rollouts: int) -> Keys:
    """Return a key for each rollout, [N]."""
    return generator.integers(2**64, size=rollouts, dtype=np.uint64)


def collected(policies: Floats, keys: Keys, times: Counts) -> Counts:
    """Return how much dust each policy has collected by each time, in specks, [N, K].

    Args:
        policies: p and r, [N, 2].
        keys: of the rollouts, one a policy, [N].
        times: in seconds, ascending, [K].
    """
    counts = np.empty((len(policies), len(times)), np.int64)
    no_path = np.empty((len(policies), 0, 3))
    _play_all(ROOM, _bordered(), policies, keys, np.asarray(times), counts, no_path)
    return counts


def path(policy: Floats, key: np.uint64, seconds: int) -> tuple[Floats, Counts]:
    """Return a robot's place and its collected dust after each second.

    Returns:
        x and y in metres and the heading in half turns, [T + 1, 3], from the start on; and the
        specks collected, [T + 1].
    """
    counts, paths = np.empty((1, seconds + 1), np.int64), np.empty((1, seconds + 1, 3))
    policies, keys = np.asarray(policy, np.float64)[None], np.array([key], np.uint64)
    _play_all(ROOM, _bordered(), policies, keys, np.arange(seconds + 1), counts, paths)
    return paths[0], counts[0]


@functools.cache
def _bordered() -> NDArray[np.uint8]:
    """Return where dust lies, with a border that has none: all specks have neighbours."""
    return np.pad(vacuum_room.dust_at_start(ROOM), 1).astype(np.uint8)


@njit
def _uniform(state: np.uint64) -> float:
    mixed = (state ^ (state >> _S30)) * _MIX_1
    mixed = (mixed ^ (mixed >> _S27)) * _MIX_2
    return ((mixed ^ (mixed >> _S31)) >> _S11) * 2.0**-53


@njit
def _collect(room: Room, per_metre: float, dust: NDArray[np.uint8], x: float, y: float) -> int:
    """Take the specks beneath the robot: no others than the four around its centre."""
    left, below = int(x * per_metre + 0.5), int(y * per_metre + 0.5)  # in the bordered dust
    found = 0
    for row in range(below, below + 2):
        dy = (row - 1 + 0.5) * room.spacing - y
        for column in range(left, left + 2):
            dx = (column - 1 + 0.5) * room.spacing - x
            reached = dust[row, column] & np.uint8(dx * dx + dy * dy <= room.radius * room.radius)
            dust[row, column] ^= reached
            found += reached
    return found


@njit
def _play_all(room, dust, policies, keys, times, counts, paths) -> None:
    """Fill counts [N, K], and paths [N, T + 1, 3] as far as they go."""
    for n in range(len(policies)):
        _play(
            room, dust.copy(), policies[n, 0], policies[n, 1], keys[n], times, counts[n], paths[n]
        )


@njit
def _play(room, dust, forward, angle, state, times, counts, path) -> None:
    x, y, heading = room.start_x, room.start_y, room.start_heading
    cosine, sine, stale, total, second = 0.0, 0.0, True, 0, 0
    per_metre = 1 / room.spacing
    if len(path) > 0:
        path[0, 0], path[0, 1], path[0, 2] = x, y, heading
    everything = dust.sum()
    for k in range(len(times)):
        if total == everything and second >= len(path):  # nothing is left to find out
            counts[k:] = total
            return
        while second < times[k]:
            second += 1
            drives = _uniform(state + _GAMMA) < forward
            state += _GAMMA + _GAMMA
            if drives:
                if stale:  # of several turns in a row, only the last one's direction is needed
                    cosine, sine = _direction(heading)
                    stale = False
                new_x, new_y = x + room.stride * cosine, y + room.stride * sine
                if _is_free(room, new_x, new_y):
                    x, y = new_x, new_y
                    total += _collect(room, per_metre, dust, x, y)
            else:
                heading = _turned(heading, (2 * _uniform(state) - 1) * angle)
                stale = True
            if second < len(path):
                path[second, 0], path[second, 1], path[second, 2] = x, y, heading
        counts[k] = total
