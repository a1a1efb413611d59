"""What tests of stages with further packages share."""

import importlib.util

import pytest
from ruamel.yaml import YAML

from reprise.pipeline import stage
from tests import tiny


def refuses(name: str, package: str, folder, monkeypatch, capsys) -> None:
    """Run a stage with its committed parameters, where its package is missing."""
    if importlib.util.find_spec(package):
        pytest.skip(f"{package} is installed: how the stage does without it is not tested")
    monkeypatch.chdir(folder)
    YAML().dump({name: tiny.sections()[name]}, folder / "params.yaml")
    module = tiny.stage(name)
    assert stage.execute(name, module.Params, module.run, module.headline, argv=[]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "`make extra` installs MuJoCo, Atari and OpenCV" in err
    assert [path.name for path in folder.iterdir()] == ["params.yaml"]
