"""One seed of ours compared with Stable-Baselines3's DQN, A2C and PPO.

    python -m benchmarks.run stable_baselines

Its A2C is compared with our REINFORCE. Stable-Baselines3 has its own environment, which `make
.venv-benchmarks` makes. benchmarks/yardsticks/stable_baselines.py says what is alike and what
differs. It trains for some seconds; ours repeats whole trainings for about as long. Neither its
start nor our compilation is timed.
"""

from functools import partial

from benchmarks.spread import Spread
from benchmarks.turns import against, yardstick

THEIRS = {"reinforce": "a2c", "dqn": "dqn", "ppo": "ppo"}  # its most similar algorithm
SECONDS, REPEATS = 3.0, 3


def command(algorithm: str, seed: int) -> list[str]:
    """Return the command that trains in Stable-Baselines3."""
    return yardstick("stable_baselines.py", THEIRS[algorithm], seed, SECONDS)


def measure() -> dict[str, Spread]:
    """Measure all three algorithms."""
    theirs = {algorithm: partial(command, algorithm) for algorithm in THEIRS}
    return against("stable_baselines", theirs, 1, REPEATS)
