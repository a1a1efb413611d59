"""Packs give the same results however they are run, and no worker fails or stays unnoticed."""

import functools
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise.errors import PlainError, UserError
from reprise.pipeline import execution, packs
from reprise.pipeline.execution import Execution
from reprise.pipeline.packs import Pack, WorkerError
from tests.pipeline import pack_tasks

ROOT = Path(__file__).parents[2]


def test_packs_follow_one_another():
    cut = packs.cut(12, 4)
    assert cut == [Pack(0, 0, 4), Pack(1, 4, 4), Pack(2, 8, 4)]
    assert [seed for pack in cut for seed in pack.seeds] == list(range(12))


def test_the_last_pack_may_be_smaller():
    assert packs.cut(10, 4) == [Pack(0, 0, 4), Pack(1, 4, 4), Pack(2, 8, 2)]
    assert packs.cut(3, 4) == [Pack(0, 0, 3)]


@pytest.mark.parametrize(("seeds", "pack_size"), [(0, 4), (3, 0), (-1, 4)])
def test_no_seed_and_no_pack_size_are_refused(seeds, pack_size):
    with pytest.raises(ValueError, match=f"^{seeds} seeds in packs of {pack_size}; allowed: at le"):
        packs.cut(seeds, pack_size)


def test_results_do_not_depend_on_workers_or_on_further_packs():
    here = packs.run(pack_tasks.draws, packs.cut(12, 4), workers=1)
    there = packs.run(pack_tasks.draws, packs.cut(12, 4), workers=2)
    fewer = packs.run(pack_tasks.draws, packs.cut(8, 4), workers=2)
    assert [result.tobytes() for result in here] == [result.tobytes() for result in there]
    assert [result.tobytes() for result in here[:2]] == [result.tobytes() for result in fewer]


def test_results_come_in_the_order_of_packs_from_as_many_processes_as_asked_for():
    results = packs.run(pack_tasks.slow_at_first, packs.cut(5, 1), workers=2)
    assert [index for index, _ in results] == [0, 1, 2, 3, 4]
    processes = {process for _, process in results}
    assert len(processes) == 2
    assert os.getpid() not in processes


@pytest.mark.parametrize(("count", "workers"), [(1, 8), (3, 1)])
def test_one_pack_or_one_worker_needs_no_process(count, workers):
    results = packs.run(pack_tasks.slow_at_first, packs.cut(count, 1), workers=workers)
    assert {process for _, process in results} == {os.getpid()}


def test_packs_need_not_be_numbered_from_0():
    results = packs.run(pack_tasks.slow_at_first, packs.cut(3, 1)[1:], workers=2)
    assert [index for index, _ in results] == [1, 2]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_names_its_pack(workers):
    task = functools.partial(pack_tasks.fail_in_pack_1, kind="raise")
    with pytest.raises(ZeroDivisionError) as error:
        packs.run(task, packs.cut(12, 4), workers=workers)
    assert str(error.value) == "no steps"
    assert error.value.__notes__ == ["pack 2 of 3, seeds 4 to 7"]
    if workers == 2:
        assert 'raise ZeroDivisionError("no steps")' in str(error.value.__cause__)


def test_a_user_error_in_a_worker_stays_one():
    task = functools.partial(pack_tasks.fail_in_pack_1, kind="user")
    with pytest.raises(UserError) as error:
        packs.run(task, packs.cut(8, 4), workers=2)
    assert str(error.value) == "discount is 2; allowed: a number from 0 to 1"
    assert error.value.__notes__ == ["pack 2 of 2, seeds 4 to 7"]


def test_an_exception_that_cannot_travel_is_told_by_its_name():
    task = functools.partial(pack_tasks.fail_in_pack_1, kind="awkward")
    with pytest.raises(RuntimeError) as error:
        packs.run(task, packs.cut(8, 4), workers=2)
    assert str(error.value) == "AwkwardError: s0, a1"
    assert error.value.__notes__ == ["pack 2 of 2, seeds 4 to 7"]


def test_a_result_that_cannot_travel_is_an_exception_of_its_pack():
    task = functools.partial(pack_tasks.fail_in_pack_1, kind="result")
    with pytest.raises(Exception, match=r"(?i)pickle") as error:
        packs.run(task, packs.cut(8, 4), workers=2)
    assert error.value.__notes__ == ["pack 2 of 2, seeds 4 to 7"]


@pytest.mark.parametrize(
    ("kind", "end"),
    [("kill", "was killed by SIGKILL; is memory short?"), ("exit", "ended with exit code 3")],
)
def test_a_worker_that_dies_is_named_by_its_pack(kind, end):
    task = functools.partial(pack_tasks.fail_in_pack_1, kind=kind)
    with pytest.raises(WorkerError) as error:
        packs.run(task, packs.cut(12, 4), workers=2)
    assert str(error.value) == f"the worker of pack 2 of 3, seeds 4 to 7 {end} (3 times)"
    assert isinstance(error.value, PlainError)
    assert error.value.exit_code == 1


@pytest.fixture
def long_stage(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A stage busy on two workers, and the ids of its workers."""
    (tmp_path / "params.yaml").write_text("markov_chain:\n  steps: 8\n")
    (tmp_path / "busy").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.pack_tasks", str(tmp_path / "busy")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
        # A shell's background job ignores SIGINT, and so would whatever the tests start in it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 30
    while len(list((tmp_path / "busy").iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    yield process, [int(path.name) for path in (tmp_path / "busy").iterdir()]
    process.kill()
    process.communicate()


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone(processes: list[int]) -> bool:
    """Return whether the processes end within two seconds."""
    deadline = time.monotonic() + 2
    while any(map(alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(alive, processes))


def test_ctrl_c_ends_the_workers_at_once_and_says_so_in_one_line(long_stage):
    process, workers = long_stage
    assert len(workers) == 2
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=5)
    assert process.returncode == 130
    assert (out, re.sub("@.*:", "@folder:", err)) == ("", "markov_chain@folder: interrupted\n")
    assert gone(workers)


def test_workers_end_with_the_process_that_started_them(long_stage):
    process, workers = long_stage
    assert len(workers) == 2
    process.kill()
    process.wait()
    assert gone(workers)


def test_progress_is_plain_lines_where_there_is_no_terminal(capsys):
    packs.run(
        pack_tasks.draws,
        packs.cut(8, 4),
        workers=1,
        label="dqn_training",
        describe=lambda results: f"{sum(map(len, results))} seeds so far",
    )
    out, err = capsys.readouterr()
    assert out == ""
    assert re.sub(r"\d\.\d s", "T", err) == (
        "dqn_training: 1 of 2 packs done, T, 4 seeds so far\n"
        "dqn_training: 2 of 2 packs done, T, 8 seeds so far\n"
    )


def test_the_metric_so_far_is_of_the_results_so_far_in_the_order_of_packs(capsys):
    packs.run(
        pack_tasks.slow_at_first,
        packs.cut(12, 4),
        workers=2,
        describe=lambda results: f"of {[index for index, _ in results]}",
    )
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("of ")[-1] for line in lines] == ["[1]", "[1, 2]", "[0, 1, 2]"]


def test_progress_is_one_bar_on_a_terminal():
    script = """if __name__ == "__main__":
        from reprise.pipeline import packs
        from tests.pipeline import pack_tasks
        packs.run(pack_tasks.slow_at_first, packs.cut(8, 4), label="dqn_training",
                  describe=lambda results: f"{len(results)} so far")"""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "REPRISE_WORKERS": "1"}
    command = [sys.executable, "-B", "-c", script]
    subprocess.run(command, stderr=theirs, cwd=ROOT, env=environment, check=True, timeout=30)
    os.set_blocking(ours, False)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    os.close(theirs)
    assert "\n" not in shown
    bars = [bar.strip() for bar in shown.split("\r")]
    assert any(
        re.fullmatch(r"dqn_training: .* 1 of 2 packs, \d\d:\d\d, 1 so far", bar) for bar in bars
    )


@pytest.mark.parametrize("text", ["two", "0", "-1", "1.5", "", "²"])
def test_a_number_of_workers_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("REPRISE_WORKERS", text)
    with pytest.raises(UserError) as error:
        packs.run(pack_tasks.draws, packs.cut(8, 4))
    assert str(error.value) == f"REPRISE_WORKERS is {text!r}; allowed: a positive integer"


def test_the_number_of_workers_is_given_or_in_the_environment_or_in_the_parameters(monkeypatch):
    two = Execution(engine="processes", address=None, workers=2)
    monkeypatch.setenv("REPRISE_WORKERS", "7")
    with execution.used(two):
        assert execution.worker_count() == 7
        assert execution.worker_count(3) == 3
        monkeypatch.delenv("REPRISE_WORKERS")
        assert execution.worker_count() == 2
    assert execution.worker_count() is None  # which is one for each CPU
    with pytest.raises(UserError, match=r"^workers is 0; allowed: a positive integer$"):
        execution.worker_count(0)


def test_the_pipeline_does_not_load_tensorflow():
    modules = [f"pipeline.{name}" for name in ("artifacts", "packs", "parameters", "stage")]
    modules += ["pipeline.notebooks", "site.reproduce"]
    script = "import sys; " + "; ".join(f"import reprise.{name}" for name in modules)
    script += "; print({'tensorflow', 'keras', 'reprise.nn.determinism'} & set(sys.modules))"
    command = [sys.executable, "-B", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=60)
    assert done.stdout == "set()\n"
