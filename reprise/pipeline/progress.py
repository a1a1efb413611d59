"""Time spans in words, and a line of progress."""

import contextlib
import sys
import time
from collections.abc import Callable, Generator


def duration(seconds: float) -> str:
    """Return a time span, such as `3 min 05 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def watched() -> bool:
    """Return whether stderr is a terminal's or a notebook's."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return sys.stderr.isatty() or hasattr(shell, "kernel")


@contextlib.contextmanager
def phases(label: str) -> Generator[Callable[[str], None]]:
    """Write a job's phases and their times to stderr.

    The block begins each phase by calling its target with the phase's name. Nothing is written
    where nobody watches.
    """
    begun: list[float] = []

    def begin(phase: str) -> None:
        if watched():
            said = f"{duration(time.monotonic() - begun[-1])}, " if begun else f"{label}: "
            print(f"{said}{phase} ", end="", file=sys.stderr, flush=True)
            begun.append(time.monotonic())

    try:
        yield begin
    finally:
        if begun:
            print(duration(time.monotonic() - begun[-1]), file=sys.stderr, flush=True)
