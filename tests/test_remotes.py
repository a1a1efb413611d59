"""Results go to a remote, a local folder or S3, and come back into a fresh clone as they were."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.repositories import Repository

BUCKET = "results"
SECRET = "known-to-nobody-but-the-environment"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
}  # fmt: skip
STAGE = "markov_chain"
FILES = [f"data/{STAGE}/paths.csv", f"data/{STAGE}/transitions.csv"]


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of an S3 with an empty bucket, its credentials in the environment only."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket=BUCKET)
    yield address
    server.stop()


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


def test_results_come_back_from_a_folder_and_a_file_that_was_changed_there_does_not(
    repository, committed
):
    folder = use_folder(repository)
    run(repository, "push")
    content = (repository.folder / FILES[0]).read_bytes()
    assert_comes_back(repository, committed)
    shutil.rmtree(repository.folder.with_name("clone"))
    name = hashlib.md5(content).hexdigest()
    path = folder / "files/md5" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(content[:20] + b"?" + content[21:])
    path.chmod(0o444)
    assert_refused(repository)


def test_results_come_back_from_s3_and_no_file_holds_the_secret(repository, committed, storage):
    """As the README says."""
    run(repository, "remote", "add", "--local", "--default", "s3", f"s3://{BUCKET}/reprise")
    run(repository, "remote", "modify", "--local", "s3", "verify", "true")
    run(repository, "remote", "modify", "--local", "s3", "endpointurl", storage)
    run(repository, "push")
    assert_comes_back(repository, committed)
    written = [path for path in repository.folder.rglob("*") if path.is_file()]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]
