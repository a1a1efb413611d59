"""Ends what a process has started, also where that was killed and could not end it itself.

python -m reprise.pipeline.after_death FOLDER PROCESS ...

It waits until its standard input ends, which is when whoever started it closes it, or dies. Then it
kills the processes and removes the folder.
"""

import contextlib
import shutil
import sys
from collections.abc import Sequence

import psutil


def main(folder: str, numbers: Sequence[str]) -> int:
    """Wait, then end the processes of these numbers, if they are still those."""
    processes: list[psutil.Process] = []
    for number in numbers:
        with contextlib.suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(int(number)))
    sys.stdin.read()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
