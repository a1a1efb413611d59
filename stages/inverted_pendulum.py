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

from reprise.environments.rollout import Camera
from reprise.pipeline import stage
from stages import pendulum_swing_up
from stages.pendulum_swing_up import Params, headline

NAME = "inverted_pendulum"


class Apart:
    """A camera in a process of its own.

    MuJoCo draws without a screen by EGL. Its LLVM and TensorFlow's in one process end in a crash.
    """

    def __init__(self, *given: Any) -> None:
        """Take what a Camera takes."""
        self._given = given

    def animation(self, *given: Any) -> bytes:
        """Return the GIF of a policy's episode, or a notice."""
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            return pool.submit(filmed, self._given, given).result()


def filmed(of: tuple, given: tuple) -> bytes:
    """Return the animation of a new camera, drawn by EGL."""
    of[0].make().close()  # where there is no EGL, MuJoCo loads only if it is not asked for yet
    os.environ.setdefault("MUJOCO_GL", "egl")
    return Camera(*of).animation(*given)


run = partial(pendulum_swing_up.run, name=NAME, camera=Apart)

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
