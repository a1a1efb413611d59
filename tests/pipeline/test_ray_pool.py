"""Ray: the same bytes as without it, whatever dies; reached by nobody else; gone when it is done.

The cluster is a real one of two nodes, at two addresses of this machine's loopback.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
HEAD, OTHER = "127.0.0.2", "127.0.0.3"
LISTENING = "0A"


class Cluster:
    """Nodes of a Ray cluster, each with one CPU."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server((HEAD, 0)) as free:
            self.address = f"{HEAD}:{free.getsockname()[1]}"
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, host: str, **environment: str) -> None:
        """Start a node, the first one as the head, and wait until it is there."""
        port = self.address.partition(":")[2]
        where = [f"--address={self.address}"]
        if host == HEAD:
            where = ["--head", f"--port={port}", f"--temp-dir={self.folder}"]
            where.append("--include-dashboard=false")
        with (self.folder / f"{host}.log").open("wb") as log:
            self.nodes[host] = subprocess.Popen(
                [
                    *(sys.executable, "-m", "ray.scripts.scripts", "start", *where, "--block"),
                    *(f"--node-ip-address={host}", "--num-cpus=1"),
                    "--object-store-memory=100000000",
                ],
                env=ENVIRONMENT | environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while b"Ray runtime started" not in (self.folder / f"{host}.log").read_bytes():
            assert time.monotonic() < deadline, (self.folder / f"{host}.log").read_text()
            time.sleep(0.1)

    def lose(self, host: str) -> None:
        """End a node and all its workers, as a power cut would."""
        node = self.nodes.pop(host)
        for process in [
            *psutil.Process(node.pid).children(recursive=True),
            psutil.Process(node.pid),
        ]:
            process.kill()
        node.wait()


ENVIRONMENT = os.environ | {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "0123456789abcdef" * 4,
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of two nodes."""
    # A socket's path may have no more than 107 characters: pytest's own folder is too deep.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as short:
        made = Cluster(Path(short))
        try:
            made.start(HEAD)
            made.start(OTHER)
            yield made
        finally:
            for host in reversed(list(made.nodes)):
                made.lose(host)


@contextlib.contextmanager
def started(engine: str, address: str, work: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a run in a process group of its own; in the end it is over."""
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.ray_runs", engine, address, work, str(folder)],
        cwd=ROOT, env=ENVIRONMENT, text=True, stderr=subprocess.PIPE, start_new_session=True,
        # A shell's background job ignores SIGINT, and so would whatever the tests start in it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        yield run
    finally:
        run.kill()
        run.communicate()


def finished(run: subprocess.Popen[str], folder: Path) -> object:
    """Return the result of a run that goes well."""
    _, err = run.communicate(timeout=240)
    assert run.returncode == 0, err
    return json.loads((folder / "result.json").read_text())


def result(engine: str, address: str, work: str, folder: Path) -> object:
    folder.mkdir()
    with started(engine, address, work, folder) as run:
        return finished(run, folder)


def notes(folder: Path) -> list[tuple[int, int]]:
    """Return packs and processes in the order in which they were begun."""
    found = [path.name.split() for path in folder.iterdir() if path.name != "result.json"]
    return [
        (int(pack), int(process)) for pack, process, _ in sorted(found, key=lambda f: int(f[2]))
    ]


def begun(folder: Path, count: int) -> list[tuple[int, int]]:
    """Wait until so many packs were begun."""
    deadline = time.monotonic() + 60
    while len(notes(folder)) < count:
        assert time.monotonic() < deadline, notes(folder)
        time.sleep(0.05)
    return notes(folder)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> object:
    """What the slow packs give without any worker."""
    return result("inline", "", "slowly", tmp_path_factory.mktemp("inline") / "run")


def test_a_training_has_the_same_bytes_on_every_engine(cluster, tmp_path):
    results = [
        result(engine, address, "reinforce_training", tmp_path / f"{number}")
        for number, (engine, address) in enumerate(
            [("inline", ""), ("processes", ""), ("ray", ""), ("ray", cluster.address)]
        )
    ]
    assert "weights.npz" in results[0]  # pyright: ignore[reportOperatorIssue]
    assert all(other == results[0] for other in results[1:])


def test_both_nodes_of_a_cluster_take_part(cluster, expected, tmp_path):
    assert result("ray", cluster.address, "slowly", tmp_path / "run") == expected
    assert len({process for _, process in notes(tmp_path / "run")}) == 2


@pytest.mark.parametrize("engine", ["processes", "ray", "cluster"])
def test_a_killed_worker_costs_its_pack_only(engine, cluster, expected, tmp_path):
    address = cluster.address if engine == "cluster" else ""
    with started(engine.replace("cluster", "ray"), address, "slowly", tmp_path) as run:
        pack, process = begun(tmp_path, 2)[1]
        os.kill(process, signal.SIGKILL)
        assert finished(run, tmp_path) == expected
    times = Counter(pack for pack, _ in notes(tmp_path))
    assert times == {number: 1 + (number == pack) for number in range(6)}


def test_a_node_without_what_the_lock_names_is_refused_by_name(cluster, tmp_path):
    (tmp_path / "numba-0.1.dist-info").mkdir()
    (tmp_path / "numba-0.1.dist-info/METADATA").write_text("Name: numba\nVersion: 0.1\n")
    cluster.lose(OTHER)
    cluster.start(OTHER, PYTHONPATH=f"{tmp_path}:{ROOT}")
    with started("ray", cluster.address, "slowly", tmp_path) as run:
        _, err = run.communicate(timeout=120)
    assert run.returncode == 2
    assert "a node of the Ray cluster has numba 0.1, this machine " in err.splitlines()[-1]
    cluster.lose(OTHER)
    cluster.start(OTHER)


def test_a_lost_node_costs_its_packs_only(cluster, expected, tmp_path):
    with started("ray", cluster.address, "slowly", tmp_path) as run:
        begun(tmp_path, 2)
        mine = {process.pid for process in family(cluster.nodes[OTHER])}
        lost = [pack for pack, process in notes(tmp_path) if process in mine]
        cluster.lose(OTHER)
        assert lost
        assert finished(run, tmp_path) == expected
    assert Counter(pack for pack, _ in notes(tmp_path))[lost[-1]] == 2
    cluster.start(OTHER)


def test_where_no_cluster_is_a_run_ends_within_30_seconds_with_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answers = f"127.0.0.1:{silent.getsockname()[1]}"
        with socket.create_server(("127.0.0.1", 0)) as closed:
            nothing = f"127.0.0.1:{closed.getsockname()[1]}"
        with contextlib.ExitStack() as stack:
            runs = {
                address: stack.enter_context(started("ray", address, "slowly", tmp_path))
                for address in (answers, nothing, "head.invalid:1")
            }
            said = {address: run.communicate(timeout=30)[1] for address, run in runs.items()}
    assert {run.returncode for run in runs.values()} == {2}
    assert said[nothing] == (
        f"execution.address is '{nothing}', where nothing answers: Connection refused\n"
    )
    assert said[answers] == (
        f"execution.address is '{answers}', where something answers that is no healthy Ray cluster "
        "of this version\n"
    )
    assert said["head.invalid:1"].startswith("execution.address is 'head.invalid:1', where nothing")
    assert not list(tmp_path.iterdir())


def family(run: subprocess.Popen) -> list[psutil.Process]:
    return psutil.Process(run.pid).children(recursive=True)


def listening(processes: list[psutil.Process]) -> set[str]:
    """Return the addresses, as /proc has them, on which processes listen."""
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table]
    owner = {line[9]: line[1].partition(":")[0] for line in lines if line[3] == LISTENING}
    links = [
        str(link.readlink())
        for process in processes
        for link in Path(f"/proc/{process.pid}/fd").iterdir()
        if link.is_symlink()
    ]
    return {owner[link[8:-1]] for link in links if link[:8] == "socket:[" and link[8:-1] in owner}


def test_a_cluster_of_our_own_is_on_loopback_only_and_has_no_dashboard(tmp_path):
    with started("ray", "", "slowly", tmp_path) as run:
        begun(tmp_path, 2)
        found = listening([*family(run), psutil.Process(run.pid)])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 8265), timeout=5)
        finished(run, tmp_path)
    assert found
    assert found <= {"0100007F", "0000000000000000FFFF00000100007F", "0" * 24 + "01000000"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill"])
def test_a_cluster_of_our_own_ends_with_its_run(number, tmp_path):
    with started("ray", "", "slowly", tmp_path) as run:
        begun(tmp_path, 2)
        others = family(run)
        assert len(others) > 4
        os.killpg(run.pid, signal.SIGINT) if number == signal.SIGINT else run.kill()
        run.communicate(timeout=60)
    assert run.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    _, left = psutil.wait_procs(others, timeout=60)
    assert not left
    assert not (tmp_path / "result.json").exists()
