"""Training of policy networks with REINFORCE on LunarLander-v3.

The code and the files are those of reinforce_training. The environment runs in Gymnasium itself, a
softmax draws one of four actions, and a policy solves the task at Gymnasium's mean return of 200.
The stage takes long, so it has its own pipeline: `dvc repro extra/dvc.yaml`.

Reads: params.yaml.
Writes to data/lunar_lander/:
    metrics.json        how the trainings end, and how good the policies are in Gymnasium
    samples.csv         one row for each seed, the sample of metrics.json
    returns.csv         mean return of each iteration's episodes, one column for each seed
    learning_curve.csv  mean, median and quantiles over seeds
    weights.npz         the trained networks; `reprise.load` makes Keras models of them
    median_seed.gif     an episode of the seed with the median evaluation
"""

import sys

from reprise.pipeline import stage
from stages import reinforce_training
from stages.reinforce_training import Training as Params
from stages.reinforce_training import headline

NAME = "lunar_lander"


def run(params: Params) -> dict:
    """Train and evaluate all seeds."""
    return reinforce_training.trained(params, NAME)[1]


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
