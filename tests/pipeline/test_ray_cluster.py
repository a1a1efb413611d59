"""Ray gives the same bytes, whatever dies; nobody else reaches it; it ends with its run.

The cluster is a real one of two nodes, at two addresses of this machine's loopback.
"""

import contextlib
import os
import shutil
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
from ruamel.yaml import YAML

from reprise.errors import UserError
from reprise.pipeline import ray_cluster
from tests import tiny
from tests.pipeline.slow_stage import ENVIRONMENT, PACKS, gone, started

HEAD, OTHER = "127.0.0.2", "127.0.0.3"
LISTENING = "0A"


class Cluster:
    """Nodes of a Ray cluster, each with one CPU."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server((HEAD, 0)) as free:
            self.address = f"{HEAD}:{free.getsockname()[1]}"
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, host: str) -> None:
        """Start a node, the first one as the head, and wait until it runs."""
        where = [f"--address={self.address}"]
        if host == HEAD:
            port = self.address.partition(":")[2]
            where = ["--head", f"--port={port}", f"--temp-dir={self.folder}"]
            where.append("--include-dashboard=false")
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *where, "--block"]
        command += [f"--node-ip-address={host}", "--num-cpus=1", "--object-store-memory=100000000"]
        with (self.folder / f"{host}.log").open("wb") as log:
            # Nodes have the tests only: the project comes with the work.
            environment = ENVIRONMENT | {"PYTHONPATH": str(self.folder)}
            self.nodes[host] = subprocess.Popen(
                command,
                env=environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while b"Ray runtime started" not in (self.folder / f"{host}.log").read_bytes():
            assert time.monotonic() < deadline, (self.folder / f"{host}.log").read_text()
            time.sleep(0.1)

    def processes(self, host: str) -> list[psutil.Process]:
        """Return a node's processes."""
        node = psutil.Process(self.nodes[host].pid)
        return [node, *node.children(recursive=True)]

    def lose(self, host: str) -> None:
        """End a node and all its workers, as a power cut would."""
        for process in reversed(self.processes(host)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.nodes.pop(host).wait()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of two nodes."""
    # A socket's path may have no more than 107 characters: pytest's own folder is too deep.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as short:
        made = Cluster(Path(short))
        (made.folder / "tests").symlink_to(tiny.ROOT / "tests")
        try:
            made.start(HEAD)
            made.start(OTHER)
            yield made
        finally:
            for host in reversed(list(made.nodes)):
                made.lose(host)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The result of the slow packs without any worker."""
    with started(tmp_path_factory.mktemp("inline"), "inline") as run:
        return run.result()


def trained(folder: Path, engine: str, address: str | None = None) -> dict[str, bytes]:
    """Return the results of a tiny training stage."""
    name = "reinforce_training"
    workers = {"engine": engine, "address": address, "workers": None}
    folder.mkdir()
    with (folder / "params.yaml").open("w") as file:
        YAML().dump({name: tiny.section(name), "execution": workers}, file)
    shutil.copyfile(tiny.ROOT / "dvc.yaml", folder / "dvc.yaml")
    command = [sys.executable, "-m", f"stages.{name}"]
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in (folder / "data" / name).iterdir()}


def test_a_training_has_the_same_bytes_on_two_nodes(cluster, tmp_path):
    here = trained(tmp_path / "here", "inline")
    assert "weights.npz" in here
    assert trained(tmp_path / "there", "ray", cluster.address) == here


def test_a_lost_node_costs_its_packs_only(cluster, expected, tmp_path):
    with started(tmp_path, "ray", cluster.address, seconds=1.5) as run:
        deadline = time.monotonic() + 60
        lost: list[int] = []
        while not lost:
            assert time.monotonic() < deadline
            there = {process.pid for process in cluster.processes(OTHER)}
            lost = [pack for pack, process in run.begun() if process in there]
        cluster.lose(OTHER)
        assert run.result() == expected
    times = Counter(pack for pack, _ in run.begun())
    assert times == {pack: 1 + (pack == lost[-1]) for pack in range(PACKS)}


def test_a_node_without_what_the_lock_names_is_refused_by_name():
    versions = {name: "0" for name in ray_cluster.LIBRARIES}
    with pytest.raises(
        UserError, match=r"^a node of the Ray cluster has tensorflow \d.* machine 0;"
    ):
        ray_cluster._work({}, b"", versions, None)  # pyright: ignore[reportArgumentType]


def test_where_no_cluster_is_a_run_ends_within_30_seconds_with_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent, contextlib.ExitStack() as stack:
        addresses = [f"127.0.0.1:{silent.getsockname()[1]}", "127.0.0.1:1", "head.invalid:1"]
        runs = [
            stack.enter_context(started(tmp_path / f"{number}", "ray", address))
            for number, address in enumerate(addresses)
        ]
        for run, address in zip(runs, addresses, strict=True):
            _, err = run.process.communicate(timeout=30)
            assert run.process.returncode == 2
            said = f"execution.address is '{address}', where no Ray cluster of this version answers"
            assert err.endswith(f": {said}\n")
            assert err.count("\n") == 1


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


def test_a_cluster_of_our_own_is_on_loopback_only_and_a_killed_worker_costs_its_pack_only(
    expected, tmp_path
):
    with started(tmp_path, "ray") as run:
        pack, process = run.wait(packs=2)[1]
        found = listening([*run.family(), psutil.Process(run.process.pid)])
        os.kill(process, signal.SIGKILL)
        assert run.result() == expected
    assert found
    assert found <= {"0100007F", "0000000000000000FFFF00000100007F", "0" * 24 + "01000000"}
    times = Counter(pack for pack, _ in run.begun())
    assert times == {number: 1 + (number == pack) for number in range(PACKS)}


def test_a_cluster_of_our_own_ends_with_its_run(tmp_path):
    with contextlib.ExitStack() as stack:
        broken, killed = (
            stack.enter_context(started(tmp_path / name, "ray", seconds=9)) for name in "ab"
        )
        workers = [psutil.Process(process) for _, process in killed.wait(packs=2)]
        broken.wait(packs=2)
        others = broken.family()
        os.killpg(broken.process.pid, signal.SIGINT)
        killed.process.kill()
        assert broken.process.wait(timeout=60) == 130
    # After a kill, two agents of Ray's, which do not work, stay for about a minute.
    assert gone([*others, *workers], seconds=20)
