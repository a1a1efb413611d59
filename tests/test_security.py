"""A file from elsewhere runs no code, and a value is a value wherever it goes."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from ruamel.yaml import YAML

import reprise
from reprise.errors import UserError
from reprise.pipeline import artifacts, notebooks, parameters, stage
from reprise.tabular import loaders, markov_chain
from stages import claims
from stages import markov_chain as walks
from tests import tiny

SECTIONS = parameters.read(tiny.ROOT / "params.yaml")
PIPELINES = ("dvc.yaml", "extra/dvc.yaml")
CRACK = "touch hacked"  # what must not happen
HOSTILE = [
    f"$({CRACK})", f"`{CRACK}`", f"; {CRACK} #", f"' ; {CRACK} ; '", f'" ; {CRACK} ; "',
    f"\n{CRACK}\n", f"| {CRACK}", f"&& {CRACK}", "../../../etc/passwd", "--help",
    f"'); import os; os.system('{CRACK}') #", f'"); import os; os.system("{CRACK}") #',
    f'"""); import os; os.system("{CRACK}") #',
    "\\", "\\'", '\\"', "\u2028import os", "\r",
    "<script>alert(1)</script>", "{{ 7 * 7 }}", "${reporting}", "%(data)s", "{0.__class__}",
]  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Work in a folder of its own, in which afterwards nothing was touched."""
    (tmp_path / "data").symlink_to(tiny.ROOT / "data")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not list(tmp_path.rglob("hacked"))


class Cracking:
    """What runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (CRACK,)


@pytest.mark.parametrize("read", [artifacts.read_npz, lambda path: reprise.load(path, 0)])
def test_an_npz_with_a_pickle_inside_is_refused_and_runs_nothing(tmp_path, read):
    np.savez(tmp_path / "x.npz", activations=np.array([Cracking()], dtype=object))
    with pytest.raises(UserError, match=r"x\.npz is not an \.npz file of plain arrays"):
        read(tmp_path / "x.npz")


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!os.system"])
@pytest.mark.parametrize(
    "read", [parameters.read, claims.claims, loaders.from_yaml, markov_chain.from_yaml]
)
def test_yaml_that_asks_for_objects_is_refused_in_one_line_and_runs_nothing(tmp_path, tag, read):
    path = tmp_path / "x.yaml"
    path.write_text(f"states: {tag} ['{CRACK}']\n")
    with pytest.raises(UserError) as error:
        read(path)
    assert "could not determine a constructor for the tag" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_of_params_yaml_is_reported_on_one_line_and_runs_nothing(tmp_path, value, capsys):
    sections = {"markov_chain": SECTIONS["markov_chain"] | {"start_state": value}}
    YAML(typ="safe", pure=True).dump(sections, tmp_path / "params.yaml")
    assert parameters.load("markov_chain", walks.Params).start_state == value
    code = stage.execute("markov_chain", walks.Params, walks.run, walks.headline, argv=[])
    out, said = capsys.readouterr()
    assert (code, out) == (2, "")
    assert said.splitlines() == [said.removesuffix("\n")]


def test_a_notebook_gets_each_parameter_as_it_was_given(tmp_path):
    cells = [
        nbformat.v4.new_code_cell("values = []\nkeyed = {}", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import json\njson.dump([values, keyed], open('got', 'w'))"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "x.ipynb")
    given = {"values": HOSTILE, "keyed": {value: value for value in HOSTILE}}
    notebooks.execute(tmp_path / "x.ipynb", given, tmp_path, tmp_path / "failed.ipynb")
    assert json.loads((tmp_path / "got").read_text()) == [given["values"], given["keyed"]]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_no_value_of_params_yaml_gets_into_a_command(pipeline):
    text = (tiny.ROOT / pipeline).read_text(encoding="utf-8")
    content = YAML(typ="safe", pure=True).load(text)
    assert set(content) <= {"stages", "plots"}  # no vars
    for declared in content["stages"].values():
        assert all(re.fullmatch(r"\w+", item) for item in declared.get("foreach", []))
        command = declared.get("do", declared)["cmd"]
        assert re.fullmatch(r"python -m stages\.\w+( \w+| \$\{(item|key)\})?", command)
