"""Our compiled training compared with the chapter's loop in plain eager TensorFlow.

    python -m benchmarks.run chapter

Both train one seed for the same first iterations (REINFORCE) or episodes (DQN). This favours the
plain loop. Early on its DQN acts mostly at random and seldom calls its network. Ours takes only
hundredths of a second, of which the call itself is a large part. Start-up, first calls and
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
    """Return the command that runs the chapter's loop."""
    (length,) = STRETCH[algorithm].values()
    return yardstick("chapter_loop.py", algorithm, seed, length, python=Path(sys.executable))


def measure() -> dict[str, Spread]:
    """Measure both algorithms."""
    theirs = {algorithm: partial(command, algorithm) for algorithm in STRETCH}
    return against("plain_tensorflow", theirs, 1, REPEATS, STRETCH)
