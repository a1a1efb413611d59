"""Training of policy networks with REINFORCE on LunarLander-v3.

Reads params.yaml, and writes the files of reinforce_training, except for snapshots, to
data/lunar_lander/, by the same code. The environment runs in Gymnasium, and a policy chooses among
four actions. The stage takes long, so extra/dvc.yaml runs it.
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
