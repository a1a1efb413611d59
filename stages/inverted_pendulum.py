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

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

from reprise.environments.rollout import animated
from reprise.environments.specification import Specification
from reprise.pipeline import stage
from stages import pendulum_swing_up
from stages.pendulum_swing_up import Params, headline

NAME = "inverted_pendulum"


def filmed_apart(*given: Any) -> bytes:
    """Return what `animated` does, from a process of its own.

    MuJoCo draws without a screen by EGL. Its LLVM and TensorFlow's in one process end in a crash.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(filmed, *given).result()


def filmed(environment: Specification, *given: Any) -> bytes:
    """Return an animation drawn by EGL."""
    environment.make().close()  # before EGL is asked for, which may be missing
    os.environ.setdefault("MUJOCO_GL", "egl")
    return animated(environment, *given)


run = partial(pendulum_swing_up.run, name=NAME, film=filmed_apart)

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
