"""Time spans in words, and a line of progress."""

import contextlib
import sys
import time
from collections.abc import Callable, Generator


def duration(seconds: float) -> str:
    """Write a time span, such as `3 min 05 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


@contextlib.contextmanager
def phases(label: str) -> Generator[Callable[[str], None]]:
    """Write a job's phases and their times to stderr.

    The function that it yields begins the phase of a name. It writes nothing unless stderr goes to
    a terminal or a notebook.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    watched = sys.stderr.isatty() or hasattr(shell, "kernel")
    starts: list[float] = []

    def begin(phase: str) -> None:
        if watched:
            before = f"{duration(time.monotonic() - starts[-1])}, " if starts else f"{label}: "
            print(f"{before}{phase} ", end="", file=sys.stderr, flush=True)
            starts.append(time.monotonic())

    try:
        yield begin
    finally:
        if starts:
            print(duration(time.monotonic() - starts[-1]), file=sys.stderr, flush=True)
