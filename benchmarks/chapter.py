"""The compiled trainings against the chapter's loop in plain eager TensorFlow.

    python -m benchmarks.run chapter

Both train one seed for the same first stretch, REINFORCE's iterations and the DQN's episodes. It
favours the plain loop: its DQN still acts by chance and asks its network seldom, and of ours, which
is over in some hundredths of a second, the call itself is a large part. Start-up, first calls and
compilation are not timed.
"""

import sys
from functools import partial
from pathlib import Path

from benchmarks.spread import Spread
from benchmarks.turns import against, yardstick

STRETCH = {"reinforce": {"iterations": 5}, "dqn": {"total_episodes": 150}}
REPEATS = 2


def command(algorithm: str, seed: int) -> list[str]:
    """Return what runs the chapter's loop."""
    (length,) = STRETCH[algorithm].values()
    return yardstick("chapter_loop.py", algorithm, seed, length, python=Path(sys.executable))


def measure() -> dict[str, Spread]:
    """Return all measurements."""
    theirs = {algorithm: partial(command, algorithm) for algorithm in STRETCH}
    return against("plain_tensorflow", theirs, 1, REPEATS, STRETCH)
