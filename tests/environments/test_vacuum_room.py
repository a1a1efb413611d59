"""The vacuum robot's room keeps its rules; compiled code plays them as a plain loop does."""

import numpy as np
import pytest
from numpy.typing import NDArray

from reprise.environments import vacuum_room
from reprise.environments.vacuum_room import ROOM, SECONDS

POLICIES = [(0.85, 0.9), (0.5, 1.0), (0.95, 0.1), (0.2, 0.3), (1.0, 0.5), (0.0, 1.0)]
WORD = 2**64


def splitmix64(state: int, count: int) -> list[int]:
    """Return words of the published algorithm, in Python's integers."""
    found = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % WORD
        z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % WORD
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
        found.append(z ^ (z >> 31))
    return found


def uniforms(key: int, seconds: int) -> NDArray[np.float64]:
    """Return the random numbers of a rollout in [0, 1), two for each second, [T, 2]."""
    words = splitmix64(int(key), 2 * seconds)
    return np.array([(word >> 11) * 2.0**-53 for word in words]).reshape(seconds, 2)


def played(p: float, r: float, numbers: NDArray[np.float64]) -> tuple[NDArray, list[int]]:
    """Return the robot's places [T + 1, 3] and the specks of each second [T], step by step."""
    x, y, heading = ROOM.start_x, ROOM.start_y, ROOM.start_heading
    dust, places, found = vacuum_room.dust_at_start(), [(x, y, heading)], []
    for decision, turn in numbers:
        if decision < p:
            cosine, sine = vacuum_room.direction.py_func(heading)
            ahead = x + ROOM.stride * cosine, y + ROOM.stride * sine
            x, y = ahead if vacuum_room.is_free.py_func(*ahead) else (x, y)
        else:
            heading = vacuum_room.turned.py_func(heading, (2 * turn - 1) * r)
        collected = dust & vacuum_room.beneath(x, y)
        dust &= ~collected
        places.append((x, y, heading))
        found.append(int(collected.sum()))
    return np.array(places), found


@pytest.mark.parametrize(("p", "r"), POLICIES)
def test_the_compiled_room_equals_a_plain_loop_step_for_step(p: float, r: float):
    for key in vacuum_room.draw_keys(np.random.default_rng(7), 2):
        places, found = played(p, r, uniforms(key, 600))
        path, counts = vacuum_room.path(np.array([p, r]), key, 600)
        assert (path == places).all()
        assert np.diff(counts).tolist() == found


def test_the_random_numbers_are_splitmix64s():
    # The first outputs of the published algorithm from the seed 0.
    first = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC]
    assert splitmix64(0, 4) == first


def test_a_population_collects_what_each_policy_collects_alone():
    policies = np.array(POLICIES)
    keys = vacuum_room.draw_keys(np.random.default_rng(8), len(policies))
    times = np.array([1, 600, SECONDS])
    together = vacuum_room.collected(policies, keys, times)
    each = zip(policies, keys, strict=True)
    assert (together == [vacuum_room.path(*pair, SECONDS)[1][times] for pair in each]).all()
    backwards = vacuum_room.collected(policies[::-1], keys[::-1], times)
    assert (together == backwards[::-1]).all()
