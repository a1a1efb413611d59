"""Whatever goes wrong, no wrong file passes for a result, and two commands bring results back.

They go to a remote, a local folder or S3, and come back into a fresh clone as they were.
"""

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

import boto3
import psutil
import pytest
from moto.server import ThreadedMotoServer
from ruamel.yaml import YAML

from tests import tiny
from tests.repositories import Repository, environment
from tests.stages import executing
from tests.tiny import ROOT

STAGE = "markov_chain"
LONG = {"markov_chain__paths": 1_000_000}  # the most allowed; nobody waits for it
CACHED, TOO = "markov_chain/paths.csv", "markov_chain/transitions.csv"  # in these tests
METRICS = "markov_chain/metrics.json"


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository with committed results, of which tests take copies."""
    stages = [STAGE, f"reporting@{STAGE}"]
    made = Repository.make(tmp_path_factory.mktemp("committed"), stages)
    made.keep_in_cache(f"data/{CACHED}", f"data/{TOO}")
    run(made, "repro")
    made.commit("Add the results")
    assert not {f"data/{CACHED}", f"data/{TOO}"} & set(made.git("ls-files").split())
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


def run(repository: Repository, *words: str) -> None:
    """Run DVC, which must go through."""
    done = repository.dvc(*words)
    assert done.returncode == 0, done.stdout + done.stderr


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


@pytest.mark.parametrize("wanted", [signal.SIGKILL, signal.SIGINT])
def test_a_stage_ends_with_its_dvc_in_words_and_the_next_run_goes_through(
    repository, committed, wanted
):
    repository.set(**LONG)
    # bash leaves its place to the stage; dash, where it is the user's, stays and ends by the signal
    dvc = started(repository, "-m", "dvc", "repro", STAGE, SHELL=str(shutil.which("bash")))
    children = awaited(dvc, is_in_the_middle)
    dvc.kill() if wanted == signal.SIGKILL else os.killpg(dvc.pid, wanted)
    _, alive = psutil.wait_procs(children, timeout=60)
    for process in alive:
        process.kill()
    assert not alive
    said = dvc.communicate()[1]
    assert "markov_chain: interrupted\n" in said
    assert "Traceback" not in said
    assert dvc.returncode == (-wanted if wanted == signal.SIGKILL else 255)
    assert f"data/{METRICS}" in repository.git("ls-files", "--deleted")
    repository.git("checkout", "--quiet", "params.yaml")
    run(repository, "repro")
    assert repository.results() == committed.results()


def cached(repository: Repository, result: str) -> Path:
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
        said = f"{module}: does not match dvc.lock: {path.relative_to(repository.folder)}"
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
        assert done.stderr.startswith(f"{module}: does not match dvc.lock: data/{METRICS}; ")
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


def test_variables_and_settings_of_the_user_change_no_byte(tmp_path, tmp_path_factory):
    settings, name = {"backend": "torch", "floatx": "float64", "epsilon": 0.1}, "reinforce_training"
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    hostile = {
        "KERAS_BACKEND": "jax", "KERAS_HOME": str(tmp_path), "TF_USE_LEGACY_KERAS": "1",
        "TF_ENABLE_ONEDNN_OPTS": "1", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
        "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2", "TF_NUM_INTRAOP_THREADS": "3",
        "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3", "PYTHONHASHSEED": "7",
        "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati", "PYTHONOPTIMIZE": "2",
    }  # fmt: skip
    execution = tiny.sections()["execution"]
    YAML().dump({name: tiny.section(name), "execution": execution}, tmp_path / "params.yaml")
    command = [sys.executable, "-m", f"stages.{name}"]
    variables = environment(hostile | {"PYTHONPATH": str(ROOT), "REPRISE_WORKERS": "1"})
    subprocess.run(command, cwd=tmp_path, env=variables, check=True, capture_output=True)
    there = {path.name: path.read_bytes() for path in (tmp_path / "data" / name).iterdir()}
    assert there == executing.rendered(executing.trained(name, tmp_path_factory))


BUCKET, SECRET = "results", "known-to-nobody-but-the-environment"
CREDENTIALS = {"ACCESS_KEY_ID": "me", "SECRET_ACCESS_KEY": SECRET, "DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of an S3 with an empty bucket, its credentials in the environment only."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket=BUCKET)
    yield address
    server.stop()


def pushed(repository: Repository, address: str, **settings: str) -> Repository:
    """Push to a remote, wipe the cache, and return a clone that knows the remote."""
    run(repository, "remote", "add", "--local", "--default", "store", address)
    for name, value in {"verify": "true", **settings}.items():
        run(repository, "remote", "modify", "--local", "store", name, value)
    run(repository, "push")
    clone = Repository(repository.folder.with_name("clone"))
    repository.git("clone", "--quiet", ".", str(clone.folder))
    shutil.copyfile(repository.folder / ".dvc/config.local", clone.folder / ".dvc/config.local")
    shutil.rmtree(repository.folder / ".dvc/cache")
    return clone


def assert_comes_back(clone: Repository, committed: Repository) -> None:
    assert not (clone.folder / "data" / CACHED).exists()
    run(clone, "pull")
    assert clone.results() == committed.results()
    assert "Data and pipelines are up to date." in clone.dvc("status").stdout
    assert not clone.git("status", "--porcelain")
    assert clone.python("-m", "reprise.site.verify").returncode == 0


def test_results_come_back_from_a_folder_and_a_file_that_was_changed_there_does_not(
    committed, tmp_path
):
    repository = committed.copied(tmp_path / "repository")
    name = cached(repository, CACHED).relative_to(repository.folder / ".dvc/cache")
    clone = pushed(repository, str(tmp_path / "remote"))
    assert_comes_back(clone, committed)
    change(tmp_path / "remote" / name)
    shutil.rmtree(clone.folder / ".dvc/cache")
    (clone.folder / "data" / CACHED).unlink()
    done = clone.dvc("pull")
    assert done.returncode == 1
    assert f"data/{CACHED}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (clone.folder / "data" / CACHED).exists()
    assert "not in cache" in clone.dvc("status").stdout


def test_results_come_back_from_s3_and_no_file_holds_the_secret(committed, tmp_path, storage):
    """As docs/remotes.md says."""
    repository = committed.copied(tmp_path / "repository")
    clone = pushed(repository, f"s3://{BUCKET}/reprise", endpointurl=storage)
    assert_comes_back(clone, committed)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]
