"""The vacuum robot's room keeps its rules, and its compiled twin plays it number for number."""

import math

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from numpy.typing import NDArray

from reprise.environments import vacuum_kernel, vacuum_room
from reprise.environments.vacuum_room import ID, ROOM, SECONDS, VacuumRoom

POLICIES = [(0.85, 0.9), (0.5, 1.0), (0.95, 0.1), (0.2, 0.3), (1.0, 0.5), (0.0, 1.0)]


def made(render_mode: str | None = None) -> VacuumRoom:
    environment = gymnasium.make(ID, render_mode=render_mode).unwrapped
    assert isinstance(environment, VacuumRoom)
    return environment


def played(
    p: float, r: float, uniforms: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return observations [T + 1, 3] and rewards [T] of the policy in Gymnasium."""
    environment = made()
    observations, rewards = [environment.reset(seed=0)[0]], []
    for pair in uniforms:
        observation, reward, *_ = environment.step(vacuum_room.erratic_action(p, r, pair))
        observations.append(observation)
        rewards.append(reward)
    return np.array(observations), np.array(rewards)


def test_gymnasiums_checker_finds_nothing_to_say():
    check_env(made("rgb_array"))


def test_an_episode_is_truncated_after_half_an_hour_and_never_terminated():
    environment = gymnasium.make(ID)
    environment.reset(seed=0)
    ends = [environment.step(np.array([-1.0, 0.5]))[2:4] for _ in range(SECONDS)]
    assert ends == [(False, False)] * (SECONDS - 1) + [(False, True)]


@pytest.mark.parametrize(("p", "r"), POLICIES)
def test_the_compiled_room_equals_gymnasiums_step_for_step(p: float, r: float):
    for key in vacuum_kernel.draw_keys(np.random.default_rng(7), 2):
        uniforms = vacuum_kernel.uniforms(key, SECONDS)
        observations, rewards = played(p, r, uniforms)
        path, counts = vacuum_kernel.path(np.array([p, r]), key, SECONDS)
        assert (path == observations).all()
        assert (np.diff(counts) == rewards).all()


def test_a_population_collects_what_each_policy_collects_alone():
    policies = np.array(POLICIES)
    keys = vacuum_kernel.draw_keys(np.random.default_rng(8), len(policies))
    times = np.array([1, 600, SECONDS])
    together = vacuum_kernel.collected(policies, keys, times)
    alone = [
        vacuum_kernel.path(*pair, SECONDS)[1][times] for pair in zip(policies, keys, strict=True)
    ]
    assert (together == alone).all()
    backwards = vacuum_kernel.collected(policies[::-1], keys[::-1], times)
    assert (together == backwards[::-1]).all()


def test_what_is_collected_never_falls_and_ends_at_all_there_is():
    policies, keys = np.array([[0.85, 0.9]] * 3), np.arange(3, dtype=np.uint64)
    times = SECONDS * 2 ** np.arange(12)
    counts = vacuum_kernel.collected(policies, keys, times)
    assert (np.diff(counts, axis=1) >= 0).all()
    assert (counts[:, -1] == vacuum_room.dust_at_start(ROOM).sum()).all()


def test_the_random_numbers_are_splitmix64s():
    # The first outputs of the published algorithm from the seed 0.
    first = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC]
    expected = np.array([(word >> 11) * 2.0**-53 for word in first]).reshape(2, 2)
    assert (vacuum_kernel.uniforms(np.uint64(0), 2) == expected).all()


def test_random_numbers_are_uniform():
    numbers = vacuum_kernel.uniforms(np.uint64(5), 50_000)
    assert 0 <= numbers.min() < 1e-3 < 0.999 < numbers.max() < 1
    assert numbers.mean(axis=0) == pytest.approx(0.5, abs=0.01)
    assert abs(np.cov(numbers.T).item(1)) < 0.002


def test_directions_are_those_of_the_cosine_and_the_sine():
    for heading in np.linspace(-1, 1, 2001).tolist():
        angle = math.pi * heading
        expected = math.cos(angle), math.sin(angle)
        assert vacuum_room.direction(heading) == pytest.approx(expected, abs=1e-10)


def test_a_heading_stays_within_a_half_turn_to_either_side():
    assert vacuum_room.turned(0.75, 0.5) == -0.75
    assert vacuum_room.turned(-0.75, -0.5) == 0.75
    assert vacuum_room.turned(0.25, -0.5) == -0.25


def test_a_robot_that_would_bump_stays_and_collects_nothing():
    environment = made()
    environment.reset(seed=0)
    for _ in range(100):  # along the diagonal to the upper wall
        observation, reward, *_ = environment.step(np.array([1.0, 0.0]))
    assert reward == 0
    assert (environment.step(np.array([1.0, 0.0]))[0] == observation).all()
    x, y, _ = observation
    assert vacuum_room.is_free(ROOM, x, y)
    assert not vacuum_room.is_free(ROOM, x + 0.15, y + 0.15)


def test_a_turn_moves_nothing_but_the_heading():
    environment = made()
    before, _ = environment.reset(seed=0)
    after, reward, *_ = environment.step(np.array([-1.0, 0.5]))
    assert (after - before).tolist() == [0, 0, 0.5]
    assert reward == 0


def test_every_speck_can_be_reached_and_none_lies_in_the_wall():
    dust = vacuum_room.dust_at_start(ROOM)
    columns, rows = vacuum_room.specks(ROOM)
    for row, column in np.argwhere(dust):
        x, y = columns.item(column), rows.item(row)
        assert not (ROOM.wall_left < x < ROOM.wall_right and ROOM.wall_bottom < y < ROOM.wall_top)
        around = [(x + dx / 100, y + dy / 100) for dx in range(-12, 13) for dy in range(-12, 13)]
        assert any(vacuum_room.is_free(ROOM, *place) for place in around)


def test_the_robot_does_not_pass_through_the_partition():
    path, _ = vacuum_kernel.path(np.array([0.9, 1.0]), np.uint64(3), 200_000)
    x, y = path[:, 0], path[:, 1]
    inside = (x > ROOM.wall_left) & (x < ROOM.wall_right) & (y > ROOM.wall_bottom)
    assert not inside.any()
    assert (np.hypot(np.diff(x), np.diff(y)) < ROOM.stride + 1e-9).all()
    assert x.max() > ROOM.wall_right + 1  # it gets to the other side, below the wall


def test_a_picture_shows_dust_where_it_is_left():
    environment = made("rgb_array")
    environment.reset(seed=0)
    full = environment.render()
    for _ in range(10):
        environment.step(np.array([1.0, 0.0]))
    swept = environment.render()
    assert full is not None
    assert swept is not None
    assert full.shape == (300, 400, 3)
    dusty = (full == (170, 150, 120)).all(axis=-1)
    still = (swept == (170, 150, 120)).all(axis=-1)
    assert (still <= dusty).all()
    assert 0 < still.sum() < dusty.sum()


def test_without_a_render_mode_there_is_no_picture():
    assert made().render() is None


def test_an_unknown_render_mode_is_refused():
    with pytest.raises(ValueError, match="render_mode is 'human'; allowed: None, 'rgb_array'"):
        VacuumRoom(render_mode="human")


def test_a_robot_larger_than_the_specks_spacing_is_refused_by_the_compiled_room():
    wide = ROOM._replace(radius=0.3)
    with pytest.raises(ValueError, match=r"radius is 0.3; allowed: up to the specks' spacing, 0.2"):
        vacuum_kernel.collected(np.array([[0.5, 0.5]]), np.zeros(1, np.uint64), np.array([1]), wide)
