"""The compiled trainings against Stable-Baselines3: our DQN and its own, our REINFORCE and its A2C.

    python -m benchmarks.run stable_baselines

It runs in an environment of its own, which `make .venv-benchmarks` makes. What is alike and what
differs is in benchmarks/yardsticks/stable_baselines.py. It trains one seed for some seconds, ours
whole trainings for about as long; its start is not timed, nor is our compilation.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.spread import Spread
from benchmarks.turns import SECONDS, against
from reprise.errors import UserError

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv-benchmarks" / "bin" / "python"
TRAINING = Path(__file__).parent / "yardsticks" / "stable_baselines.py"
THEIRS = {"reinforce": "a2c", "dqn": "dqn"}  # what comes nearest
REPEATS = 5


def command(algorithm: str, seed: int) -> Sequence[str]:
    """Return what runs Stable-Baselines3's training."""
    return [str(PYTHON), str(TRAINING), THEIRS[algorithm], str(seed), str(SECONDS)]


def measure() -> dict[str, Spread]:
    """Return all measurements.

    Raises:
        UserError: if Stable-Baselines3 is not there.
    """
    if not PYTHON.exists():
        raise UserError(
            "Stable-Baselines3 is not measured: it is not there; `make .venv-benchmarks` brings it"
        )
    theirs = {algorithm: partial(command, algorithm) for algorithm in THEIRS}
    return against("stable_baselines", theirs, REPEATS)
