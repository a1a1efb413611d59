"""Packs give the same results however they run, and no worker fails or lives on unnoticed."""

import contextlib
import functools
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections import Counter

import pytest

from reprise.errors import UserError
from reprise.pipeline import execution, packs, parameters
from reprise.pipeline.execution import HERE, WORKERS, Execution
from reprise.pipeline.packs import Pack, WorkerError
from tests.pipeline import pack_tasks
from tests.pipeline.slow_stage import EXPECTED, PACKS, gone, started
from tests.tiny import ROOT


@pytest.fixture(autouse=True)
def two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "2")


def test_packs_follow_one_another_and_the_last_may_be_smaller():
    cut = packs.cut(10, 4)
    assert cut == [Pack(0, 0, 4), Pack(1, 4, 4), Pack(2, 8, 2)]
    assert [seed for pack in cut for seed in pack.seeds] == list(range(10))
    assert packs.cut(3, 2, ["a", "b"])[2:] == [Pack(2, 0, 2, "b"), Pack(3, 2, 1, "b")]
    some = packs.cut({"a": 3, "b": 1}.__getitem__, 2, ["a", "b"])
    assert some == [Pack(0, 0, 2, "a"), Pack(1, 2, 1, "a"), Pack(2, 0, 1, "b")]


def test_results_do_not_depend_on_workers_or_on_further_packs(monkeypatch):
    there = packs.run(pack_tasks.draws, packs.cut(8, 4))
    monkeypatch.setenv(WORKERS, "1")
    here = packs.run(pack_tasks.draws, packs.cut(12, 4))
    assert [result.tobytes() for result in here[:2]] == [result.tobytes() for result in there]


def test_results_and_the_metric_so_far_are_in_the_order_of_packs(capsys):
    def describe(results: list[tuple[int, int]]) -> str:
        return f"of {[index for index, _ in results]}"

    cut = packs.cut(4, 1)[1:]
    cut[0] = cut[0]._replace(index=0)  # the slow one
    results = packs.run(pack_tasks.slow_at_first, cut, label="dqn_training", describe=describe)
    assert [index for index, _ in results] == [0, 2, 3]
    processes = {process for _, process in results}
    assert len(processes) == 2
    assert os.getpid() not in processes
    out, err = capsys.readouterr()
    assert out == ""
    assert re.sub(r"\d\.\d s", "T", err) == (
        "dqn_training: 1 of 3 packs done, T, of [2]\n"
        "dqn_training: 2 of 3 packs done, T, of [2, 3]\n"
        "dqn_training: 3 of 3 packs done, T, of [0, 2, 3]\n"
    )


@pytest.mark.parametrize(("count", "workers"), [(1, "8"), (3, "1")])
def test_one_pack_or_one_worker_needs_no_process(count, workers, monkeypatch):
    monkeypatch.setenv(WORKERS, workers)
    results = packs.run(pack_tasks.slow_at_first, packs.cut(count, 1))
    assert {process for _, process in results} == {os.getpid()}


@pytest.mark.parametrize(
    ("kind", "kept", "message", "workers"),
    [
        ("raise", ZeroDivisionError, "no steps", "2"),
        ("raise", ZeroDivisionError, "no steps", "1"),
        ("user", UserError, "discount is 2; allowed: a number from 0 to 1", "2"),
    ],
)
def test_an_exception_keeps_its_class_its_message_and_its_pack(
    kind, kept, message, workers, monkeypatch
):
    monkeypatch.setenv(WORKERS, workers)
    task = functools.partial(pack_tasks.fail_in_pack_1, kind=kind)
    with pytest.raises(kept) as error:
        packs.run(task, packs.cut(12, 4))
    assert str(error.value) == message
    assert error.value.__notes__ == ["pack 2 of 3, seeds 4 to 7"]
    assert workers == "1" or "in fail_in_pack_1" in str(error.value.__cause__)


@pytest.mark.parametrize(
    ("kind", "end"), [("kill", "-9, it was killed; is memory short?"), ("exit", "3")]
)
def test_a_worker_that_dies_is_reported_with_the_packs_it_may_have_run(kind, end):
    task = functools.partial(pack_tasks.fail_in_pack_1, kind=kind)
    with pytest.raises(WorkerError) as error:
        packs.run(task, packs.cut(12, 4))
    assert str(error.value) == f"a worker ended with exit code {end}"
    assert error.value.__cause__
    assert "pack 2 of 3, seeds 4 to 7" in error.value.__cause__.__notes__[0].split(" or ")
    assert error.value.exit_code == 1


def test_a_dead_worker_stops_the_stage_and_the_next_run_goes_on(tmp_path):
    with started(tmp_path) as run:
        _, process = run.wait(packs=4)[-1]
        os.kill(process, signal.SIGKILL)
        _, said = run.process.communicate(timeout=60)
    assert run.process.returncode == 1
    last = said.splitlines()[-1]
    assert re.search(r"a worker ended with exit code -9.*\(pack \d of 6, seeds", last)
    with started(tmp_path) as run:
        assert run.result() == EXPECTED
    assert max(Counter(pack for pack, _ in run.begun()).values()) == 2
    assert len(run.begun()) < 2 * PACKS - 1  # packs that were done did not run again
    assert not (tmp_path / ".reprise/checkpoints/slow").exists()


def test_ctrl_c_ends_the_workers_at_once_and_says_so_in_one_line(tmp_path):
    with started(tmp_path) as run:
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


def test_progress_is_one_bar_on_a_terminal():
    script = """if __name__ == "__main__":
        from reprise.pipeline import packs
        from tests.pipeline import pack_tasks
        packs.run(pack_tasks.slow_at_first, packs.cut(8, 4), label="dqn_training",
                  describe=lambda results: f"{len(results)} so far")"""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    environment = os.environ | {"PYTHONPATH": str(ROOT), WORKERS: "1"}
    command = [sys.executable, "-B", "-c", script]
    subprocess.run(command, stderr=theirs, cwd=ROOT, env=environment, check=True, timeout=30)
    os.set_blocking(ours, False)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    os.close(theirs)
    assert "\n" not in shown
    bar = r"dqn_training: .* 1 of 2 packs, \d\d:\d\d, 1 so far"
    assert any(re.fullmatch(bar, line.strip()) for line in shown.split("\r"))


def test_the_number_of_workers_is_in_the_environment_or_in_the_parameters(monkeypatch):
    def processes() -> int:
        return len({process for _, process in packs.run(pack_tasks.slow_at_first, packs.cut(3, 1))})

    with execution.used(HERE.model_copy(update={"workers": 1})):
        assert execution.current().workers == 1
        assert processes() == 2
        monkeypatch.delenv(WORKERS)
        assert processes() == 1
    assert execution.current() is HERE


@pytest.mark.parametrize("text", ["two", "0", "1.5", "", "²"])
def test_a_number_of_workers_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv(WORKERS, text)
    with pytest.raises(UserError) as error:
        packs.run(pack_tasks.draws, packs.cut(8, 4))
    assert str(error.value) == f"REPRISE_WORKERS is {text!r}; allowed: a positive integer"


def test_the_committed_section_is_allowed_and_no_stage_tracks_it():
    assert parameters.load("execution", Execution, ROOT / "params.yaml") == HERE
    assert "execution" not in (ROOT / "dvc.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": "rai"}, "engine is 'rai'; allowed: one of inline, processes, ray; did you"),
        *(
            ({"address": address}, f"address is {address!r}; allowed: HOST:PORT, or null")
            for address in ("", "10.0.0.1", "10.0.0.1:", "ray://head:10001", "a b:1")
        ),
        (
            {"engine": "inline", "address": "head:6379"},
            "address is 'head:6379'; allowed: null, unless engine is ray (it is inline)",
        ),
        *(({"workers": workers}, "workers is ") for workers in (0, -1, 1.5, True, "2")),
    ],
)
def test_a_bad_value_of_the_section_is_refused_with_what_is_allowed(changes, message):
    section = {"engine": "ray", "address": None, "workers": None} | changes
    with pytest.raises(UserError) as error:
        parameters.checked(section, "execution", Execution)
    assert str(error.value).startswith(f"execution.{message}")


def test_the_pipeline_does_not_load_tensorflow():
    modules = [f"pipeline.{name}" for name in ("artifacts", "packs", "parameters", "stage")]
    modules += ["pipeline.notebooks", "site.reproduce"]
    script = "import sys; " + "; ".join(f"import reprise.{name}" for name in modules)
    script += "; print({'tensorflow', 'keras', 'reprise.nn.determinism'} & set(sys.modules))"
    command = [sys.executable, "-B", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=60)
    assert done.stdout == "set()\n"
