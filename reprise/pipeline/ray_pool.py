"""Workers on a Ray cluster: one of this machine's own, or one that runs elsewhere.

A cluster of its own listens on 127.0.0.1 only, has no dashboard and ends with this process. One at
an address gets this project's code with the work; its nodes need what requirements.lock names.
"""

import contextlib
import logging
import os
import pickle
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Hashable, Iterable, Iterator
from importlib import metadata
from multiprocessing import spawn
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

from reprise.errors import UserError
from reprise.pipeline.workers import Death, Task, WorkerError, answer

if TYPE_CHECKING:
    from reprise.pipeline.packs import Pack

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("tensorflow", "keras", "ml-dtypes", "numpy", "scipy", "numba", "gymnasium", "pandas")
"""Whose versions decide bits."""
SHIPPED = ("reprise", "stages", "environments", "data/inputs")
"""What of the project goes to a cluster's nodes."""
PATIENCE = 10  # seconds that a cluster has to answer, twice
OBJECTS = 2**28  # bytes of shared memory for packs' results on their way


class Worker:
    """Runs a task on packs, in a process that Ray starts."""

    def __init__(self, main: dict[str, Any], task: bytes) -> None:
        """Take a task that was pickled in the process that `main` tells of."""
        spawn.prepare(main)  # a stage's own functions are found in the module it was started as
        self._task: Task = pickle.loads(task)  # noqa: S301 ours

    def versions(self) -> dict[str, str]:
        """Return what decides bits here."""
        return versions()

    def run(self, pack: "Pack") -> bytes:
        """Return what `workers.opened` takes."""
        return answer(self._task, pack)


class RayPool:
    """Actors of a Ray cluster, one a CPU."""

    def __init__(self, task: Task, address: str | None, most: int) -> None:
        """Start nothing yet.

        Args:
            task: a function at the top of a module, or a partial of one.
            address: of a cluster, HOST:PORT; without one, it starts its own on this machine.
            most: how many workers.
        """
        main = spawn.get_preparation_data("worker")
        kept = {key: value for key, value in main.items() if key.startswith("init_main")}
        self._made_of = (kept, pickle.dumps(task))
        self._address, self._most = address, most
        self._starting: dict[Hashable, Any] = {}  # by worker, what it is to answer
        self._busy: dict[Hashable, Any] = {}
        self._free: list[Hashable] = []
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(_cluster(self._address, self._most))
            import ray

            self._ray: Any = ray  # whose functions are typed as what they wrap
            self._actor = ray.remote(num_cpus=1)(Worker)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in [*self._starting, *self._busy, *self._free]:
            self._ray.kill(worker)
        self._open.close()

    def free(self, wanted: int) -> list[Hashable]:
        """Return at most so many workers that are free; those that start come later."""
        there = len(self._starting) + len(self._busy) + len(self._free)
        room = min(self._most, int(self._ray.cluster_resources().get("CPU", 0))) - there
        for _ in range(min(room, wanted - len(self._free) - len(self._starting))):
            worker = self._actor.remote(*self._made_of)
            self._starting[worker] = worker.versions.remote()
        return self._free[:wanted]

    def give(self, worker: Hashable, pack: "Pack") -> None:
        """Let a free worker run the task on a pack."""
        self._free.remove(worker)
        self._busy[worker] = worker.run.remote(pack)  # pyright: ignore[reportAttributeAccessIssue]

    def answers(self, seconds: float) -> list[tuple[Hashable, bytes | Death]]:
        """Return who has answered what, or died; also greet those that have started."""
        asked = [*self._starting.values(), *self._busy.values()]
        some, _ = self._ray.wait(asked, num_returns=1, timeout=seconds)
        ready, _ = self._ray.wait(asked, num_returns=len(asked), timeout=0) if some else ([], [])
        for worker, reference in list(self._starting.items()):
            if reference in ready:
                self._greet(worker, self._starting.pop(worker))
        found: list[tuple[Hashable, bytes | Death]] = []
        for worker, reference in list(self._busy.items()):
            if reference in ready:
                found.append((worker, self._received(worker, self._busy.pop(worker))))
        return found

    def _greet(self, worker: Hashable, reference: Any) -> None:
        try:
            theirs = self._ray.get(reference)
        except self._ray.exceptions.ActorDiedError as error:
            if "creation task" not in str(error):
                return  # lost before it had a pack
            reason = str(error).strip().splitlines()[-1]
            raise WorkerError(f"a worker of the Ray cluster cannot start: {reason}") from error
        ours = versions()
        if differing := [name for name in ours if ours[name] != theirs.get(name)]:
            name = differing[0]
            raise UserError(
                f"a node of the Ray cluster has {name} {theirs.get(name)}, this machine "
                f"{ours[name]}; allowed: what requirements.lock names, on every node"
            )
        self._free.append(worker)

    def _received(self, worker: Hashable, reference: Any) -> bytes | Death:
        try:
            answered = self._ray.get(reference)
        except self._ray.exceptions.RayActorError:
            return Death("died, or its node was lost")
        self._free.append(worker)
        return answered


def versions() -> dict[str, str]:
    """Return the versions of the libraries that decide bits."""
    return {name: metadata.version(name) for name in LIBRARIES}


@contextlib.contextmanager
def _cluster(address: str | None, workers: int) -> Iterator[None]:
    """Start a cluster on this machine, or join one; leave it, or end it, in the end."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    with contextlib.ExitStack() as stack:
        options = _own(stack, workers) if address is None else _theirs(stack, address)
        import ray

        before = set(psutil.Process().children(recursive=True))
        try:
            ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            where = "on this machine" if address is None else f"at {address}"
            raise WorkerError(f"the Ray cluster {where} cannot be used: {error}") from error
        if address is None:
            started = set(psutil.Process().children(recursive=True)) - before
            stack.enter_context(_ended(options["_temp_dir"], started))
        stack.callback(ray.shutdown)
        yield


@contextlib.contextmanager
def _ended(folder: str, processes: Iterable[psutil.Process]) -> Iterator[None]:
    """End a cluster's processes and remove its folder, at last, or when this process is killed."""
    command = [sys.executable, "-m", "reprise.pipeline.after_death", folder]
    command += [str(process.pid) for process in processes]
    options = {"cwd": ROOT, "stdin": subprocess.PIPE, "start_new_session": True}
    with subprocess.Popen(command, **options):
        yield


def _theirs(stack: contextlib.ExitStack, address: str) -> dict[str, Any]:
    """Return the options of a cluster at an address, which is known to answer."""
    _check(address)
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="reprise-"))
    for name in SHIPPED:
        unneeded = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / name, Path(folder, name), ignore=unneeded)
    return {"address": address, "runtime_env": {"working_dir": folder}}


def _own(stack: contextlib.ExitStack, workers: int) -> dict[str, Any]:
    """Return the options of a cluster that nobody else can reach, and that leaves nothing."""
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # then all its servers are on loopback
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    # A socket's path may have no more than 107 characters, and Ray appends some 70.
    short = "/tmp" if Path("/tmp").is_dir() else None
    folder = tempfile.mkdtemp(prefix="reprise-", dir=short)
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {
        "address": "local",
        "num_cpus": workers,
        "include_dashboard": False,
        "object_store_memory": OBJECTS,
        "runtime_env": {"env_vars": {"PYTHONPATH": paths}},
        "_temp_dir": folder,
    }


def _check(address: str) -> None:
    """Raise UserError soon if no Ray cluster answers: Ray itself would try for minutes."""
    host, port = address.rsplit(":", 1)
    asked = f"execution.address is {address!r}, where"
    try:
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{asked} nothing answers: {reason}") from None
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
        answers = done.returncode == 0
    except subprocess.TimeoutExpired:
        answers = False
    if not answers:
        raise UserError(f"{asked} something answers that is no healthy Ray cluster of this version")
