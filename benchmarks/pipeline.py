"""Time, memory and compilation of the pipeline: cold, with nothing to do, after a change.

    python -m benchmarks.run pipeline

The pipeline runs in a temporary copy of the repository without any cache. There DVC finds a
`python` that runs this interpreter under benchmarks/recording.py, which records each stage.
benchmarks/first_calls records the calls of compiled programs, in stages and workers.

The time of compilation is the time of a program's first call in a process minus that of its second
call. A program that is called once counts as a whole. Tracing is included, except after a change.
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
FIRST_CALLS = Path(__file__).with_name("first_calls")
NO_OPS, CHANGES = 3, 3
CHANGED_SEEDS = 96  # of dqn_training, when the promise about a change was made


def copy_repository(target: Path) -> None:
    """Copy the tracked and the new, not ignored, files of the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # a tracked file may be deleted
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    git(target, "init", "--quiet")
    for key in ("user.name", "user.email"):
        git(target, "config", key, "benchmark")


def git(folder: Path, *words: str) -> None:
    """Run git in a folder."""
    subprocess.run(["git", *words], cwd=folder, check=True)


def recording_python(folder: Path, records: Path) -> None:
    """Write a `python` that records each command."""
    command = [sys.executable, "-P", str(RECORDING), str(records), sys.executable]
    shim = folder / "python"
    shim.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    shim.chmod(0o755)


def stage_name(command: list[str]) -> str:
    """Return `reporting@dqn_training` of `python -m stages.reporting dqn_training`."""
    module, *arguments = command[command.index("-m") + 1 :]
    return "@".join([module.removeprefix("stages."), *arguments])


def dvc(copy: Path, folder: Path, *words: str) -> float:
    """Run a DVC command and return the seconds."""
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {
        **os.environ,
        "PATH": path,
        "PYTHONPATH": str(FIRST_CALLS),
        "FIRST_CALLS": str(folder / "first_calls"),
        "DVC_SITE_CACHE_DIR": str(folder / "site-cache"),
    }
    command = [sys.executable, "-m", "dvc", *words, "--quiet"]
    start = time.perf_counter()
    subprocess.run(command, cwd=copy, env=environment, check=True)
    return time.perf_counter() - start


def taken(file: Path) -> list[dict[str, Any]]:
    """Return the records of a file, and delete the file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return [json.loads(line) for line in lines]


def compilation(calls: list[dict[str, Any]], of: str, clock: str) -> dict[Any, float]:
    """Sum the seconds of compilation for each stage or process.

    Args:
        calls: records of the first two calls of each program.
        of: `stage` or `process`.
        clock: `cpu`, `seconds` or `tracing_seconds`.
    """
    programs: dict[Any, list[float]] = {}
    for call in calls:
        key = call[of], call["process"], call["program"]
        programs.setdefault(key, []).append(call[clock])
    found: dict[Any, float] = {}
    for (name, *_), (first, *second) in programs.items():
        found[name] = found.get(name, 0.0) + max(first - sum(second), 0.0)
    return found


def of_change(calls: list[dict[str, Any]]) -> dict[str, Spread]:
    """Return the compilation and tracing seconds of the slowest worker."""
    both = compilation(calls, "process", "seconds")
    tracing = compilation(calls, "process", "tracing_seconds")
    return {
        "change_compilation_seconds": spread([max(both[key] - tracing[key] for key in both)]),
        "change_tracing_seconds": spread([max(tracing.values())]),
    }


def change(seeds: int, learning_rate: float) -> list[str]:
    """Return a DVC command that changes dqn_training's seeds and learning rate."""
    sets = {"seeds": seeds, "learning_rate": learning_rate}
    options = [
        word for key, value in sets.items() for word in ("-S", f"dqn_training.{key}={value}")
    ]
    return ["exp", "run", *options, "dqn_training"]


def summary(cold: float, records: list[dict[str, Any]], calls: list[dict]) -> dict[str, Spread]:
    """Summarize the records of the cold run's stages and calls."""
    compiling = compilation(calls, "stage", "cpu")
    results = {
        "cold_seconds": spread([cold]),
        "compilation_cpu_seconds": spread([sum(compiling.values())]),
        "peak_gigabytes": spread([max(each["all_processes_gigabytes"] for each in records)]),
    }
    for each in records:
        name = stage_name(each["command"])
        for kind in ("seconds", "all_processes_gigabytes"):
            results[f"{name}_{kind}"] = spread([each[kind]])
        if name in compiling:
            results[f"{name}_compilation_cpu_seconds"] = spread([compiling[name]])
    return results


def measure() -> dict[str, Spread]:
    """Measure a cold run, runs with nothing to do, and changes."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, copy = Path(temporary), Path(temporary, "copy")
        records, first_calls = folder / "records", folder / "first_calls"
        copy.mkdir()
        copy_repository(copy)
        recording_python(folder, records)
        cold = dvc(copy, folder, "repro", "--force")
        results = summary(cold, taken(records), taken(first_calls))
        results["no_op_seconds"] = spread([dvc(copy, folder, "repro") for _ in range(NO_OPS)])
        git(copy, "add", "--all")
        git(copy, "commit", "--quiet", "--message", "the cold run's results")
        rates = [0.01 + 0.001 * number for number in range(1, CHANGES + 1)]
        changes = [dvc(copy, folder, *change(CHANGED_SEEDS, rate)) for rate in rates]
        results["change_seconds"] = spread(changes)
        first_calls.unlink(missing_ok=True)
        # With more seeds the program stays the same, and each worker gets more than one pack.
        seconds = dvc(copy, folder, *change(10 * CHANGED_SEEDS, 0.02))
        results["change_of_960_seeds_seconds"] = spread([seconds])
        return results | of_change(taken(first_calls))
