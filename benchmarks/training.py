"""Environment steps per second of our compiled training, on one core and on two.

    python -m benchmarks.run training

Packs have 32 seeds. On one core, REINFORCE and the DQN take turns with yardsticks: programs in
TensorFlow that train the same. The yardsticks may use all threads.
"""

import re
import subprocess
import sys

from benchmarks import ours
from benchmarks.spread import Spread, spread
from benchmarks.turns import YARDSTICKS

SEEDS, REPEATS, WORKERS = 32, 3, 2
PRINTED = re.compile(r"([\d.]+) M env steps/s")


def yardstick(algorithm: str) -> float:
    """Measure the steps per second of a yardstick's second training."""
    command = [sys.executable, str(YARDSTICKS / f"{algorithm}_seeds.py"), str(SEEDS)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = PRINTED.search(printed)
    if found is None:
        raise RuntimeError(f"the yardstick of {algorithm} printed {printed!r}")
    return float(found[1]) * 1e6


def measure() -> dict[str, Spread]:
    """Measure steps per second, and the ratio to the yardsticks."""
    results: dict[str, Spread] = {}
    for algorithm in ("reinforce", "dqn", "actor_critic"):
        asked, first, alone, pairs, theirs = (algorithm, SEEDS, ours.SECONDS, {}), [], [], [], []
        with ours.pool(WORKERS) as pool:
            for _ in range(REPEATS):
                both = [pool.submit(ours.train, *asked, together=True) for _ in range(WORKERS)]
                pairs.append(sum(run.result().rate for run in both))
                first = first or [run.result().first_call for run in both]
                alone.append(pool.submit(ours.train, *asked).result().rate)
                if algorithm != "actor_critic":
                    theirs.append(yardstick(algorithm))
        results |= {
            f"{algorithm}_steps_per_second": spread(alone),
            f"{algorithm}_steps_per_second_on_two_cores": spread(pairs),
            f"{algorithm}_first_call_seconds": spread(first),
        }
        if theirs:
            ratios = [mine / other for mine, other in zip(alone, theirs, strict=True)]
            results[f"{algorithm}_ratio"] = spread(ratios)
        print(f"  {algorithm}, on one core and on two: {alone}, {pairs}", flush=True)
    return results
