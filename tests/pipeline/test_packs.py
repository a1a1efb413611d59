"""Packs give the same results however they run, and no worker fails or lives on unnoticed."""

import contextlib
import functools
import os
import re
import signal
from collections import Counter

import pytest

from reprise.errors import UserError
from reprise.pipeline import execution, packs
from reprise.pipeline.execution import HERE, WORKERS
from tests.pipeline import pack_tasks
from tests.pipeline.pack_tasks import EXPECTED, PACKS, gone, started


def test_results_do_not_depend_on_workers_or_on_further_packs(monkeypatch):
    monkeypatch.setenv(WORKERS, "2")
    there = packs.run(pack_tasks.draws, packs.cut(8, 4))
    monkeypatch.setenv(WORKERS, "1")
    here = packs.run(pack_tasks.draws, packs.cut(12, 4))
    assert [result.tobytes() for result in here[:2]] == [result.tobytes() for result in there]


def test_the_engine_and_the_number_of_workers_are_as_asked(monkeypatch):
    def processes(count: int, **changes: object) -> set[int]:
        with execution.used(HERE.model_copy(update=changes)):
            ran = packs.run(pack_tasks.slow_at_first, packs.cut(count, 1))
        return {process for _, process in ran}

    here = {os.getpid()}
    monkeypatch.delenv(WORKERS, raising=False)
    assert processes(3, workers=1) == processes(1, workers=2) == here
    monkeypatch.setenv(WORKERS, "2")
    assert processes(3, engine="inline") == here
    assert len(processes(3, workers=1) - here) == 2
    for text in ("two", "0", "1.5", "", "²"):
        monkeypatch.setenv(WORKERS, text)
        with pytest.raises(UserError) as error:
            processes(3)
        assert str(error.value) == f"REPRISE_WORKERS is {text!r}; allowed: a positive integer"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_exception_keeps_its_class_and_its_message_and_names_its_seeds(workers, monkeypatch):
    monkeypatch.setenv(WORKERS, workers)
    task = functools.partial(pack_tasks.fail, error=UserError("discount is 2; allowed: 0 to 1"))
    with pytest.raises(UserError, match="discount is 2; allowed: 0 to 1") as error:
        packs.run(task, packs.cut(8, 4, ["relu"]))
    assert error.value.__notes__[0] in ("relu seeds 0 to 3", "relu seeds 4 to 7")


def test_a_dead_worker_stops_the_stage_in_words_and_the_next_run_resumes(tmp_path):
    with started(tmp_path) as run:
        _, process = run.wait(packs=4)[-1]
        os.kill(process, signal.SIGKILL)
        _, said = run.process.communicate(timeout=60)
    assert run.process.returncode == 1
    assert "Traceback" not in said
    last = said.splitlines()[-1]
    assert re.match(r"slow@\S+: a worker process died \(exit code -9\), perhaps for lack", last)
    with started(tmp_path) as run:
        assert run.result() == EXPECTED
    assert max(Counter(pack for pack, _ in run.begun()).values()) == 2
    assert len(run.begun()) < 2 * PACKS - 1  # packs that were done did not run again
    assert not (tmp_path / ".reprise/checkpoints/slow").exists()


def test_ctrl_c_ends_the_workers_at_once_and_says_so_in_one_line(tmp_path):
    with started(tmp_path, seconds=9) as run:
        run.wait(packs=2)
        others = run.family()
        os.killpg(run.process.pid, signal.SIGINT)
        out, err = run.process.communicate(timeout=5)
    assert (run.process.returncode, out) == (130, "")
    assert re.sub("@.*:", "@folder:", err) == "slow@folder: interrupted\n"
    assert gone(others)


def test_workers_end_with_the_process_that_started_them(tmp_path):
    with contextlib.ExitStack() as stack:
        runs = [stack.enter_context(started(tmp_path / name, seconds=9)) for name in "ab"]
        for run, number in zip(runs, (signal.SIGTERM, signal.SIGKILL), strict=True):
            run.wait(packs=2)
            others = run.family()
            assert len(others) >= 2
            run.process.send_signal(number)
            run.process.wait()
            assert gone(others)
