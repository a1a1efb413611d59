"""InvertedPendulum without MuJoCo; test_pendulum_swing_up.py tests the code that they share."""

import importlib.util
import io

import pytest
from PIL import Image
from ruamel.yaml import YAML

from reprise.pipeline import stage
from tests import tiny

NAME = "inverted_pendulum"


@pytest.mark.parametrize(("name", "package"), [(NAME, "mujoco"), ("atari_pong", "ale_py")])
def test_without_its_package_one_line_names_make_extra(
    name, package, tmp_path, monkeypatch, capsys
):
    if importlib.util.find_spec(package):
        pytest.skip(f"{package} is installed: how the stage does without it is not tested")
    monkeypatch.chdir(tmp_path)
    YAML().dump({name: tiny.sections()[name]}, tmp_path / "params.yaml")
    module = tiny.stage(name)
    assert stage.execute(name, module.Params, module.run, module.headline, argv=[]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "`make extra` installs MuJoCo, Atari and OpenCV" in err
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_a_process_of_its_own_draws_the_animation(results):
    gif = Image.open(io.BytesIO(results["median_seed.gif"]))
    assert getattr(gif, "n_frames", 1) > 1
