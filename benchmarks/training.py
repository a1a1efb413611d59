"""Environment steps a second of the compiled trainings on one core and on two.

    python -m benchmarks.run training

Every pack has 32 seeds and a process of its own. On one core, REINFORCE and the DQN take turns with
the yardsticks, programs that train the same in TensorFlow; these use what threads they can get.
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
    """Return the steps a second of the yardstick's second training."""
    command = [sys.executable, str(YARDSTICKS / f"{algorithm}_seeds.py"), str(SEEDS)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = PRINTED.search(printed)
    if found is None:
        raise RuntimeError(f"the yardstick of {algorithm} printed {printed!r}")
    return float(found[1]) * 1e6


def measure() -> dict[str, Spread]:
    """Return the steps a second, and their ratio to the yardsticks'."""
    results: dict[str, Spread] = {}
    for algorithm in ("reinforce", "dqn", "actor_critic"):
        runs, ratios, pairs = [], [], []
        for _ in range(REPEATS):
            runs += ours.apart(algorithm, SEEDS)
            if algorithm != "actor_critic":
                ratios.append(runs[-1].rate / yardstick(algorithm))
            pairs.append(sum(run.rate for run in ours.apart(algorithm, SEEDS, workers=WORKERS)))
        found = {
            f"{algorithm}_steps_per_second": spread([run.rate for run in runs]),
            f"{algorithm}_steps_per_second_on_two_cores": spread(pairs),
            f"{algorithm}_first_call_seconds": spread([run.first_call for run in runs]),
        }
        if ratios:
            found[f"{algorithm}_ratio"] = spread(ratios)
        print("".join(f"  {name}: {value}\n" for name, value in found.items()), end="", flush=True)
        results |= found
    return results
