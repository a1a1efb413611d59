"""InvertedPendulum without MuJoCo; test_pendulum_swing_up.py tests the code that they share."""

import io

from PIL import Image

from tests.stages import extra

NAME = "inverted_pendulum"


def test_without_mujoco_one_line_names_make_extra(tmp_path, monkeypatch, capsys):
    extra.refuses(NAME, "mujoco", tmp_path, monkeypatch, capsys)


def test_a_process_of_its_own_draws_the_animation(results):
    gif = Image.open(io.BytesIO(results["median_seed.gif"]))
    assert getattr(gif, "n_frames", 1) > 1
