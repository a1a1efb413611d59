"""Trainings with CleanRL's hyperparameters, of dqn.py and ppo.py, on CartPole-v1.

    python -m benchmarks.run cleanrl

The DQN: processor minutes of 8 seeds with 500,000 steps. A tenth of the training is measured, every
schedule a tenth as long, after a first call that compiles; it counts ten times, the compilation
once.
"""

import time
from typing import Any

from benchmarks.spread import Spread, spread

SEEDS, SHARE = 8, 10
DQN: dict[str, Any] = {
    "hidden_sizes": (120, 84), "activation": "relu", "dueling": False, "double": False,
    "total_episodes": None, "total_steps": 500_000 // SHARE, "maximum_steps": 500,
    "epsilon_start": 1.0, "epsilon_end": 0.05, "epsilon_decay": 250_000 // SHARE,
    "epsilon_unit": "steps", "train_every": 10, "learning_starts": 10_000 // SHARE,
    "gradient_steps": 1, "replay_capacity": 10_000, "batch_size": 128, "optimizer": "adam",
    "learning_rate": 2.5e-4, "loss": "mse", "discount": 0.99, "bootstrap_at_truncation": True,
    "target_network": "hard", "target_update_period": 50, "tau": 1.0,
}  # fmt: skip


def dqn_minutes() -> float:
    """Return the processor minutes of the DQN's trainings."""
    from reprise.agents import dqn
    from reprise.environments.cartpole import CartPole
    from reprise.seeds import training_keys

    keys, clock = training_keys(42, "cleanrl", range(SEEDS)), [time.process_time()]
    for _ in range(2):
        dqn.train(dqn.Hyperparameters.model_validate(DQN), CartPole(), keys)
        clock.append(time.process_time())
    start, compiled, ended = clock
    print(
        f"  DQN, first call {compiled - start:.1f} s, second {ended - compiled:.1f} s", flush=True
    )
    further = ended - compiled
    return (compiled - start + (SHARE - 1) * further) / 60


def measure() -> dict[str, Spread]:
    """Return all measurements."""
    return {"dqn_cpu_minutes": spread([dqn_minutes()])}
