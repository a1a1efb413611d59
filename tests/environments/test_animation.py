"""Pictures of episodes: recorded, played again from actions, as GIFs, and where there are none."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from PIL import Image

from reprise.environments.animation import gif
from reprise.environments.rollout import Remembering, animated, evaluate, record
from reprise.environments.specification import plain

CARTPOLE = "CartPole-v1"
SEEDS = range(7, 9)
ACTIONS = np.ones((5, 2), np.int32)


USUAL = {"render_modes": ["rgb_array"], "render_fps": 30}
CLEAR = ("rgb", "own")


def cell(place: int) -> np.ndarray:
    """Return the picture of a place: one white cell of four, grey [20, 40]."""
    picture = np.zeros((20, 40), np.uint8)
    picture[:, 10 * place : 10 * place + 10] = 255
    return picture


class Drawn(gymnasium.Env):
    """Walks two steps to the right, whatever the action, and draws itself in some form."""

    observation_space, action_space = Box(0, 5, (2,), np.float32), Discrete(2)
    canvas = np.zeros((20, 40, 3), np.uint8)

    def __init__(self, form: str, render_mode: str | None = None) -> None:
        self.form, self.render_mode = form, render_mode

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.place = 0
        return np.zeros(2, np.float32), {}

    def step(self, action: Any):
        self.place += 1
        return np.full(2, self.place, np.float32), 1.0, self.place == 2, False, {}

    def render(self) -> Any:
        grey = cell(self.place)
        colours = np.stack([grey] * 3, axis=-1)
        self.canvas[:] = colours
        if self.form == "error":
            raise RuntimeError("no screen")
        return {
            "rgb": colours,
            "grey": grey,
            "share": colours / 255,
            "own": self.canvas,
            "none": None,
            "sizes": np.zeros((20 + self.place, 40, 3), np.uint8),
        }[self.form]


@contextmanager
def registered(form: str, metadata: dict[str, Any] = USUAL) -> Iterator[str]:
    """Let Gymnasium know an environment for a while."""
    own = {"metadata": metadata} | ({"render": gymnasium.Env.render} if form == "missing" else {})
    made = type("Drawn", (Drawn,), own)
    name = f"Drawn{len(gymnasium.registry)}-v0"
    make: Any = (lambda form: made(form)) if form == "no argument" else made
    gymnasium.register(name, make, kwargs={"form": form})
    try:
        yield name
    finally:
        del gymnasium.registry[name]


def angle_or_damped(observations: np.ndarray, step: int) -> np.ndarray:
    """Act by the angle in policy 0, and by the angle and its velocity in policy 1."""
    spin = observations[..., 3, :] * np.arange(observations.shape[-1])
    return (observations[..., 2, :] + spin >= 0).astype(np.int64)


def damped(observations: np.ndarray, step: int) -> np.ndarray:
    return angle_or_damped(np.repeat(observations, 2, axis=-1), step)[:, 1:]


def pictures(gif: bytes) -> list[np.ndarray]:
    """Return the pictures of a GIF, [H, W, 3] each."""
    with Image.open(io.BytesIO(gif)) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(np.asarray(image.convert("RGB")))
    return found


def test_a_recorded_episode_is_the_one_that_is_evaluated():
    episode = record(angle_or_damped, CARTPOLE, 3, 200)
    steps = len(episode.actions)
    assert steps == evaluate(angle_or_damped, CARTPOLE, [3], 1, [200]).item() < 200
    assert episode.observations.shape == (steps + 1, 4)
    assert episode.frames.shape == (steps + 1, 400, 600, 3)
    assert episode.frames.dtype == np.uint8
    assert episode.frames_per_second == 50
    np.testing.assert_array_equal(episode.actions, episode.observations[:-1, 2] >= 0)
    assert os.environ["SDL_VIDEODRIVER"] == "dummy"
    assert len(record(damped, CARTPOLE, 3, 12).actions) == 12


def test_an_animation_from_remembered_actions_is_that_of_the_policy_itself():
    remembering = Remembering(angle_or_damped)
    played = evaluate(remembering, CARTPOLE, SEEDS, 2, [60, 90])
    np.testing.assert_array_equal(evaluate(angle_or_damped, CARTPOLE, SEEDS, 2, [60, 90]), played)
    actions = remembering.actions(60)
    shown = [animated(plain(CARTPOLE), "stage", actions, policy, SEEDS[0]) for policy in (0, 1)]
    direct = [record(act, CARTPOLE, SEEDS[0], 60) for act in (angle_or_damped, damped)]
    assert shown == [gif(episode.frames, episode.frames_per_second) for episode in direct]
    assert shown[0] != shown[1]


@pytest.mark.parametrize("form", CLEAR)
def test_a_picture_of_clear_meaning_is_shown_as_it_is_meant(form: str, capsys):
    with registered(form) as name:
        found = pictures(animated(plain(name), "stage", ACTIONS, 1, 0))
    assert len(found) == 3  # of 30 a second, after 0 steps, 1 and the 2 that it takes
    for place, shown in enumerate(found):
        expected = cell(place)
        np.testing.assert_array_equal(shown, np.broadcast_to(expected[..., None], shown.shape))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("no argument", "got an unexpected keyword argument 'render_mode'"),
        ("none", "at reset: the environment rendered object []; allowed: a picture, uint8"),
        ("grey", "rendered uint8 [20, 40]; allowed: a picture, uint8 [H, W, 3]"),
        ("share", "rendered float64 [20, 40, 3]; allowed: a picture, uint8"),
        ("error", "RuntimeError: no screen"),
        ("missing", "NotImplementedError"),
        ("sizes", "at step 1: the environment rendered 40 x 20 pixels, then 40 x 21; allowed: one"),
    ],
)
def test_without_pictures_there_is_one_line_on_stderr_and_a_notice_in_their_place(
    form: str, reason: str, capsys
):
    with registered(form) as name:
        shown = pictures(animated(plain(name), "stage", ACTIONS, 0, 0))
    said = capsys.readouterr().err
    assert said.startswith("stage: no animation: ")
    assert said.count("\n") == 1
    assert name in said
    assert reason in said
    assert len(shown) == 1
