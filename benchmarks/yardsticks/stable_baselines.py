"""Stable-Baselines3's DQN, A2C and PPO on CartPole, one training for so many seconds.

    .venv-benchmarks/bin/python benchmarks/yardsticks/stable_baselines.py dqn|a2c|ppo SEED SECONDS

It runs in an environment of its own and prints the steps played and the seconds taken. Networks,
rates, discount, replay buffer and batches are those of the chapter's trainings. What differs is
Stable-Baselines3's own: Huber loss, Adam and a target network (here copied at each gradient step)
in DQN, its exploration by steps; in A2C a critic next to the policy, RMSprop, and an update after
every 20 steps of ten environments, where REINFORCE has one after ten whole episodes; Adam in PPO.
"""

import json
import sys
import time

import torch
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

FOREVER = 10_000_000  # steps
EXPLORED = 25_000 / FOREVER  # the share of them until epsilon is at its lowest
ENVIRONMENT = {"env_id": "CartPole-v1", "env_kwargs": {"max_episode_steps": 200}}


class Until(BaseCallback):
    """Ends a training when its time is over."""

    def __init__(self, seconds):
        super().__init__()
        self.end = time.perf_counter() + seconds

    def _on_step(self):
        return time.perf_counter() < self.end


def model(algorithm, seed):
    if algorithm == "dqn":
        return DQN(
            "MlpPolicy", make_vec_env(**ENVIRONMENT, n_envs=1, seed=seed), learning_rate=0.01,
            buffer_size=2000, batch_size=32, gamma=0.95, learning_starts=1000,
            train_freq=(1, "episode"), gradient_steps=1, target_update_interval=1,
            exploration_initial_eps=1.0, exploration_final_eps=0.01, exploration_fraction=EXPLORED,
            policy_kwargs={"net_arch": [32, 32], "activation_fn": torch.nn.ELU},
            seed=seed, device="cpu",
        )  # fmt: skip
    small = {"net_arch": {"pi": [5], "vf": [5]}, "activation_fn": torch.nn.ReLU}
    if algorithm == "ppo":
        return PPO(
            "MlpPolicy", make_vec_env(**ENVIRONMENT, n_envs=8, seed=seed), learning_rate=0.01,
            n_steps=128, batch_size=256, n_epochs=4, gamma=0.95, gae_lambda=0.95, clip_range=0.2,
            ent_coef=0.01, vf_coef=0.5, max_grad_norm=0.5,
            policy_kwargs=small, seed=seed, device="cpu",
        )  # fmt: skip
    return A2C(
        "MlpPolicy", make_vec_env(**ENVIRONMENT, n_envs=10, seed=seed), learning_rate=0.01,
        gamma=0.95, n_steps=20, policy_kwargs=small, seed=seed, device="cpu",
    )  # fmt: skip


def main():
    algorithm, seed, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    torch.set_num_threads(1)  # faster with networks this small, and as Reprise's
    trained = model(algorithm, seed)
    start = time.perf_counter()
    trained.learn(FOREVER, callback=Until(seconds))
    print(json.dumps({"steps": trained.num_timesteps, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
