"""Training of actor-critics on InvertedPendulum-v5, in MuJoCo.

Reads params.yaml, and writes the files of pendulum_swing_up to data/inverted_pendulum/, by the same
code. The results' bits depend on MuJoCo.
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
    """Animate in a process of its own.

    MuJoCo draws without a screen through EGL, and crashes in a process with TensorFlow: each brings
    its own LLVM.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(filmed, *given).result()


def filmed(environment: Specification, *given: Any) -> bytes:
    """Animate by EGL."""
    environment.make().close()  # fails before EGL does, which may be missing
    os.environ.setdefault("MUJOCO_GL", "egl")
    return animated(environment, *given)


run = partial(pendulum_swing_up.run, name=NAME, film=filmed_apart)

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
