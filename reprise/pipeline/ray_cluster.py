"""Workers on a Ray cluster, of this machine or elsewhere.

A cluster of its own listens on 127.0.0.1 only, has no dashboard and ends with this process. A
cluster at an address gets this project's code with the work; its nodes need what requirements.lock
names.
"""

import contextlib
import logging
import os
import pickle
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from multiprocessing import spawn
from pathlib import Path
from typing import Any

from reprise.errors import UserError
from reprise.pipeline.packs import Pack, Submit, WorkerError

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("tensorflow", "keras", "ml-dtypes", "numpy", "scipy", "numba", "gymnasium", "pandas")
"""The libraries whose versions decide bits."""
SHIPPED = ("reprise", "stages", "environments", "data/inputs")
"""What of the project goes to a cluster's nodes."""
PATIENCE = 10  # seconds that a cluster has to answer
RETRIES = 3  # of a pack when a worker or a node was lost


@contextlib.contextmanager
def cluster(task: Callable[[Pack], Any], address: str | None, workers: int) -> Iterator[Submit]:
    """Join the cluster at HOST:PORT, or start one."""
    main = spawn.get_preparation_data("worker")
    main = {key: value for key, value in main.items() if key.startswith("init_main")}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # A socket's path may have no more than 107 characters, and Ray appends some 70.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        options = _joined(address, folder) if address else _own(workers, folder)
        import ray  # here, as it reads the environment
        from ray import exceptions

        try:
            ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
            remote: Any = ray.remote(num_cpus=1, max_retries=RETRIES)(_work)
            common = main, pickle.dumps(task), _versions()
            yield lambda pack: remote.remote(*common, pack).future()
        except exceptions.RayTaskError as error:
            raise error.cause from error
        except (exceptions.RayError, ConnectionError) as error:
            raise WorkerError(f"the Ray cluster failed: {error}") from error
        finally:
            ray.shutdown()


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in LIBRARIES}


def _work(main: dict[str, Any], task: bytes, expected: dict[str, str], pack: Pack) -> Any:
    """Run a task in a process that Ray starts."""
    for library, found in _versions().items():
        if found != expected[library]:
            raise UserError(
                f"a node of the Ray cluster has {library} {found}, this machine "
                f"{expected[library]}; allowed: what requirements.lock names, on every node"
            )
    spawn.prepare(main)  # a stage's own functions are found in the module it was started as
    return pickle.loads(task)(pack)  # noqa: S301 ours


def _own(workers: int, folder: str) -> dict[str, Any]:
    """Return the options of a cluster for this process only."""
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # then all its servers are on loopback
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    small = {"include_dashboard": False, "object_store_memory": 2**28}
    return {"address": "local", "num_cpus": workers, "_temp_dir": folder} | small


def _joined(address: str, folder: str) -> dict[str, Any]:
    """Return the options of a cluster that answers within PATIENCE."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
    except subprocess.SubprocessError:
        raise UserError(
            f"execution.address is {address!r}, where no Ray cluster of this version answers"
        ) from None
    unneeded = shutil.ignore_patterns("__pycache__", ".*")
    for name in SHIPPED:
        shutil.copytree(ROOT / name, Path(folder, name), ignore=unneeded)
    return {"address": address, "runtime_env": {"working_dir": folder}}
