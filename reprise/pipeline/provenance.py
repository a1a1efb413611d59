"""Notes how results came about: which machine, which code, how long it took and how much memory.

One JSON file a stage in .reprise/provenance/, of its latest run. It differs from run to run, so it
is no result: neither git nor DVC tracks it.
"""

import contextlib
import os
import platform
import re
import resource
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from reprise.pipeline import artifacts, execution

FOLDER = Path(".reprise/provenance")
CPU = Path("/proc/cpuinfo")


def write(label: str, seconds: float) -> None:
    """Note a run of a stage, labelled with its arguments, that has just ended in this process."""
    cpu = CPU.read_text(encoding="utf-8") if CPU.exists() else ""
    model = re.search(r"^model name\s*: (.*)", cpu, re.MULTILINE)
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
        "cpu": {"model": model[1] if model else platform.processor(), "count": os.cpu_count()},
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "git": None,
    }
    words = ["git", "describe", "--always", "--abbrev=40", "--dirty"]
    with contextlib.suppress(FileNotFoundError, subprocess.CalledProcessError):
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        note["git"] = done.stdout.strip()
    artifacts.write(FOLDER / f"{label}.json", note)
