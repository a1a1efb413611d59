"""An interrupted stage takes up its finished packs as they were written, or not at all."""

import contextlib
import functools
import importlib
import sys
from pathlib import Path

import pytest

from reprise.pipeline import checkpoints, packs
from tests.pipeline import pack_tasks

FOLDER = checkpoints.FOLDER / "study"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Fails(list[int]):
    """Packs that fail; its text is always the same, as that of a task must be."""

    def __repr__(self) -> str:
        return ""


def task(learning_rate: float, fails: Fails, pack: packs.Pack) -> bytes:
    """Return a pack's draws, note that it ran, and fail in some packs."""
    if pack.index in fails:
        raise KeyboardInterrupt
    with Path("log").open("a") as file:
        file.write(f"{pack.index}")
    return (learning_rate * pack_tasks.draws(pack)).tobytes()


def ran(*fails: int, learning_rate: float = 1.0) -> tuple[str, list[bytes]]:
    """Run all packs in a stage that is interrupted; return those that ran, and the results."""
    Path("log").write_text("")
    results: list[bytes] = []
    with contextlib.suppress(KeyboardInterrupt), checkpoints.while_running("study"):
        one = functools.partial(task, learning_rate, Fails(fails))
        results += packs.run(one, packs.cut(12, 4))
        raise KeyboardInterrupt
    return Path("log").read_text(), results


def test_an_interrupted_run_goes_on_where_it_stopped_and_gives_the_same_bytes(capsys):
    assert ran(1) == ("0", [])
    assert ran(2) == ("1", [])
    capsys.readouterr()
    third = ran()
    assert third[0] == "2"
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "packs: 2 of 3 packs are kept from before"
    assert said[-1].startswith("packs: 3 of 3 packs done")
    assert ran() == ("", third[1])
    FOLDER.rename("elsewhere")
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
    changed = {
        "cut": content[:-7],
        "altered": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
        "empty": b"",
        "exchanged": second.read_bytes()[:-1],
    }
    first.write_bytes(changed[change])
    again, results = ran()
    assert (len(again), results) == (1, whole)


def test_other_parameters_or_a_changed_module_of_the_users_own_take_up_nothing(here, monkeypatch):
    monkeypatch.syspath_prepend(here)
    (here / "own_corridor.py").write_text("REWARD = 1\n")
    monkeypatch.delitem(sys.modules, "own_corridor", raising=False)
    importlib.import_module("own_corridor")
    ran()
    assert ran(learning_rate=2.0)[0] == "012"
    assert ran()[0] == ""
    (here / "own_corridor.py").write_text("REWARD = 2\n")
    assert ran()[0] == "012"


def test_every_file_of_the_project_and_of_the_users_own_environments_counts(here):
    (here / "environments/levels").mkdir(parents=True)
    (here / "reprise/nn").mkdir(parents=True)
    seen = [list(checkpoints.code(here))]
    for file in ("environments/corridor.py", "environments/levels/first.txt", "reprise/nn/a.py"):
        (here / file).write_text("")
        seen.append(list(checkpoints.code(here)))
        assert seen[-1] != seen[-2]
    (here / "environments/corridor.pyc").write_text("")
    assert seen[-1] == list(checkpoints.code(here))
