"""Trains policy networks with REINFORCE on LunarLander-v3, and plays what was learned.

The same code and the same results as reinforce_training; the environment runs in Gymnasium itself,
four actions are drawn by a softmax, and a policy has solved the task at the mean return of 200 that
Gymnasium asks for. It takes long, and is in a pipeline of its own: `dvc repro extra/dvc.yaml`.

Reads: params.yaml.
Writes to data/lunar_lander/:
    metrics.json        how the trainings end, and how good the policies are in Gymnasium
    samples.csv         one row a seed: what metrics.json summarises
    returns.csv         mean return of each iteration's episodes, one column a seed
    learning_curve.csv  mean, median and quantiles over seeds
    weights.npz         the trained networks; `reprise.load` makes Keras models of them
    median_seed.gif     an episode of the seed whose evaluation is the median
"""

import sys
from functools import partial

from reprise.pipeline import stage
from stages import reinforce_training
from stages.reinforce_training import Params, headline

NAME = "lunar_lander"

run = partial(reinforce_training.run, name=NAME)

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
