"""An interrupted stage takes up its finished packs as they were written, or not at all."""

import contextlib
import functools
from pathlib import Path

import pytest

from reprise.pipeline import checkpoints, packs
from tests.pipeline import pack_tasks

FOLDER = checkpoints.FOLDER / "study"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPRISE_WORKERS", "1")
    return tmp_path


def task(learning_rate: float, pack: packs.Pack) -> bytes:
    """Return a pack's draws, note that it ran, and stop where "stop" says."""
    if Path("stop").exists() and f"{pack.index}" == Path("stop").read_text():
        raise KeyboardInterrupt
    with Path("log").open("a") as file:
        file.write(f"{pack.index}")
    return (learning_rate * pack_tasks.draws(pack)).tobytes()


def ran(stop: str = "", learning_rate: float = 1.0) -> tuple[str, list[bytes]]:
    """Run all packs in a stage that is interrupted; return those that ran, and the results."""
    Path("log").write_text("")
    Path("stop").write_text(stop)
    results: list[bytes] = []
    with contextlib.suppress(KeyboardInterrupt), checkpoints.while_running("study"):
        results += packs.run(functools.partial(task, learning_rate), packs.cut(12, 4))
        raise KeyboardInterrupt
    return Path("log").read_text(), results


def test_an_interrupted_run_goes_on_where_it_stopped_and_gives_the_same_bytes(capsys):
    assert ran(stop="1") == ("0", [])
    assert ran(stop="2") == ("1", [])
    capsys.readouterr()
    third = ran()
    assert third[0] == "2"
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "packs: 2 of 3 packs kept from the last run"
    assert said[-1].startswith("packs: 3 of 3 packs done")
    assert ran() == ("", third[1])
    with checkpoints.while_running("study"):
        pass  # ends well
    assert not FOLDER.exists()
    assert ran() == ("012", third[1])


@pytest.mark.parametrize("change", ["cut", "altered", "empty"])
def test_a_file_that_is_not_as_it_was_written_is_no_result(change):
    _, whole = ran()
    first, *_ = FOLDER.iterdir()
    content = first.read_bytes()
    altered = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
    first.write_bytes({"cut": content[:-7], "altered": altered, "empty": b""}[change])
    again, results = ran()
    assert (len(again), results) == (1, whole)


def test_other_parameters_or_a_changed_environment_of_the_users_own_take_up_nothing(
    here, monkeypatch
):
    monkeypatch.setattr(checkpoints, "ROOT", here)
    own = here / "environments/corridor.py"
    own.parent.mkdir()
    own.write_text("REWARD = 1\n")
    ran()
    assert ran(learning_rate=2.0)[0] == "012"
    assert ran()[0] == ""
    own.write_text("REWARD = 2\n")
    assert ran()[0] == "012"
