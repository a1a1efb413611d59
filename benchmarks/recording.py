"""Runs a command and appends its seconds and its peak memory to a file.

    python -P benchmarks/recording.py FILE COMMAND...

This process stays small, because on Linux a child's peak starts at its parent's memory. Memory is
measured in two ways: the peak of the largest process, from the kernel; and the peak of all
processes together, sampled twice a second, with shared pages counted once.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

INTERVAL = 0.5  # a sample takes milliseconds of a core


def processes(root: int) -> Iterator[int]:
    """Yield a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):  # it has just ended
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [root]
    while found:
        process = found.pop()
        yield process
        found += children.get(process, [])


def memory(process: int) -> int:
    """Return the bytes of a process, with its share of shared pages."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def record(command: list[str]) -> tuple[int, dict[str, float]]:
    """Run a command; return its exit code, its seconds and its memory."""
    ended = threading.Event()
    peak = 0

    def watch(root: int) -> None:
        nonlocal peak
        while not ended.wait(INTERVAL):
            peak = max(peak, sum(map(memory, processes(root))))

    start = time.perf_counter()
    child = subprocess.Popen(command)
    watcher = threading.Thread(target=watch, args=(child.pid,))
    watcher.start()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    watcher.join()
    largest = usage.ru_maxrss * 1024
    return child.returncode, {
        "seconds": seconds,
        "largest_process_gigabytes": largest / 1e9,
        "all_processes_gigabytes": max(peak, largest) / 1e9,
    }


def main() -> int:
    """Run the command and return its exit code."""
    file, *command = sys.argv[1:]
    code, taken = record(command)
    with Path(file).open("a", encoding="utf-8") as lines:
        print(json.dumps({"command": command, **taken}), file=lines)
    return code


if __name__ == "__main__":
    sys.exit(main())
