"""Training of actor-critics on InvertedPendulum-v5, in MuJoCo.

The code is that of pendulum_swing_up. MuJoCo decides the bits.

Reads: params.yaml.
Writes to data/inverted_pendulum/:
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

NAME = "inverted_pendulum"

run = partial(pendulum_swing_up.run, name=NAME)

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
