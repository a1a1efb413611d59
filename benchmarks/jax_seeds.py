"""The compiled trainings against JAX: the same algorithms over 32 seeds, taking turns.

    python -m benchmarks.run jax_seeds

JAX and gymnax are in an environment of their own, which `make .venv-benchmarks` makes. The
training in JAX, and what is alike, is in benchmarks/yardsticks/jax_seeds.py. Both compile first;
only a second training is timed.
"""

from pathlib import Path

from benchmarks.spread import Spread, spread
from benchmarks.stable_baselines import PYTHON
from benchmarks.training import ALGORITHMS, ours
from benchmarks.turns import rate
from reprise.errors import UserError

TRAINING = Path(__file__).parent / "yardsticks" / "jax_seeds.py"
SEEDS, REPEATS = 32, 5


def measure() -> dict[str, Spread]:
    """Return the speed of both, and ours over JAX's.

    Raises:
        UserError: JAX is not installed.
    """
    if not PYTHON.exists():
        raise UserError("JAX is not measured: it is not there; `make .venv-benchmarks` brings it")
    results: dict[str, Spread] = {}
    for algorithm in ALGORITHMS:
        rates: list[tuple[float, float]] = []
        for _ in range(REPEATS):
            theirs = rate([str(PYTHON), str(TRAINING), algorithm, str(SEEDS)])
            rates.append((ours(algorithm, SEEDS, calls=1).rates[0], theirs))
            print(f"  {algorithm}, ours and JAX: {rates[-1][0]:,.0f}, {theirs:,.0f}", flush=True)
        results[f"{algorithm}_ratio"] = spread([mine / theirs for mine, theirs in rates])
        results[f"{algorithm}_steps_per_second"] = spread([mine for mine, _ in rates])
        results[f"{algorithm}_jax_steps_per_second"] = spread([theirs for _, theirs in rates])
    return results
