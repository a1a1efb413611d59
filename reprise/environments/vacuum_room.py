"""`VacuumRoom-v0`: a robot vacuum cleaner that sees nothing, in a room with a partition wall.

Dust lies on the floor in specks, on a lattice. Each second the robot either moves forward by one
stride, unless it would bump into a wall: then it stays; or it turns on the spot. It collects the
specks beneath it; the reward is their number, so that the return is the dust collected. An episode
lasts 30 minutes. Headings are in half turns: 0 looks along x, 0.5 along y, 1 and -1 back.

`import reprise.environments.vacuum_room` registers the environment with Gymnasium. Here it is
written plainly; `vacuum_kernel` plays the same room for whole populations, number for number.
"""

import math
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ID = "VacuumRoom-v0"
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


def specks(room: Room) -> tuple[Floats, Floats]:
    """Return the coordinates of the lattice's columns [I] and rows [J], the walls' included."""
    columns, rows = (
        (np.arange(round(length / room.spacing), dtype=np.float64) + 0.5) * room.spacing
        for length in (room.width, room.height)
    )
    return columns, rows


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


def erratic_action(forward: float, angle: float, uniforms: Floats) -> Floats:
    """Return what the chapter's policy does: forward with probability p, else a random turn.

    Args:
        forward: p.
        angle: r in half turns; the turn is uniform in [-r, r].
        uniforms: two random numbers in [0, 1): what to do, and how far to turn.
    """
    return np.array([1.0 if uniforms[0] < forward else -1.0, (2 * uniforms[1] - 1) * angle])


class VacuumRoom(gymnasium.Env[Floats, Floats]):
    """The room as a Gymnasium environment.

    Action: drive and turn, each in [-1, 1]. With drive > 0 the robot moves forward, whatever turn
    is; otherwise it turns to the left by so many half turns. Observation: x and y in metres, and
    the heading. Never terminated; registered with a time limit of 1,800 steps.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012 (Gymnasium's)

    def __init__(self, render_mode: str | None = None, room: Room = ROOM) -> None:
        """Make the room.

        Raises:
            ValueError: if the render mode is none of its own.
        """
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode is {render_mode!r}; allowed: None, 'rgb_array'")
        self.render_mode = render_mode
        self.room = room
        self.action_space = Box(-1.0, 1.0, (2,), np.float64)
        high = np.array([room.width, room.height, 1.0])
        self.observation_space = Box(np.array([0.0, 0.0, -1.0]), high, dtype=np.float64)
        self._restart()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Put the robot to its start and the dust back; nothing in the room is random."""
        super().reset(seed=seed)
        self._restart()
        return self._observation(), self._info()

    def step(self, action: Floats) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """Let a second pass."""
        drive, turn = float(action[0]), float(action[1])
        if drive > 0:
            cosine, sine = direction(self._heading)
            x, y = self._x + self.room.stride * cosine, self._y + self.room.stride * sine
            if is_free(self.room, x, y):
                self._x, self._y = x, y
        else:
            self._heading = turned(self._heading, turn)
        collected = self._dust & beneath(self.room, self._x, self._y)
        self._dust &= ~collected
        return self._observation(), float(collected.sum()), False, False, self._info()

    def render(self) -> NDArray[np.uint8] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a picture [H, W, 3] of dusty and clean floor, walls and robot."""
        if self.render_mode is None:
            return None
        return picture(self.room, self._dust, self._x, self._y, self._heading)

    def _restart(self) -> None:
        self._x, self._y = self.room.start_x, self.room.start_y
        self._heading = self.room.start_heading
        self._dust = dust_at_start(self.room)

    def _observation(self) -> Floats:
        return np.array([self._x, self._y, self._heading])

    def _info(self) -> dict[str, Any]:
        return {"dust_left": int(self._dust.sum())}


def picture(
    room: Room, dust: NDArray[np.bool_], x: float, y: float, heading: float, scale: int = 50
) -> NDArray[np.uint8]:
    """Return a picture [H, W, 3] of the room from above, at so many pixels a metre."""
    height, width = round(room.height * scale), round(room.width * scale)
    down, across = (np.mgrid[:height, :width] + 0.5) / scale
    up = room.height - down
    column = np.minimum((across / room.spacing).astype(int), dust.shape[1] - 1)
    row = np.minimum((up / room.spacing).astype(int), dust.shape[0] - 1)
    dx, dy = across - (column + 0.5) * room.spacing, up - (row + 0.5) * room.spacing
    speck = dust[row, column] & (dx * dx + dy * dy < (0.25 * room.spacing) ** 2)
    wall = (across > room.wall_left) & (across < room.wall_right)
    wall &= (up > room.wall_bottom) & (up < room.wall_top)
    cosine, sine = direction(heading)
    ahead, aside = across - x, up - y
    body = ahead * ahead + aside * aside < room.radius * room.radius
    along, off = ahead * cosine + aside * sine, ahead * sine - aside * cosine
    nose = body & (along > 0) & (np.abs(off) < 0.2 * room.radius)
    image = np.full((height, width, 3), (247, 247, 245), np.uint8)
    for where, colour in (
        (speck, (170, 150, 120)), (wall, (90, 90, 90)), (body, (0, 114, 178)), (nose, (255,) * 3),
    ):  # fmt: skip
        image[where] = colour
    return image


if ID not in gymnasium.registry:
    gymnasium.register(ID, f"{__name__}:VacuumRoom", max_episode_steps=SECONDS)
