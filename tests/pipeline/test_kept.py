"""What is kept of a run is taken up again as it was written, or not at all."""

import functools
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from reprise.pipeline import kept, packs
from reprise.pipeline.kept import Kept
from tests.pipeline import pack_tasks

PACKS = packs.cut(12, 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for what is kept."""
    return tmp_path / "kept"


def task(log: Path, fails: int | None, pack: packs.Pack) -> dict[str, np.ndarray]:
    """Return a pack's draws, note that it ran, and fail in one pack."""
    if pack.index == fails:
        raise ZeroDivisionError("no steps")
    with log.open("a") as file:
        file.write(f"{pack.index}")
    return {"draws": pack_tasks.draws(pack)}


def ran(folder: Path, fails: int | None = None, decides: str = "a") -> tuple[str, list[bytes]]:
    """Run all packs; return which ran, and the results' bytes."""
    log = folder.parent / "log"
    log.write_text("")
    before = Kept("study", {"rate": decides}, folder)
    run = functools.partial(packs.run, functools.partial(task, log, fails), PACKS, 1)
    if fails is None:
        results = [result["draws"].tobytes() for result in run(kept=before)]
    else:
        with pytest.raises(ZeroDivisionError):
            run(kept=before)
        results = []
    return log.read_text(), results


def test_an_interrupted_run_goes_on_where_it_stopped_and_gives_the_same_bytes(folder):
    whole = ran(folder.parent / "other")
    assert ran(folder, fails=1) == ("0", [])
    assert ran(folder, fails=2) == ("1", [])
    assert ran(folder) == ("2", whole[1])
    assert ran(folder) == ("", whole[1])


def test_what_is_kept_from_before_is_told(folder, capsys):
    ran(folder, fails=1)
    capsys.readouterr()
    ran(folder)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "packs: 1 of 3 packs are kept from before"
    assert said[-1].startswith("packs: 3 of 3 packs done")


def test_other_parameters_take_up_nothing(folder):
    ran(folder)
    assert ran(folder, decides="b")[0] == "012"


@pytest.mark.parametrize("change", ["cut", "altered", "empty", "exchanged"])
def test_a_file_that_is_not_as_it_was_written_is_no_result(folder, change):
    _, whole = ran(folder)
    first, second, _ = sorted((folder / "study").iterdir())
    content = first.read_bytes()
    match change:
        case "cut":
            first.write_bytes(content[:-7])
        case "altered":
            first.write_bytes(content.replace(b"\x00\x00", b"\x00\x01", 1))
        case "empty":
            first.write_bytes(b"")
        case "exchanged":
            first.write_bytes(second.read_bytes())
    again, results = ran(folder)
    assert len(again) == 1
    assert results == whole


def test_a_stage_keeps_its_packs_until_its_results_are_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert kept.of("study", {}) is None
    with pytest.raises(ZeroDivisionError), kept.while_running("study"):
        packs.run(functools.partial(task, tmp_path / "log", 1), PACKS, 1, kept=kept.of("study", {}))
    assert len(list((kept.FOLDER / "study").iterdir())) == 1
    with kept.while_running("other"):
        pass
    assert (kept.FOLDER / "study").exists()
    with kept.while_running("study"):
        assert kept.of("study", {})
    assert not (kept.FOLDER / "study").exists()


def test_changed_code_takes_up_nothing(folder, monkeypatch):
    ran(folder)
    monkeypatch.setattr("reprise.pipeline.kept.code", lambda root: [b"other"])
    assert ran(folder)[0] == "012"


def test_a_changed_module_of_the_users_own_takes_up_nothing(folder, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_corridor.py").write_text("REWARD = 1\n")
    monkeypatch.delitem(sys.modules, "own_corridor", raising=False)
    importlib.import_module("own_corridor")
    ran(folder, fails=1)
    (tmp_path / "own_corridor.py").write_text("REWARD = 2\n")
    assert ran(folder)[0] == "012"
    assert ran(folder)[0] == ""


def test_every_file_of_the_users_own_environments_counts(tmp_path):
    (tmp_path / "environments/levels").mkdir(parents=True)
    seen = [list(kept.code(tmp_path))]
    for file in ("corridor.py", "levels/first.txt"):
        (tmp_path / "environments" / file).write_text("")
        seen.append(list(kept.code(tmp_path)))
    (tmp_path / "environments/corridor.pyc").write_text("")
    assert seen[0] != seen[1] != seen[2] == list(kept.code(tmp_path))
