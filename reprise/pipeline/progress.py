"""The progress of long work: one bar on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Self

BAR = "{desc}: {bar:20} {n_fmt} of {total_fmt} packs, {elapsed}{postfix}"


class Progress:
    """Progress on stderr, by packs done; a context manager."""

    def __init__(self, label: str, total: int, done: int = 0) -> None:
        """Show the beginning.

        Args:
            label: the stage's name.
            total: how many packs there are.
            done: how many of them an earlier run has finished.
        """
        self._label, self._total, self._done = label, total, done
        self._start = time.monotonic()
        self._bar = None
        if done:
            print(f"{label}: {done} of {total} packs are kept from before", file=sys.stderr)
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=done, desc=label, bar_format=BAR, leave=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self, metric: str) -> None:
        """Count one more pack as done and show the metric so far."""
        self._done += 1
        if self._bar is not None:
            self._bar.set_postfix_str(metric, refresh=False)
            self._bar.update()
            self._bar.refresh()
            return
        parts = [f"{self._label}: {self._done} of {self._total} packs done"]
        parts += [duration(time.monotonic() - self._start), *([metric] if metric else [])]
        print(", ".join(parts), file=sys.stderr, flush=True)

    def tick(self) -> None:
        """Let a bar show the time that has passed."""
        if self._bar is not None:
            self._bar.refresh()


def duration(seconds: float) -> str:
    """Return a time span in words: `0.4 s`, `41 s`, `3 min 05 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
