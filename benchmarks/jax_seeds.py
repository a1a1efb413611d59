"""Our compiled training compared with the same algorithms in JAX, over 32 seeds.

    python -m benchmarks.run jax_seeds

JAX and gymnax have their own environment, which `make .venv-benchmarks` makes. The programs in JAX
are benchmarks/yardsticks/jax_seeds.py and jax_ppo.py, which also say what is alike. Compilation is
not timed.
"""

from functools import partial

from benchmarks.spread import Spread
from benchmarks.turns import against, yardstick

SEEDS, REPEATS = 32, 2
THEIRS = {
    "jax": {
        "reinforce": ("jax_seeds.py", "reinforce"),
        "dqn": ("jax_seeds.py", "dqn"),
        "ppo": ("jax_ppo.py",),
    },
    "jax_scanned": {"dqn": ("jax_seeds.py", "dqn_scanned")},
}


def command(words: tuple[str, ...], seed: int) -> list[str]:
    """Return the command that trains in JAX."""
    return yardstick(*words, SEEDS)


def measure() -> dict[str, Spread]:
    """Measure the speed of both, and the ratio ours / JAX's."""
    results: dict[str, Spread] = {}
    for name, programs in THEIRS.items():
        theirs = {algorithm: partial(command, words) for algorithm, words in programs.items()}
        results |= against(name, theirs, SEEDS, REPEATS)
    return results
