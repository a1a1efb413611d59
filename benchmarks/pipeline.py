"""Time and memory of the whole pipeline, from a cold start, and the time of finding nothing to do.

    python -m benchmarks.run pipeline

All runs in a temporary copy of the repository without any cache. There DVC finds a `python` that
is this interpreter under benchmarks/recording.py, which records every stage as DVC runs it.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.spread import Spread, spread

ROOT = Path(__file__).parents[1]
RECORDING = Path(__file__).with_name("recording.py")
NO_OPS = 5


def copy_repository(target: Path) -> None:
    """Copy the repository as it stands: what git tracks, and what is new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # a tracked file may be deleted
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    subprocess.run(["git", "init", "--quiet"], cwd=target, check=True)


def recording_python(folder: Path, records: Path) -> None:
    """Write a `python` that records what it runs."""
    command = [sys.executable, "-P", str(RECORDING), str(records), sys.executable]
    shim = folder / "python"
    shim.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    shim.chmod(0o755)


def stage_name(command: list[str]) -> str:
    """Return `reporting@dqn_training` of `python -m stages.reporting dqn_training`."""
    module, *arguments = command[command.index("-m") + 1 :]
    return "@".join([module.removeprefix("stages."), *arguments])


def repro(copy: Path, folder: Path, *options: str) -> float:
    """Return the seconds that `dvc repro` takes."""
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "DVC_SITE_CACHE_DIR": str(folder / "site-cache")}
    command = [sys.executable, "-m", "dvc", "repro", "--quiet", *options]
    start = time.perf_counter()
    subprocess.run(command, cwd=copy, env=environment, check=True)
    return time.perf_counter() - start


def summary(cold: float, no_ops: list[float], records: list[dict[str, Any]]) -> dict[str, Spread]:
    """Return the measurements from the seconds, and the records of the stages."""
    results = {
        "cold_seconds": spread([cold]),
        "no_op_seconds": spread(no_ops),
        "peak_gigabytes": spread([max(each["all_processes_gigabytes"] for each in records)]),
    }
    for kind in ("seconds", "all_processes_gigabytes", "largest_process_gigabytes"):
        for each in records:
            results[f"{stage_name(each['command'])}_{kind}"] = spread([each[kind]])
    return results


def measure() -> dict[str, Spread]:
    """Return seconds and gigabytes of every stage, and the seconds of the whole."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, copy = Path(temporary), Path(temporary, "copy")
        records = folder / "records"
        copy.mkdir()
        copy_repository(copy)
        recording_python(folder, records)
        cold = repro(copy, folder, "--force")
        no_ops = [repro(copy, folder) for _ in range(NO_OPS)]
        lines = records.read_text(encoding="utf-8").splitlines()
    return summary(cold, no_ops, [json.loads(line) for line in lines])
