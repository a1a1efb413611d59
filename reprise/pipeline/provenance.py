"""Notes how results came about: which machine, which code, how long it took and how much memory.

One JSON file a stage in .reprise/provenance/, of its latest run. It differs from run to run, so it
is no result: neither git nor DVC tracks it.
"""

import contextlib
import os
import platform
import resource
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from reprise.pipeline import artifacts, execution

FOLDER = Path(".reprise/provenance")
CPU = Path("/proc/cpuinfo")


def write(label: str, seconds: float) -> None:
    """Note a stage's run that has just ended in this process.

    Args:
        label: the stage, with its arguments after an @.
        seconds: the time it took.
    """
    cpu = CPU.read_text(encoding="utf-8") if CPU.exists() else ""
    models = [line.partition(": ")[2] for line in cpu.splitlines() if line[:10] == "model name"]
    who = {"stage": resource.RUSAGE_SELF, "largest_worker": resource.RUSAGE_CHILDREN}
    note = {
        "stage": label,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_seconds": seconds,
        "peak_memory_mib": {
            key: resource.getrusage(of).ru_maxrss / 1024 for key, of in who.items()
        },
        "engine": execution.current().engine,
        "workers": os.environ.get(execution.WORKERS, "one for each CPU"),
        "cpu": {"model": models[0] if models else platform.processor(), "count": os.cpu_count()},
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "git": _revision(),
    }
    artifacts.write(FOLDER / f"{label}.json", note)


def _revision() -> str | None:
    """Return the commit, with -dirty if files differ from it; without git, nothing."""
    words = ["git", "describe", "--always", "--abbrev=40", "--dirty"]
    with contextlib.suppress(FileNotFoundError, subprocess.CalledProcessError):
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    return None
