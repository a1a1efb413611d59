"""InvertedPendulum without MuJoCo; test_pendulum_swing_up.py tests the code that they share."""

import pytest

from reprise.environments.specification import plain
from tests.stages import extra


def test_without_mujoco_one_line_names_make_extra(tmp_path, monkeypatch, capsys):
    extra.refuses("inverted_pendulum", "mujoco", tmp_path, monkeypatch, capsys)


def test_the_environment_gives_pictures_without_a_screen():
    pytest.importorskip("mujoco", reason="MuJoCo is not installed: `make extra`")
    from reprise.environments.rollout import record

    act = lambda observations, step: observations[:, :1] * 0  # noqa: E731
    assert record(act, plain("InvertedPendulum-v5"), seed=1, limit=2).frames.any()
