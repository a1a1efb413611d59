"""One seed of ours against Stable-Baselines3: its DQN, its A2C for our REINFORCE, its PPO.

    python -m benchmarks.run stable_baselines

It runs in an environment of its own, which `make .venv-benchmarks` makes. What is alike and what
differs is in benchmarks/yardsticks/stable_baselines.py. It trains for some seconds, ours whole
trainings for about as long; its start is not timed, nor is our compilation.
"""

from functools import partial

from benchmarks.spread import Spread
from benchmarks.turns import against, yardstick

THEIRS = {"reinforce": "a2c", "dqn": "dqn", "ppo": "ppo"}  # what comes nearest
SECONDS, REPEATS = 3.0, 3


def command(algorithm: str, seed: int) -> list[str]:
    """Return what runs Stable-Baselines3's training."""
    return yardstick("stable_baselines.py", THEIRS[algorithm], seed, SECONDS)


def measure() -> dict[str, Spread]:
    """Return all measurements."""
    theirs = {algorithm: partial(command, algorithm) for algorithm in THEIRS}
    return against("stable_baselines", theirs, 1, REPEATS)
