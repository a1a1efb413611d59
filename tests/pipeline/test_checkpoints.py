"""An interrupted stage takes up its finished packs as they were written, or not at all."""

import contextlib
import functools
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from reprise.pipeline import checkpoints, packs
from tests.pipeline import pack_tasks

FOLDER = checkpoints.FOLDER / "study"


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in which packs are noted, in an empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "log"


def task(learning_rate: float, fails: list[int], pack: packs.Pack) -> dict[str, np.ndarray]:
    """Return a pack's draws, note that it ran, and fail in some packs."""
    if pack.index in fails:
        raise KeyboardInterrupt
    with Path("log").open("a") as file:
        file.write(f"{pack.index}")
    return {"draws": learning_rate * pack_tasks.draws(pack)}


class Fails(list[int]):
    """Packs that fail; its text is always the same, as that of a task must be."""

    def __repr__(self) -> str:
        return ""


def ran(fails: int | None = None, learning_rate: float = 1.0) -> tuple[str, list[bytes]]:
    """Run all packs in a stage that is interrupted; return those that ran, and the results."""
    Path("log").write_text("")
    one = functools.partial(task, learning_rate, Fails() if fails is None else Fails([fails]))
    results: list[dict[str, np.ndarray]] = []
    with contextlib.suppress(KeyboardInterrupt), checkpoints.while_running("study"):
        results += packs.run(one, packs.cut(12, 4), 1)
        raise KeyboardInterrupt
    return Path("log").read_text(), [result["draws"].tobytes() for result in results]


def test_an_interrupted_run_goes_on_where_it_stopped_and_gives_the_same_bytes(capsys):
    assert ran(fails=1) == ("0", [])
    assert ran(fails=2) == ("1", [])
    capsys.readouterr()
    third = ran()
    assert third[0] == "2"
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "packs: 2 of 3 packs are kept from before"
    assert said[-1].startswith("packs: 3 of 3 packs done")
    assert ran() == ("", third[1])
    (FOLDER.parent / "study").rename("elsewhere")
    assert ran() == ("012", third[1])


def test_they_are_removed_when_the_stage_ends_well_and_outside_a_stage_there_are_none():
    ran()
    with checkpoints.while_running("other"):
        pass
    assert len(list(FOLDER.iterdir())) == 3
    with checkpoints.while_running("study"):
        pass
    assert not FOLDER.exists()
    packs.run(pack_tasks.draws, packs.cut(1, 1))
    assert not FOLDER.exists()


@pytest.mark.parametrize("change", ["cut", "altered", "empty", "exchanged"])
def test_a_file_that_is_not_as_it_was_written_is_no_result(change):
    _, whole = ran()
    first, second, _ = sorted(FOLDER.iterdir())
    content = first.read_bytes()
    match change:
        case "cut":
            first.write_bytes(content[:-7])
        case "altered":
            first.write_bytes(content.replace(b"\x00\x00", b"\x00\x01", 1))
        case "empty":
            first.write_bytes(b"")
        case "exchanged":
            first.write_bytes(second.read_bytes()[:-1])
    again, results = ran()
    assert len(again) == 1
    assert results == whole


def test_other_parameters_or_other_code_take_up_nothing(monkeypatch):
    ran()
    assert ran(learning_rate=2.0)[0] == "012"
    monkeypatch.setattr(checkpoints, "code", lambda root: [b"other"])
    assert ran()[0] == "012"


def test_a_changed_module_of_the_users_own_takes_up_nothing(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_corridor.py").write_text("REWARD = 1\n")
    monkeypatch.delitem(sys.modules, "own_corridor", raising=False)
    importlib.import_module("own_corridor")
    ran(fails=1)
    (tmp_path / "own_corridor.py").write_text("REWARD = 2\n")
    assert ran()[0] == "012"


def test_every_file_of_the_users_own_environments_counts(tmp_path):
    (tmp_path / "environments/levels").mkdir(parents=True)
    seen = [list(checkpoints.code(tmp_path))]
    for file in ("corridor.py", "levels/first.txt"):
        (tmp_path / "environments" / file).write_text("")
        seen.append(list(checkpoints.code(tmp_path)))
    (tmp_path / "environments/corridor.pyc").write_text("")
    assert seen[0] != seen[1] != seen[2] == list(checkpoints.code(tmp_path))
