"""Training on CartPole-v1 with the hyperparameters of CleanRL's dqn.py and ppo.py.

    python -m benchmarks.run cleanrl

The DQN is measured in processor minutes for 8 seeds and 500,000 steps. Only a twentieth of the
training runs, with all schedules a twentieth as long. A first call compiles it, a second one is
timed. The time counts twenty times, the compilation once.

PPO trains 8 seeds for 500,000 steps on the other core meanwhile. The mean return of the last
twentieth of the training is compared by Welch's test with CleanRL's published return of 3 seeds.

Source: docs/rl-algorithms/dqn.md and ppo.md of github.com/vwxyzjn/cleanrl.
"""

import time
from typing import Any

import numpy as np
from scipy import stats

from benchmarks import ours
from benchmarks.spread import Spread, spread

SEEDS, SHARE, STEPS = 8, 20, 500_000
DQN: dict[str, Any] = {
    "hidden_sizes": (120, 84), "activation": "relu", "dueling": False, "double": False,
    "total_episodes": None, "total_steps": STEPS // SHARE, "maximum_steps": 500,
    "epsilon_start": 1.0, "epsilon_end": 0.05, "epsilon_decay": STEPS // 2 // SHARE,
    "epsilon_unit": "steps", "train_every": 10, "learning_starts": 10_000 // SHARE,
    "gradient_steps": 1, "replay_capacity": 10_000, "batch_size": 128, "optimizer": "adam",
    "learning_rate": 2.5e-4, "loss": "mse", "discount": 0.99, "bootstrap_at_truncation": True,
    "target_network": "hard", "target_update_period": 50, "tau": 1.0,
}  # fmt: skip
PPO: dict[str, Any] = {
    "hidden_sizes": (64, 64), "activation": "tanh", "shared_network": False, "total_steps": STEPS,
    "environments_per_seed": 4, "horizon": 128, "maximum_steps": 500, "epochs": 4,
    "minibatches": 4, "normalize_advantages": True, "clip_value": True,
    "anneal_learning_rate": True, "optimizer": "adam", "learning_rate": 2.5e-4,
    "discount": 0.99, "gae_lambda": 0.95, "clip": 0.2,
    "value_weight": 0.5, "entropy_weight": 0.01, "maximum_gradient_norm": 0.5,
}  # fmt: skip
PUBLISHED = 488.75, 18.40, 3  # mean, standard deviation and number of PPO's returns


def dqn_seconds() -> tuple[float, float]:
    """Time a first and a second shortened training, in processor seconds."""
    from reprise.agents import dqn
    from reprise.environments.cartpole import CartPole
    from reprise.seeds import training_keys

    keys, clock = training_keys(42, "cleanrl", range(SEEDS)), [time.process_time()]
    for _ in range(2):
        dqn.train(dqn.Hyperparameters.model_validate(DQN), CartPole(), keys)
        clock.append(time.process_time())
    return clock[1] - clock[0], clock[2] - clock[1]


def ppo_returns() -> np.ndarray:
    """Average each seed's returns at the end of training."""
    from reprise.agents import actor_critic
    from reprise.environments.cartpole import CartPole
    from reprise.seeds import training_keys

    keys = training_keys(42, "cleanrl", range(SEEDS))
    run = actor_critic.train(actor_critic.Hyperparameters(**PPO), CartPole(), keys)
    return np.nanmean(run.returns[-len(run.returns) // 20 :], axis=0)


def measure() -> dict[str, Spread]:
    """Measure the DQN's time and PPO's return."""
    with ours.pool(2) as pool:
        asked = pool.submit(ppo_returns)
        first, second = pool.submit(dqn_seconds).result()
        returns = asked.result()
    mean, deviation = float(returns.mean()), float(returns.std(ddof=1))
    print(f"  DQN, s: {first:.1f}, {second:.1f}; PPO: {mean:.1f} ± {deviation:.1f}", flush=True)
    test: Any = stats.ttest_ind_from_stats(mean, deviation, SEEDS, *PUBLISHED, equal_var=False)
    return {
        "dqn_cpu_minutes": spread([(first + (SHARE - 1) * second) / 60]),
        "ppo_return": spread(returns.tolist()),
        "ppo_mean_return": spread([mean]),
        "ppo_p_value": spread([float(test.pvalue)]),
    }
