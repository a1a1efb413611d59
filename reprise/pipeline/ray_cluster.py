"""Workers on a Ray cluster, on this machine or elsewhere.

Without an address, a new cluster starts here. It listens only on 127.0.0.1, has no dashboard and
ends with this process. A cluster at an address receives this project's code; its nodes need the
packages of requirements.lock. If a worker or a node fails, Ray runs its pack again, up to three
times.
"""

import logging
import os
import pickle
import secrets
import subprocess
import sys
import tempfile
from functools import partial
from importlib.metadata import version
from itertools import islice
from multiprocessing import spawn
from typing import Any

from reprise.errors import PlainError, UserError
from reprise.pipeline.checkpoints import ROOT
from reprise.pipeline.packs import Finished, Pack, R, Task, named

LIBRARIES = ("tensorflow", "keras", "ml-dtypes", "numpy", "scipy", "numba", "gymnasium", "pandas")
"""Libraries that decide bits: all nodes need the same versions."""
# Files that nodes do not need, in the syntax of .gitignore; "." is the project itself.
EXCLUDED = "/* !/. !/reprise !/stages !/environments !/data /data/* !/data/inputs"
PATIENCE = 10  # seconds to wait for a cluster's answer


def finished(task: Task[R], packs: list[Pack], address: str | None, workers: int) -> Finished[R]:
    """Yield packs and results from a cluster."""
    data = spawn.get_preparation_data("worker").items()
    main = {key: value for key, value in data if key.startswith("init_main")}
    common = main, pickle.dumps(task), {name: version(name) for name in LIBRARIES}
    # Linux allows a socket's path 107 characters, and Ray adds about 70 to the folder's.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        options = _joined(address) if address else _own(workers, folder)
        import ray.exceptions  # here, as it reads the environment

        try:
            ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
            submit, waiting = partial(ray.remote(_work).remote, *common), iter(packs)
            running = {submit(pack): pack for pack in islice(waiting, workers)}
            while running:
                done = ray.wait(list(running))[0][0]
                yield running.pop(done), ray.get(done)
                running |= {submit(pack): pack for pack in islice(waiting, 1)}
        except ray.exceptions.RayTaskError as error:
            raise error.cause from error
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise PlainError(f"the Ray cluster failed: {error}") from error
        finally:
            ray.shutdown()


def _work(main: dict[str, Any], task: bytes, libraries: dict[str, str], pack: Pack) -> Any:
    for name, here in libraries.items():
        if (there := version(name)) != here:
            versions = f"{name} {there}, but this machine has {here}"
            raise UserError(
                f"a node of the Ray cluster has {versions}; allowed: the versions of "
                "requirements.lock on every node"
            )
    spawn.prepare(main)  # imports the stage's script, so that its functions can be unpickled
    return named(pickle.loads(task), pack)  # noqa: S301 our own task


def _own(workers: int, temp: str) -> dict[str, Any]:
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # so all its servers use loopback
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    return {"address": "local", "include_dashboard": False, "num_cpus": workers, "_temp_dir": temp}


def _joined(address: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
    except subprocess.SubprocessError:
        raise UserError(
            f"execution.address is {address!r}, but no Ray cluster of this version answers there"
        ) from None
    code = {"working_dir": str(ROOT), "excludes": EXCLUDED.split()}
    return {"address": address, "runtime_env": code}
