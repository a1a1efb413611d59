"""Ends a stage when the DVC that started it was killed.

On its own it would go on, although nobody would note its results any more, and write them in the
end, perhaps over those of a later run.
"""

import os
import signal
import threading
import time

import psutil

STAGE = "DVC_STAGE"
"""The environment variable by which DVC tells a command which stage it is."""

PATIENCE = 10
"""Seconds after which a process that is interrupted, and goes on, is ended."""


def end_with_dvc() -> None:
    """Interrupt this process, as Ctrl-C does, when the DVC that started it has ended."""
    if dvc := _dvc():
        threading.Thread(target=_follow, args=(dvc,), daemon=True).start()


def _dvc() -> psutil.Process | None:
    """Return the process of DVC: the nearest ancestor that is not part of the stage itself."""
    if STAGE not in os.environ:
        return None
    try:
        return next((p for p in psutil.Process().parents() if STAGE not in p.environ()), None)
    except psutil.Error:
        return None


def _lives(process: psutil.Process) -> bool:
    """Whether a process runs; one that was killed may stay a zombie, which nobody buries."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _follow(process: psutil.Process) -> None:
    while _lives(process):
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(PATIENCE)
    os._exit(130)
