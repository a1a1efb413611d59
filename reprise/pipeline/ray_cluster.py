"""Workers on a Ray cluster, of this machine or elsewhere.

A cluster of its own listens on 127.0.0.1 only, has no dashboard and ends with this process. A
cluster at an address gets this project's code with the work; its nodes need what requirements.lock
names. If a worker or a node is lost, Ray runs its pack again, up to three times.
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
"""The libraries whose versions decide bits."""
# What does not go to a cluster's nodes, in the syntax of .gitignore; the project itself is ".".
EXCLUDED = "/* !/. !/reprise !/stages !/environments !/data /data/* !/data/inputs"
PATIENCE = 10  # seconds that a cluster has to answer


def finished(task: Task[R], packs: list[Pack], address: str | None, workers: int) -> Finished[R]:
    """Yield results of a cluster, by default a new one."""
    data = spawn.get_preparation_data("worker").items()
    main = {key: value for key, value in data if key.startswith("init_main")}
    common = main, pickle.dumps(task), {name: version(name) for name in LIBRARIES}
    # A socket's path may have no more than 107 characters, and Ray appends some 70.
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
            said = f"a node of the Ray cluster has {name} {there}, this machine {here}"
            raise UserError(f"{said}; allowed: what requirements.lock names, on every node")
    spawn.prepare(main)  # a stage's own functions are found in the module it was started as
    return named(pickle.loads(task), pack)  # noqa: S301 ours


def _own(workers: int, temp: str) -> dict[str, Any]:
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # then all its servers are on loopback
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    return {"address": "local", "include_dashboard": False, "num_cpus": workers, "_temp_dir": temp}


def _joined(address: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
    except subprocess.SubprocessError:
        said = f"execution.address is {address!r}, where no Ray cluster of this version answers"
        raise UserError(said) from None
    code = {"working_dir": str(ROOT), "excludes": EXCLUDED.split()}
    return {"address": address, "runtime_env": code}
