"""Whatever goes wrong, no wrong file passes for a result, and two commands bring results back."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psutil
import pytest

from tests.repositories import Repository, environment
from tests.tiny import ROOT

STAGE = "markov_chain"
LONG = {"markov_chain__paths": 2_000_000}  # nobody waits for it, and it fits a machine
CACHED = "markov_chain/paths.csv"  # in these tests
METRICS = "markov_chain/metrics.json"


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository with committed results, of which tests take copies."""
    stages = [STAGE, f"reporting@{STAGE}"]
    made = Repository.make(tmp_path_factory.mktemp("committed"), stages)
    made.keep_in_cache(f"data/{CACHED}")
    done = made.dvc("repro")
    assert done.returncode == 0, done.stdout + done.stderr
    made.commit("Add the results")
    return made


@pytest.fixture
def repository(committed: Repository, tmp_path: Path) -> Iterator[Repository]:
    """Return a copy, which two commands bring back to what is committed."""
    copy = committed.copied(tmp_path / "repository")
    yield copy
    copy.git("checkout", "--quiet", ".")
    both = "import dvc.cli; print(dvc.cli.main(['checkout'])); dvc.cli.main(['status'])"
    done = copy.python("-c", both)  # loads DVC once
    assert done.stdout.endswith("0\nData and pipelines are up to date.\n"), done
    assert copy.results() == committed.results()
    assert not copy.git("status", "--porcelain")
    assert not list((copy.folder / "data" / STAGE).glob(".*.tmp"))


def started(repository: Repository, *words: str, **variables: str) -> subprocess.Popen[str]:
    """Start Python in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        [sys.executable, *words], cwd=repository.folder, env=environment(variables), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def awaited(
    process: subprocess.Popen[str], found: Callable[[list[psutil.Process]], bool]
) -> list[psutil.Process]:
    """Return all that a process has started, as soon as it is what is waited for."""
    latest = time.monotonic() + 120
    while time.monotonic() < latest and process.poll() is None:
        children = psutil.Process(process.pid).children(recursive=True)
        if found(children):
            return children
        time.sleep(0.05)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    raise AssertionError(process.communicate())


@cache
def loading() -> float:
    """Return the seconds of CPU that a stage needs before it can compute, here and now."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [sys.executable, "-c", f"import stages.{STAGE}"]
    subprocess.run(command, cwd=ROOT, env=environment({}), check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def is_in_the_middle(processes: list[psutil.Process]) -> bool:
    """Whether a stage has been computing for a while."""
    return any(
        f"stages.{STAGE}" in process.cmdline() and process.cpu_times().user > 1.5 * loading() + 1
        for process in processes
    )


def assert_ended(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=60)
    for process in alive:
        process.kill()
    assert not alive


def test_a_stage_ends_with_its_dvc_and_the_next_run_goes_through(repository, committed):
    repository.set(**LONG)
    dvc = started(repository, "-m", "dvc", "repro", STAGE)
    children = awaited(dvc, is_in_the_middle)
    dvc.kill()
    assert_ended(children)
    assert "markov_chain: interrupted" in dvc.communicate()[1]
    assert f"data/{METRICS}" in repository.git("ls-files", "--deleted")
    repository.git("checkout", "--quiet", "params.yaml")
    done = repository.dvc("repro")
    assert done.returncode == 0, done.stderr
    assert repository.results() == committed.results()


def test_ctrl_c_ends_dvc_and_its_stage_in_words(repository):
    repository.set(**LONG)
    # bash leaves its place to the stage; dash, where it is the user's, stays and ends by the signal
    dvc = started(repository, "-m", "dvc", "repro", STAGE, SHELL=str(shutil.which("bash")))
    children = awaited(dvc, is_in_the_middle)
    os.killpg(dvc.pid, signal.SIGINT)
    _, said = dvc.communicate()
    assert dvc.returncode == 255
    assert "markov_chain: interrupted\n" in said
    assert "exited with 130" in said
    assert "Traceback" not in said
    assert_ended(children)


def test_a_limit_to_the_size_of_files_is_reported_and_nothing_is_half_written(
    repository, committed
):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))

    done = subprocess.run(
        [sys.executable, "-m", f"stages.{STAGE}"], cwd=repository.folder, preexec_fn=limit,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = f"{STAGE}: data/{METRICS} cannot be written: File too large\n"
    assert (done.returncode, done.stderr) == (1, said)
    assert repository.results() == committed.results()


def cached(repository: Repository, result: str) -> Path:
    """Return where DVC's cache has a result."""
    from dvc.repo import Repo

    with Repo(str(repository.folder)) as repo:
        found = {out.def_path: out.cache_path for out in repo.index.outs}
    return Path(found[f"data/{result}"])


def change(path: Path) -> None:
    """Change a byte of a file and leave it as protected as it was."""
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:20] + b"?" + content[21:])
    path.chmod(0o444)


def test_a_cache_file_that_is_not_what_it_was_is_found_out(repository, committed):
    path, result = cached(repository, CACHED), repository.folder / "data" / CACHED
    change(path)
    result.unlink()
    both = "import dvc.cli; dvc.cli.main(['checkout']); dvc.cli.main(['status'])"
    assert "up to date" in repository.python("-c", both).stdout  # DVC takes it
    for module in ("verify", "reproduce"):
        done = repository.python("-m", f"reprise.site.{module}")
        assert done.returncode == 1
        said = f"{module}: not what dvc.lock names: {path.relative_to(repository.folder)}"
        assert done.stderr.startswith(said)
    for wrong in (path, result):
        wrong.unlink()
    shutil.copyfile(cached(committed, CACHED), path)  # as `dvc pull` does


def test_metrics_edited_by_hand_are_seen_not_published_and_made_anew(repository, committed):
    metrics = repository.folder / "data" / METRICS
    metrics.write_text(metrics.read_text().replace("16", "17"))
    assert f"modified:           data/{METRICS}" in repository.dvc("status").stdout
    for module in ("verify", "readme"):
        done = repository.python("-m", f"reprise.site.{module}")
        assert done.returncode == 1
        assert done.stderr.startswith(f"{module}: not what dvc.lock names: data/{METRICS}; ")
    assert repository.dvc("repro").returncode == 0
    assert repository.results() == committed.results()


def test_a_clone_with_line_endings_of_windows_has_the_same_bytes(committed, tmp_path):
    settings = ["--config", "core.autocrlf=true", "--config", "core.eol=crlf"]
    committed.git("clone", "--quiet", *settings, ".", str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")
    clone.dvc("config", "--local", "cache.dir", str(committed.folder / ".dvc/cache"))
    assert clone.dvc("checkout").returncode == 0
    assert clone.results() == committed.results()
    assert "up to date" in clone.dvc("status").stdout


def test_variables_and_settings_of_the_user_change_no_byte(tmp_path):
    (tmp_path / "keras").mkdir()
    settings = {"backend": "torch", "floatx": "float64", "epsilon": 0.1}
    (tmp_path / "keras/keras.json").write_text(json.dumps(settings))
    hostile = {
        "KERAS_BACKEND": "jax", "KERAS_HOME": str(tmp_path / "keras"), "TF_USE_LEGACY_KERAS": "1",
        "TF_ENABLE_ONEDNN_OPTS": "1", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
        "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2", "TF_NUM_INTRAOP_THREADS": "3",
        "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3", "PYTHONHASHSEED": "7",
        "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati", "PYTHONOPTIMIZE": "2",
    }  # fmt: skip
    repository = Repository.make(tmp_path / "repository", ["reinforce_training"])
    results = []
    for variables in ({}, hostile):
        done = repository.python(
            "-m", "stages.reinforce_training", REPRISE_WORKERS="1", **variables
        )
        assert done.returncode == 0, done.stderr
        results.append(repository.results())
    assert results[0]
    assert results[0] == results[1]
