import subprocess
import sys

import numpy as np

from reprise import policies, seeds
from reprise.environments.rollout import evaluate
from reprise.nn import networks
from reprise.nn.determinism import tf

CARTPOLE = "CartPole-v1"


def test_angle_and_velocity_solves_every_episode():
    act = policies.playing(policies.angle_and_velocity)
    assert (evaluate(act, CARTPOLE, range(50), 1, [200]) == 200).all()


def test_an_untrained_network_pushes_left_with_the_probability_that_it_gives():
    count, sizes = 3, [4, 5, 1]
    keys = seeds.training_keys(7, "initial weights", range(count)).T
    weights = networks.glorot_uniform(tf.constant(keys), sizes)
    observations = np.random.default_rng(0).normal(size=(2, 4, count)).astype(np.float32)
    probability = np.empty((2, count))
    for policy in range(count):
        x = observations[..., policy]
        hidden = np.maximum(
            x @ weights[0].numpy()[..., policy].T + weights[1].numpy()[..., policy], 0
        )
        logit = hidden @ weights[2].numpy()[..., policy].T + weights[3].numpy()[..., policy]
        probability[:, policy] = 1 / (1 + np.exp(-logit[:, 0]))
    draws = np.stack([probability - 1e-4, probability + 1e-4]).astype(np.float32)
    act = policies.untrained_network(7, sizes, "relu", draws)
    assert (act(observations, 0) == policies.LEFT).all()
    assert (act(observations, 1) == policies.RIGHT).all()


def test_rules_and_evaluation_do_not_load_tensorflow():
    code = """
import sys
from reprise import policies
from reprise.environments import animation, rollout
rollout.evaluate(policies.playing(policies.angle), "CartPole-v1", [0], 1, [9])
sys.exit(any(name.startswith("tensorflow.") for name in sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
