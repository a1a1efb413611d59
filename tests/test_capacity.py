"""Parameters that no machine can hold are refused in time."""

import copy
import functools
import re
from collections.abc import Iterator
from typing import Any

import pytest

import reprise
from reprise.errors import UserError
from reprise.hyperparameters import MOST, Recorded
from reprise.pipeline import parameters, stage
from reprise.pipeline.parameters import ParameterError
from tests import tiny

HUGE = 10**11
GRID = [{"name": name, "values": list(range(1, 101))} for name in ("batch_size", "total_episodes")]
COMMITTED = parameters.read(tiny.ROOT / "params.yaml")


def sizes(values: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each size that has a bound, and of a study's grid."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from sizes(value, (*path, key))
        elif (key in MOST and value is not None) or key == "grid":
            yield (*path, key)


@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name in tiny.STAGES for path in sizes(COMMITTED[name])],
    ids=lambda part: part if isinstance(part, str) else ".".join(part),
)
def test_what_no_machine_has_is_refused_in_one_line(name, path, tmp_path, monkeypatch, capsys):
    sections, (*outer, last) = copy.deepcopy(COMMITTED), path
    inner = functools.reduce(dict.__getitem__, outer, sections[name])
    huge = [*GRID, {"name": "gradient_steps", "values": list(range(1, 101))}]
    inner[last] = huge if last == "grid" else [HUGE] if isinstance(inner[last], list) else HUGE
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parameters, "read", lambda *_: sections)

    def run(params: Any) -> dict:
        pytest.fail("it starts")

    assert stage.execute(name, tiny.stage(name).Params, run, str, argv=[]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert last in err
    assert re.search("allowed: (at most|less than)", err)
    assert not list(tmp_path.iterdir())


def test_an_integer_beyond_64_bits_is_refused_in_one_line():
    with pytest.raises(ParameterError, match=r"^td_learning\.iterations is too large; allowed: "):
        parameters.checked({"iterations": 10**5000, "record_every": 1}, "td_learning", Recorded)


@pytest.mark.parametrize("name", ["seeds", "replay_capacity", "total_episodes"])
def test_a_training_from_python_is_refused_likewise(name):
    with pytest.raises(UserError, match=rf"^dqn\.{name}: 100,000,000,000 is too large; allowed: "):
        reprise.train("dqn", **dict[str, Any]({name: HUGE}))
