"""Ray gives the same bytes, whatever dies; nobody else reaches it; it ends with its run.

The cluster is a real one of two nodes, at two addresses of this machine's loopback.
"""

import contextlib
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
from ruamel.yaml import YAML

from reprise.errors import UserError
from reprise.pipeline import execution, packs, ray_cluster
from tests import tiny
from tests.pipeline import pack_tasks
from tests.pipeline.pack_tasks import ENVIRONMENT, EXPECTED, PACKS, gone, started
from tests.stages import executing

HEAD, OTHER = "127.0.0.2", "127.0.0.3"


class Cluster:
    """Nodes of a Ray cluster, each with one CPU."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server((HEAD, 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"{HEAD}:{self.port}"
        self.nodes: dict[str, psutil.Popen] = {}

    def start(self, host: str, *where: str) -> None:
        """Start a node and wait until it runs."""
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *where, "--block"]
        command += [f"--node-ip-address={host}", "--num-cpus=1", "--object-store-memory=100000000"]
        log = self.folder / f"{host}.log"
        # Nodes have the tests only: the project comes with the work.
        environment = ENVIRONMENT | {"PYTHONPATH": str(self.folder)}
        with log.open("wb") as file:
            self.nodes[host] = psutil.Popen(
                command, env=environment, cwd=self.folder, stdout=file, stderr=file,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while b"Ray runtime started" not in log.read_bytes():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)

    def lose(self, host: str) -> None:
        """End a node and all its workers, as a power cut would."""
        node = self.nodes.pop(host)
        for process in [*reversed(node.children(recursive=True)), node]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        node.wait()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of two nodes."""
    # A socket's path may have no more than 107 characters: pytest's own folder is too deep.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as short:
        made = Cluster(Path(short))
        (made.folder / "tests").symlink_to(tiny.ROOT / "tests")
        first = ["--head", f"--port={made.port}", f"--temp-dir={short}"]
        try:
            made.start(HEAD, *first, "--include-dashboard=false")
            made.start(OTHER, f"--address={made.address}")
            yield made
        finally:
            for host in reversed(list(made.nodes)):
                made.lose(host)


def test_a_training_has_the_same_bytes_on_two_nodes(cluster, tmp_path, tmp_path_factory):
    name = "reinforce_training"
    execution = {"engine": "ray", "address": cluster.address, "workers": None}
    YAML().dump({name: tiny.section(name), "execution": execution}, tmp_path / "params.yaml")
    command = [sys.executable, "-m", f"stages.{name}"]
    subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, check=True, capture_output=True)
    here = executing.rendered(executing.trained(name, tmp_path_factory))
    there = {path.name: path.read_bytes() for path in (tmp_path / "data" / name).iterdir()}
    assert there == here


def test_a_lost_node_costs_its_packs_only(cluster, tmp_path):
    with started(tmp_path, "ray", cluster.address, seconds=1.5) as run:
        deadline = time.monotonic() + 60
        lost: list[int] = []
        while not lost:
            assert time.monotonic() < deadline
            there = {process.pid for process in cluster.nodes[OTHER].children(recursive=True)}
            lost = [pack for pack, process in run.begun() if process in there]
        cluster.lose(OTHER)
        assert run.result() == EXPECTED
    times = Counter(pack for pack, _ in run.begun())
    assert times == {pack: 1 + (pack == lost[-1]) for pack in range(PACKS)}


def test_a_node_without_what_the_lock_names_is_refused_by_name():
    with pytest.raises(
        UserError, match=r"^a node of the Ray cluster has numpy \d.* machine has 0;"
    ):
        ray_cluster._work({}, b"", {"numpy": "0"}, packs.Pack(0, 0, 1))


def test_where_no_cluster_is_a_run_ends_soon_with_one_line(monkeypatch):
    assert ray_cluster.PATIENCE <= 20
    monkeypatch.setattr(ray_cluster, "PATIENCE", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for address in (f"127.0.0.1:{silent.getsockname()[1]}", "127.0.0.1:1", "head"):
            there = execution.HERE.model_copy(update={"address": address})
            with execution.used(there), pytest.raises(UserError) as error:
                packs.run(pack_tasks.draws, packs.cut(8, 4))
            assert str(error.value).startswith(
                f"execution.address is '{address}', but no Ray cluster"
            )


def test_a_cluster_of_our_own_is_on_loopback_only_and_a_killed_worker_costs_its_pack(tmp_path):
    with started(tmp_path, "ray") as run:
        pack, process = run.wait(packs=2)[1]
        processes = [*run.family(), psutil.Process(run.process.pid)]
        sockets = [socket for each in processes for socket in each.net_connections()]
        os.kill(process, signal.SIGKILL)
        assert run.result() == EXPECTED
    found = {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}
    assert found
    assert found <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
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
