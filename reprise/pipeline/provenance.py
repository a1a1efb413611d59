"""Notes how results came about: which machine, which code, how long it took and how much memory.

One JSON file a stage in .reprise/provenance/, of its latest run. What it says differs from run to
run, so it is no result: neither git nor DVC tracks it, and nothing reads it but people.
"""

import hashlib
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reprise.pipeline import artifacts, execution

FOLDER = Path(".reprise/provenance")
LOCK = Path("requirements.lock")
CPU = Path("/proc/cpuinfo")

INSTRUCTIONS = ("avx2", "fma", "avx512f")  # by which a library may choose what it computes with


def write(label: str, seconds: float) -> None:
    """Note a stage's run that has just ended in this process.

    Args:
        label: the stage, with its arguments after an @.
        seconds: what it took, as a clock on the wall saw it.
    """
    ended = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
    artifacts.write(
        FOLDER / f"{label}.json",
        {
            "stage": label,
            "ended": ended,
            "wall_seconds": seconds,
            "peak_memory_mib": peak_memory(),
            "engine": execution.current().engine,
            "workers": os.environ.get(execution.WORKERS, "one for each CPU"),
            "cpu": cpu(),
            "system": platform.platform(),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "requirements_lock_sha256": digest(LOCK),
            "git": revision(),
        },
    )


def peak_memory() -> dict[str, float]:
    """Return the most memory this process held at a time, and the largest worker, in MiB."""
    kibibytes = 1 if sys.platform != "darwin" else 1 / 1024  # macOS counts bytes
    return {
        name: resource.getrusage(who).ru_maxrss * kibibytes / 1024
        for name, who in {
            "stage": resource.RUSAGE_SELF,
            "largest_worker": resource.RUSAGE_CHILDREN,
        }.items()
    }


def cpu() -> dict[str, Any]:
    """Return the processor's model and architecture, and what decides the bits of careless code."""
    text = CPU.read_text(encoding="utf-8") if CPU.exists() else ""
    lines = (line.partition(":") for line in text.splitlines())
    found = {key.strip(): value.strip() for key, _, value in lines}
    flags = found.get("flags", "").split()
    return {
        "model": found.get("model name") or platform.processor() or None,
        "architecture": platform.machine(),
        "count": os.cpu_count(),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
    }


def digest(path: Path) -> str | None:
    """Return a file's SHA-256, if there is such a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def revision() -> dict[str, Any]:
    """Return the commit, and whether anything but results differs from it; without git, nothing."""
    head = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--", ".", ":!data", ":!dvc.lock")
    return {"commit": head, "changed": None if changes is None else bool(changes)}


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
