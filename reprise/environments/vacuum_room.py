"""The chapter's blind vacuum robot, in a partitioned room.

Specks of dust lie on the floor in a lattice. Each second the robot either moves forward by one
stride, unless it would bump into a wall, or turns on the spot. It collects the specks beneath it;
their number is the return. A policy has two numbers: p, the probability of moving forward, and r,
the range of the turns, which are uniform in [-r, r]. Angles count half turns: 0 looks along x, 0.5
along y, 1 and -1 back. Positions are in metres from the lower left corner.

SplitMix64 draws the random numbers of a rollout from a key of 64 bits, two for each second: the
first decides between moving and turning, the second is the turn.

Axes: N policies, T seconds, K times, I columns and J rows of the lattice.
Source: G. Steele, D. Lea and C. Flood, Fast splittable pseudorandom number generators, 2014.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats, Keys, Counts = NDArray[np.float64], NDArray[np.uint64], NDArray[np.int64]

SECONDS = 1800  # 30 minutes


class Room(NamedTuple):
    """The room and the robot, in metres."""

    width: float = 8.0
    height: float = 6.0
    wall_left: float = 4.8  # a partition from the upper wall downwards
    wall_bottom: float = 2.4
    wall_right: float = 5.2
    wall_top: float = 6.0
    spacing: float = 0.2  # between specks
    radius: float = 0.17  # of the robot, at most the spacing
    stride: float = 0.2  # per second
    start_x: float = 0.5
    start_y: float = 0.5
    start_heading: float = 0.25


ROOM = Room()

# Taylor's coefficients, up to the 11th and the 12th power.
_SINE = tuple((-1.0) ** n / math.factorial(2 * n + 1) for n in range(6))
_COSINE = tuple((-1.0) ** n / math.factorial(2 * n) for n in range(7))
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(shift) for shift in (30, 27, 31, 11))


@njit
def direction(heading: float) -> tuple[float, float]:
    """Compute cosine and sine of π·heading to 1e-10.

    Taylor's series gives them for a quarter of the angle, which is then doubled twice. The C
    library's bits differ between processors, and a position is a sum of many of these numbers.
    """
    angle = heading * (math.pi / 4)
    square = angle * angle
    sine, cosine = 0.0, _COSINE[6]
    for n in range(5, -1, -1):
        sine = sine * square + _SINE[n]
        cosine = cosine * square + _COSINE[n]
    sine *= angle
    sine, cosine = 2 * sine * cosine, cosine * cosine - sine * sine
    return cosine * cosine - sine * sine, 2 * sine * cosine


@njit
def turned(heading: float, turn: float) -> float:
    """Turn a heading by at most a half turn."""
    heading += turn
    if heading > 1:
        return heading - 2
    return heading + 2 if heading < -1 else heading


@njit
def is_free(x: float, y: float) -> bool:
    """Check that the robot touches no wall at a place."""
    gap = ROOM.radius
    if x < gap or y < gap or x > ROOM.width - gap or y > ROOM.height - gap:
        return False
    aside = x < ROOM.wall_left - gap or x > ROOM.wall_right + gap
    return aside or y < ROOM.wall_bottom - gap or y > ROOM.wall_top + gap


def specks() -> list[Floats]:
    """Compute the specks' columns, x [I], and rows, y [J]."""
    counts = (round(length / ROOM.spacing) for length in (ROOM.width, ROOM.height))
    return [(np.arange(count, dtype=np.float64) + 0.5) * ROOM.spacing for count in counts]


def beneath(x: float, y: float) -> NDArray[np.bool_]:
    """Find the specks beneath the robot, [J, I]."""
    columns, rows = specks()
    dx, dy = columns - x, rows[:, None] - y
    return dx * dx + dy * dy <= ROOM.radius * ROOM.radius


def dust_at_start() -> NDArray[np.bool_]:
    """Find the specks outside partition and robot, [J, I]."""
    columns, rows = specks()
    walled = (columns > ROOM.wall_left) & (columns < ROOM.wall_right)
    walled = walled & ((rows > ROOM.wall_bottom) & (rows < ROOM.wall_top))[:, None]
    return ~walled & ~beneath(ROOM.start_x, ROOM.start_y)


def draw_keys(generator: np.random.Generator, rollouts: int) -> Keys:
    """Draw a key for each rollout, [N]."""
    return generator.integers(2**64, size=rollouts, dtype=np.uint64)


def collected(policies: Floats, keys: Keys, times: Counts) -> Counts:
    """Count the specks collected by ascending times, [N, K]."""
    counts = np.empty((len(policies), len(times)), np.int64)
    _play(_bordered(), policies, keys, np.asarray(times), counts, np.empty((len(policies), 0, 3)))
    return counts


def path(policy: Floats, key: np.uint64, seconds: int) -> tuple[Floats, Counts]:
    """Follow a robot's places and specks, second by second.

    Places [T + 1, 3] are x, y (m) and the heading; specks are [T + 1]. Both begin at the start.
    """
    counts, paths = np.empty((1, seconds + 1), np.int64), np.empty((1, seconds + 1, 3))
    policies, keys = np.asarray(policy, np.float64)[None], np.array([key], np.uint64)
    _play(_bordered(), policies, keys, np.arange(seconds + 1), counts, paths)
    return paths[0], counts[0]


@functools.cache
def _bordered() -> NDArray[np.uint8]:
    return np.pad(dust_at_start(), 1).astype(np.uint8)  # so that every speck has neighbours


@njit
def _uniform(state: np.uint64) -> float:
    mixed = (state ^ (state >> _S30)) * _MIX_1
    mixed = (mixed ^ (mixed >> _S27)) * _MIX_2
    return ((mixed ^ (mixed >> _S31)) >> _S11) * 2.0**-53


@njit
def _collect(dust: NDArray[np.uint8], x: float, y: float) -> int:
    # Only the four specks around the robot's centre can lie beneath it.
    per_metre = 1 / ROOM.spacing
    left, below = int(x * per_metre + 0.5), int(y * per_metre + 0.5)  # in the bordered dust
    found = 0
    for row in range(below, below + 2):
        dy = (row - 1 + 0.5) * ROOM.spacing - y
        for column in range(left, left + 2):
            dx = (column - 1 + 0.5) * ROOM.spacing - x
            reached = dx * dx + dy * dy <= ROOM.radius * ROOM.radius
            taken = dust[row, column] & np.uint8(reached)
            dust[row, column] ^= taken
            found += taken
    return found


@njit
def _play(dust_at_start, policies, keys, times, counts, paths) -> None:
    # Fills counts [N, K], and paths [N, T + 1, 3], which may be shorter or empty.
    everything = dust_at_start.sum()
    for n in range(len(policies)):
        dust, state, k, total = dust_at_start.copy(), keys[n], 0, 0
        x, y, heading = ROOM.start_x, ROOM.start_y, ROOM.start_heading
        cosine, sine = direction(heading)
        for second in range(times[-1] + 1):
            if second > 0:
                if _uniform(state + _GAMMA) < policies[n, 0]:
                    new_x, new_y = x + ROOM.stride * cosine, y + ROOM.stride * sine
                    if is_free(new_x, new_y):
                        x, y = new_x, new_y
                        total += _collect(dust, x, y)
                else:
                    turn = (2 * _uniform(state + _GAMMA + _GAMMA) - 1) * policies[n, 1]
                    heading = turned(heading, turn)
                    cosine, sine = direction(heading)
                state += _GAMMA + _GAMMA
            if second < paths.shape[1]:
                paths[n, second, 0], paths[n, second, 1], paths[n, second, 2] = x, y, heading
            elif total == everything:  # the count cannot change any more
                counts[n, k:] = total
                break
            while k < len(times) and times[k] == second:
                counts[n, k] = total
                k += 1
