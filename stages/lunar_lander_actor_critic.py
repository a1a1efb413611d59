"""Training of actor-critics on LunarLander-v3, to compare with REINFORCE.

Reads params.yaml, and writes the files of pendulum_swing_up to data/lunar_lander_actor_critic/, by
the same code. lunar_lander trains with REINFORCE. The results' bits depend on Box2D.
"""

import sys
from functools import partial

from reprise.pipeline import stage
from stages import pendulum_swing_up
from stages.pendulum_swing_up import Params, headline

NAME = "lunar_lander_actor_critic"

run = partial(pendulum_swing_up.run, name=NAME)

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
