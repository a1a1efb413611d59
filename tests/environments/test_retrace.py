"""An episode played again from its actions is the episode."""

import io

import numpy as np
import pytest
from PIL import Image

from reprise.environments.animation import gif
from reprise.environments.retrace import Camera, Remembering, animation
from reprise.environments.rollout import evaluate, record
from reprise.environments.specification import plain
from tests.environments import drawing

CARTPOLE = "CartPole-v1"
SEEDS = range(7, 9)


def angle_or_damped(observations: np.ndarray, step: int) -> np.ndarray:
    """Act by the angle in policy 0, and by the angle and its velocity in policy 1."""
    spin = observations[..., 3, :] * np.arange(observations.shape[-1])
    return (observations[..., 2, :] + spin >= 0).astype(np.int64)


def only(policy: int):
    """Return the policy of one policy."""

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        return angle_or_damped(np.repeat(observations, 2, axis=-1), step)[:, policy : policy + 1]

    return act


def test_an_animation_from_remembered_actions_is_that_of_the_policy_itself():
    remembering = Remembering(angle_or_damped)
    evaluate(remembering, CARTPOLE, SEEDS, 2, [60, 90])
    actions = remembering.actions(60)
    for policy in (0, 1):
        episode = record(only(policy), CARTPOLE, SEEDS[0], 60)
        direct = gif(episode.frames, episode.frames_per_second)
        assert animation(actions[:, policy], plain(CARTPOLE), SEEDS[0]) == direct


def test_the_two_policies_are_told_apart():
    remembering = Remembering(angle_or_damped)
    returns = evaluate(remembering, CARTPOLE, SEEDS, 2, [60])
    assert returns[0, 0, 0] < returns[0, 0, 1] == 60
    actions = remembering.actions(60)
    one, other = (animation(actions[:, policy], plain(CARTPOLE), 7) for policy in (0, 1))
    assert one != other


def test_remembering_does_not_change_what_is_played():
    plain = evaluate(angle_or_damped, CARTPOLE, SEEDS, 2, [60])
    np.testing.assert_array_equal(
        evaluate(Remembering(angle_or_damped), CARTPOLE, SEEDS, 2, [60]), plain
    )


def test_the_actions_are_those_of_the_first_episode_minus_one_after_all_have_ended():
    remembering = Remembering(lambda observations, step: observations[..., 0, :].astype(np.int64))
    for step in range(3):
        remembering(np.full((2, 4, 3), step, np.float32) * np.array([1, 0])[:, None, None], step)
    actions = remembering.actions(5)
    assert actions.tolist() == [[0] * 3, [1] * 3, [2] * 3, [-1] * 3, [-1] * 3]
    assert remembering.actions(2).tolist() == [[0] * 3, [1] * 3]


def test_actions_are_kept_however_many_there_are():
    chosen = np.array([[127, 128, 199, 70_000]])
    remembering = Remembering(lambda observations, step: chosen)
    remembering(np.zeros((1, 2, 4), np.float32), 0)
    assert remembering.actions(1).tolist() == chosen.tolist()


def pictures(gif: bytes) -> list[np.ndarray]:
    """Return the pictures of a GIF, [H, W, 3] each."""
    with Image.open(io.BytesIO(gif)) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(np.asarray(image.convert("RGB")))
    return found


ACTIONS = np.ones((5, 2), np.int32)


@pytest.mark.parametrize("form", drawing.CLEAR)
def test_a_picture_of_clear_meaning_is_shown_as_it_is_meant(form: str, capsys):
    with drawing.registered(form) as name:
        found = pictures(Camera(plain(name), "stage").animation(ACTIONS, 1, 0))
    assert len(found) == 3  # of 30 a second, after 0 steps, 1 and the 2 that it takes
    for place, shown in enumerate(found):
        expected = drawing.cell(place)
        np.testing.assert_array_equal(shown, np.broadcast_to(expected[..., None], shown.shape))
    assert capsys.readouterr().err == ""


MODES = {"render_modes": ["rgb_array"]}


@pytest.mark.filterwarnings("ignore:.*render_modes")  # Gymnasium's own, of the last ones
@pytest.mark.parametrize(
    "metadata",
    [*(MODES | {"render_fps": fps} for fps in (0, None, -3, float("nan"), "fast")), MODES, {}],
)
def test_frames_a_second_of_no_use_are_thirty(metadata: dict | None):
    with (
        drawing.registered("rgb", metadata=metadata) as name,
        drawing.registered("rgb") as other,
    ):
        one, two = (Camera(plain(each), "stage").animation(ACTIONS, 0, 0) for each in (name, other))
    assert one == two


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("no argument", "got an unexpected keyword argument 'render_mode'"),
        ("none", "render gives nothing, no picture"),
        ("text", "render gives a str, no picture"),
        ("empty list", "render gives a list, no picture"),
        ("flat", "render gives an array [3], no picture"),
        ("beyond", "render gives numbers from 0 to 300, no colours"),
        ("error", "RuntimeError: no screen"),
        ("missing", "NotImplementedError"),
    ],
)
def test_without_pictures_there_is_a_line_before_a_training_and_a_notice_after(
    form: str, reason: str, capsys
):
    with drawing.registered(form) as name:
        camera = Camera(plain(name), "stage")
        said = capsys.readouterr().err
        shown = pictures(camera.animation(ACTIONS, 0, 0))
    assert said.startswith("stage: no animation: ")
    assert said.count("\n") == 1
    assert name in said
    assert reason in said
    assert len(shown) == 1
    assert capsys.readouterr().err == ""


def test_pictures_that_change_their_size_are_told_once_they_do(capsys):
    with drawing.registered("sizes") as name:
        camera = Camera(plain(name), "stage")
        assert capsys.readouterr().err == ""
        assert len(pictures(camera.animation(ACTIONS, 0, 0))) == 1
    assert "several sizes: 40 x 20, then 40 x 21" in capsys.readouterr().err


def test_no_policy_has_no_episode_to_show(capsys):
    with drawing.registered("rgb") as name:
        assert len(pictures(Camera(plain(name), "stage").animation(ACTIONS, None, 0))) == 1
    assert capsys.readouterr().err == ""
