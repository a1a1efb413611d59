"""Runs a command and appends what it took to a file: the seconds, and the memory at its peak.

    python -P benchmarks/recording.py FILE COMMAND...

This process stays small, as Linux lets a child's peak begin at its parent's. Memory is measured in
two ways: the largest single process, as the kernel has it when they end; and all processes at one
time, their shared pages counted once, looked at twice a second.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

INTERVAL = 0.5  # looking takes milliseconds of a core


def processes(root: int) -> Iterator[int]:
    """Yield a process and all below it."""
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
    """Return the bytes a process holds, of a shared page its share."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def record(command: list[str]) -> tuple[int, dict[str, float]]:
    """Return the command's exit code, and what it took."""
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
