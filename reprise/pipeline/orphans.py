"""Ends a process when the one for which it works has ended, even by kill -9."""

import contextlib
import os
import signal
import threading
import time

import psutil

STAGE = "DVC_STAGE"  # the environment variable in which DVC names the stage to its command


def end_with_dvc() -> None:
    """End a stage with the DVC that started it; later it might write over another run's results."""
    if STAGE in os.environ:
        with contextlib.suppress(psutil.Error):  # a shell between the two has the variable too
            end_with(next(p.pid for p in psutil.Process().parents() if STAGE not in p.environ()))


def end_with(process: int, patience: float = 10) -> None:
    """Interrupt this process when another has ended; end it after so many seconds."""
    threading.Thread(target=_follow, args=(process, patience), daemon=True).start()


def _follow(number: int, patience: float) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(number)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(patience)
    os._exit(130)
