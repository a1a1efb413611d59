import subprocess
import sys

from reprise import policies
from reprise.environments.rollout import evaluate

CARTPOLE = "CartPole-v1"


def test_angle_and_velocity_solves_every_episode():
    act = policies.playing(policies.angle_and_velocity)
    assert (evaluate(act, CARTPOLE, range(50), 1, [200]) == 200).all()


def test_rules_and_evaluation_do_not_load_tensorflow():
    code = """
import sys
from reprise import policies
from reprise.environments import animation, rollout
rollout.evaluate(policies.playing(policies.angle), "CartPole-v1", [0], 1, [9])
sys.exit(any(name.startswith("tensorflow.") for name in sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
