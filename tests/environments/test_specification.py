"""What params.yaml may say of an environment, and the one line that is said of anything else."""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from reprise.environments.spaces import spaces
from reprise.environments.specification import Specification, made, plain
from reprise.errors import UserError
from reprise.pipeline import stage
from tests import tiny
from tests.environments import userenvs

NAME = "reinforce_training"
NORMALISED = {"name": "NormalizeObservation"}


def executed(folder: Path, environment: dict[str, Any], **changes: Any) -> int:
    """Run a stage in a folder that holds nothing but its parameters."""
    section = tiny.section(NAME, seeds=2, environment=environment, **changes)
    YAML().dump({NAME: section}, folder / "params.yaml")
    module = tiny.stage(NAME)
    return stage.execute(NAME, module.Params, module.run, module.headline, argv=[])


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"id": "Acrobt-v1"}, "cannot make 'Acrobt-v1': .*; did you mean Acrobot-v1"),
        ({"id": "nowhere:Env-v0"}, "cannot make 'nowhere:Env-v0': .*No module named 'nowhere'"),
        ({"id": "MountainCar-v0", "kwargs": {"gravty": 1}}, "'MountainCar-v0': .*'gravty'"),
        ({"id": ""}, "environment.id is '': String should have at least 1 char"),
        ({"kwargs": {"max_episode_steps": 3}}, "environment: kwargs has max_episode_steps; "),
        ({"wrappers": [{"name": "TimeLimt"}]}, "wrappers is 'TimeLimt'; .*you mean TimeLimit"),
        ({"wrappers": [{"name": "TimeLimit", "steps": 3}]}, r"v1' in TimeLimit\(steps=3\): Type"),
        ({"wrappers": {"ClipReward": {}}}, r"environment.wrappers is {.*}; allowed: a list"),
        ({"kwargs": [{"name": "size", "value": 9}] * 2}, "environment.kwargs: size appears twice"),
        ({"kwargs": [{"length": 9}]}, "environment.kwargs: .*allowed: mappings of name and value"),
        ({"wrappers": [NORMALISED, {"name": "ClipReward"}]}, "NormalizeObservation is not last"),
        ({"wrappers": [NORMALISED | {"epsilon": 1}]}, "has arguments; allowed: none"),
        (
            {"wrappers": [{"name": "FrameStackObservation", "stack_size": 2000}]},
            "has the observation space Box.*8000 numbers, .*; allowed: 1 to 4096",
        ),
        ({"solved_return": float("inf")}, "environment.solved_return is inf; allowed: a finite"),
    ],
)  # fmt: skip
def test_an_environment_that_cannot_be_played_is_one_line_and_nothing_is_written(
    environment, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert executed(tmp_path, environment, maximum_steps=200) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert re.search(message, err)
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "Box2D", None)
    for module in [name for name in sys.modules if name.startswith("gymnasium.envs.box2d")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(UserError, match=r"'LunarLander-v3': Box2D is not installed") as caught:
        plain("LunarLander-v3").make()
    assert "did you mean" not in str(caught.value)


def test_a_failure_in_the_middle_leaves_nothing_half_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with userenvs.registered():
        kwargs = {"mood": "reward", "grave": 0.8}
        assert executed(tmp_path, {"id": "Counting-v0", "kwargs": kwargs}) == 1
    (err,) = capsys.readouterr().err.splitlines()
    assert f"{NAME}: Counting-v0, seed " in err
    assert userenvs.MOODS["reward"] in err
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_wrappers_are_applied_in_their_order_and_the_registered_time_limit_is_not():
    with made(plain("MountainCar-v0"), 1) as (free,):
        free.reset(seed=0)
        ends = [free.step(1)[2:4] for _ in range(300)]
    assert not np.any(ends)
    wrapped = Specification.model_validate({
        "id": "CartPole-v1", "kwargs": {}, "solved_return": None,
        "wrappers": [
            {"name": "TimeLimit", "max_episode_steps": 5},
            {"name": "FrameStackObservation", "stack_size": 2},
            {"name": "FlattenObservation"},
        ],
    })  # fmt: skip
    with made(wrapped, 1) as (environment,):
        assert spaces(environment, wrapped.id).features == 8
        first, _ = environment.reset(seed=0)
        np.testing.assert_array_equal(first[:4], first[4:])
        assert [environment.step(0)[3] for _ in range(5)] == [False] * 4 + [True]


def test_arguments_are_the_same_as_a_mapping_and_as_a_list():
    given = {"size": 9, "nfiles": 2}
    listed = [{"name": name, "value": value} for name, value in given.items()]
    one, two = (
        Specification.model_validate(plain("Line-v0").model_dump() | {"kwargs": kwargs})
        for kwargs in (given, listed)
    )
    assert one == two
    assert two.kwargs == given
