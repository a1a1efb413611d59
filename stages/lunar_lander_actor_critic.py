"""Training of actor-critics on LunarLander-v3, to compare with REINFORCE.

The code is that of pendulum_swing_up, and lunar_lander trains by REINFORCE. Box2D decides the bits.

Reads: params.yaml.
Writes to data/lunar_lander_actor_critic/:
    metrics.json        how the trainings end, and how good the policies are in Gymnasium
    samples.csv         one row for each seed, the sample of metrics.json
    returns.csv         mean return of each rollout's ended episodes, one column for each seed
    learning_curve.csv  mean, median and quantiles over seeds
    weights.npz         the actors; `reprise.load` makes Keras models of them
    median_seed.gif     an episode of the seed with the median evaluation
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
