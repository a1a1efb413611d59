"""Time spans in words, and a line of progress."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Generator

TICK = 0.25  # seconds from one update of the line to the next


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
    """Time a job's phases on one line of stderr.

    The block begins each phase by calling its target with the phase's name. Nothing is written
    where nobody watches.
    """
    begun: list[tuple[str, float]] = []
    if not watched():
        yield lambda phase: None
        return
    done = threading.Event()

    def line() -> str:
        known = list(begun)  # the block may add to it
        ends = [*(start for _, start in known[1:]), time.monotonic()]
        spans = [
            f"{phase} {duration(end - start)}"
            for (phase, start), end in zip(known, ends, strict=False)
        ]
        return f"\r{label}: {', '.join(spans)} "  # the space covers a longer line before

    def tick() -> None:
        while not done.wait(TICK):
            print(line(), end="", file=sys.stderr, flush=True)

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    try:
        yield lambda phase: begun.append((phase, time.monotonic()))
    finally:
        done.set()
        ticking.join()
        print(line(), file=sys.stderr, flush=True)
