"""Results go to a remote, a local folder or S3, and come back into a fresh clone as they were."""

import hashlib
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.repositories import Repository, environment

BUCKET = "results"
SECRET = "known-to-nobody-but-the-environment"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
}  # fmt: skip
STAGE = "markov_chain"
FILES = [f"data/{STAGE}/paths.csv", f"data/{STAGE}/transitions.csv"]

Start = Callable[..., Any]


class Storage:
    """An S3 of its own, which tells of each object that is about to be stored."""

    def __init__(self) -> None:
        """Serve nothing yet."""
        self.application = DomainDispatcherApplication(create_backend_app)
        self.before_storing: Callable[[], None] = lambda: None
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __call__(self, request: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer a request, as WSGI has it."""
        if request["REQUEST_METHOD"] == "PUT" and request["PATH_INFO"].count("/") > 1:
            self.before_storing()
        return self.application(request, start)

    @property
    def client(self) -> Any:
        """Return what speaks with it."""
        return boto3.client("s3", endpoint_url=self.url)

    def names(self) -> list[str]:
        """Return the names of all objects."""
        return [
            found["Key"] for found in self.client.list_objects(Bucket=BUCKET).get("Contents", [])
        ]


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Return an S3 that runs, with an empty bucket, its credentials in the environment only."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    running = Storage()
    thread = threading.Thread(target=running.server.serve_forever)
    thread.start()
    running.client.create_bucket(Bucket=BUCKET)
    yield running
    running.client.close()
    for name in running.names():
        running.client.delete_object(Bucket=BUCKET, Key=name)
    running.client.delete_bucket(Bucket=BUCKET)
    running.server.shutdown()
    thread.join()
    running.server.server_close()


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository with committed results, some of them in DVC's cache."""
    made = Repository.make(tmp_path_factory.mktemp("committed"), [STAGE])
    made.keep_in_cache(*FILES)
    run(made, "repro")
    made.commit("Add the results")
    assert not set(FILES) & set(made.git("ls-files").split())
    return made


@pytest.fixture
def repository(committed: Repository, tmp_path: Path) -> Repository:
    """Return a copy."""
    return committed.copied(tmp_path / "repository")


def clone(repository: Repository) -> Repository:
    """Return a clone that knows the same remotes."""
    folder = repository.folder.with_name("clone")
    repository.git("clone", "--quiet", ".", str(folder))
    shutil.copyfile(repository.folder / ".dvc/config.local", folder / ".dvc/config.local")
    return Repository(folder)


def use_folder(repository: Repository) -> Path:
    """Make a folder the remote, as the README says."""
    folder = repository.folder.with_name("remote")
    run(repository, "remote", "add", "--local", "--default", "store", str(folder))
    run(repository, "remote", "modify", "--local", "store", "verify", "true")
    return folder


def use_storage(repository: Repository, storage: Storage) -> None:
    """Make an S3 the remote, as the README says."""
    run(repository, "remote", "add", "--local", "--default", "s3", f"s3://{BUCKET}/reprise")
    run(repository, "remote", "modify", "--local", "s3", "verify", "true")
    run(repository, "remote", "modify", "--local", "s3", "endpointurl", storage.url)


def run(repository: Repository, *words: str, **variables: str) -> None:
    """Run DVC, which must go through."""
    done = repository.dvc(*words, **variables)
    assert done.returncode == 0, done.stdout + done.stderr


def assert_comes_back(repository: Repository, committed: Repository) -> None:
    """Wipe the cache, clone, pull and compare every byte."""
    shutil.rmtree(repository.folder / ".dvc/cache")
    fresh = clone(repository)
    assert not (fresh.folder / FILES[0]).exists()
    run(fresh, "pull")
    assert fresh.results() == committed.results()
    assert "Data and pipelines are up to date." in fresh.dvc("status").stdout
    assert not fresh.git("status", "--porcelain")
    assert fresh.python("-m", "reprise.site.verify").returncode == 0


def assert_refused(repository: Repository) -> None:
    """Pull into a fresh clone what the remote does not hold as it was."""
    fresh = clone(repository)
    done = fresh.dvc("pull")
    assert done.returncode == 1
    assert FILES[0] in done.stderr
    assert "Traceback" not in done.stderr
    assert not (fresh.folder / FILES[0]).exists()
    assert "not in cache" in fresh.dvc("status").stdout


def digest(repository: Repository) -> str:
    """Return the name by which the remote has a file: two letters, a slash, the rest."""
    content = (repository.folder / FILES[0]).read_bytes()
    name = hashlib.md5(content).hexdigest()
    return f"files/md5/{name[:2]}/{name[2:]}"


def test_results_come_back_from_a_folder(repository, committed):
    use_folder(repository)
    run(repository, "push")
    assert_comes_back(repository, committed)


def test_results_come_back_from_s3(repository, committed, storage):
    use_storage(repository, storage)
    run(repository, "push")
    assert len(storage.names()) == len(FILES)
    assert_comes_back(repository, committed)
    written = [path for path in repository.folder.rglob("*") if path.is_file()]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]


def test_a_file_that_was_changed_in_a_folder_is_not_pulled(repository):
    path = use_folder(repository) / digest(repository)
    run(repository, "push")
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:20] + b"?" + content[21:])
    path.chmod(0o444)
    assert_refused(repository)


def test_an_object_that_was_cut_off_in_s3_is_not_pulled(repository, storage):
    use_storage(repository, storage)
    run(repository, "push")
    content = (repository.folder / FILES[0]).read_bytes()
    name = f"reprise/{digest(repository)}"
    storage.client.put_object(Bucket=BUCKET, Key=name, Body=content[:-30])
    assert_refused(repository)


def test_a_push_that_was_killed_is_completed_by_the_next(repository, committed, storage):
    use_storage(repository, storage)
    begun: list[str] = []
    pushing: list[subprocess.Popen[bytes]] = []

    def kill_at_the_first() -> None:
        begun.append("an object")
        if len(begun) == 1:
            pushing[0].kill()
            pushing[0].wait()

    storage.before_storing = kill_at_the_first
    pushing.append(
        subprocess.Popen(
            [sys.executable, "-m", "dvc", "push", "--jobs", "1"], cwd=repository.folder,
            env=environment({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
    )  # fmt: skip
    assert pushing[0].wait() == -signal.SIGKILL
    assert len(storage.names()) < len(FILES)
    storage.before_storing = lambda: None
    run(repository, "push")
    assert len(storage.names()) == len(FILES)
    assert_comes_back(repository, committed)
