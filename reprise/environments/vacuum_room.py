"""The chapter's robot vacuum cleaner, which sees nothing, in a room with a partition wall.

Dust lies on the floor in specks, on a lattice. Each second the robot either moves forward by one
stride, unless it would bump into a wall: then it stays; or it turns on the spot. It collects the
specks beneath it; the return is their number. An episode lasts 30 minutes. Headings are in half
turns: 0 looks along x, 0.5 along y, 1 and -1 back. `vacuum_kernel` plays whole populations.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SECONDS = 1800  # 30 minutes


class Room(NamedTuple):
    """The room, in metres from its lower left corner, and the robot in it."""

    width: float = 8.0
    height: float = 6.0
    wall_left: float = 4.8  # a partition from the upper wall downwards
    wall_bottom: float = 2.4
    wall_right: float = 5.2
    wall_top: float = 6.0
    spacing: float = 0.2  # of the specks
    radius: float = 0.17  # of the robot, at most the spacing
    stride: float = 0.2  # m in a second
    start_x: float = 0.5
    start_y: float = 0.5
    start_heading: float = 0.25


ROOM = Room()

# Taylor's coefficients, up to the 11th and the 12th power.
_SINE = tuple((-1.0) ** n / math.factorial(2 * n + 1) for n in range(6))
_COSINE = tuple((-1.0) ** n / math.factorial(2 * n) for n in range(7))


def direction(heading: float) -> tuple[float, float]:
    """Return cosine and sine of π·heading to 1e-10, for headings from -1 to 1.

    Of a quarter of the angle by Taylor's series, then doubled twice: the C library's functions have
    other bits on other processors, and a position is a sum of many.
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


def turned(heading: float, turn: float) -> float:
    """Return the heading after a turn by at most a half turn, from -1 to 1."""
    heading += turn
    if heading > 1:
        return heading - 2
    return heading + 2 if heading < -1 else heading


def is_free(room: Room, x: float, y: float) -> bool:
    """Return whether the robot can stand there without touching a wall."""
    gap = room.radius
    if x < gap or y < gap or x > room.width - gap or y > room.height - gap:
        return False
    beside = x < room.wall_left - gap or x > room.wall_right + gap
    return beside or y < room.wall_bottom - gap or y > room.wall_top + gap


def specks(room: Room) -> list[Floats]:
    """Return the coordinates of the lattice's columns [I] and rows [J], the walls' included."""
    counts = (round(length / room.spacing) for length in (room.width, room.height))
    return [(np.arange(count, dtype=np.float64) + 0.5) * room.spacing for count in counts]


def beneath(room: Room, x: float, y: float) -> NDArray[np.bool_]:
    """Return which specks lie beneath the robot, [J, I]."""
    columns, rows = specks(room)
    dx, dy = columns - x, rows[:, None] - y
    return dx * dx + dy * dy <= room.radius * room.radius


def dust_at_start(room: Room) -> NDArray[np.bool_]:
    """Return where dust lies: not in the partition, and not under the waiting robot, [J, I]."""
    columns, rows = specks(room)
    walled = (columns > room.wall_left) & (columns < room.wall_right)
    walled = walled & ((rows > room.wall_bottom) & (rows < room.wall_top))[:, None]
    return ~walled & ~beneath(room, room.start_x, room.start_y)
