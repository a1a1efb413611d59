"""Tasks for the tests of packs, in a module that worker processes can import."""

import functools
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from reprise import seeds
from reprise.errors import UserError
from reprise.hyperparameters import Frozen
from reprise.pipeline import packs, stage
from reprise.pipeline.packs import Pack


class AwkwardError(Exception):
    """Cannot be unpickled: its constructor takes more than its arguments."""

    def __init__(self, state: str, action: str) -> None:
        super().__init__(f"{state}, {action}")


def draws(pack: Pack) -> np.ndarray:
    """Return random numbers of each seed of a pack, float [N, 3]."""
    return np.stack([seeds.generator(7, "training", seed).normal(size=3) for seed in pack.seeds])


def slow_at_first(pack: Pack) -> tuple[int, int]:
    """Return a pack's number and its process; the first pack takes longest."""
    time.sleep(0.5 if pack.index == 0 else 0)
    return pack.index, os.getpid()


def fail_in_pack_1(pack: Pack, kind: str) -> object:
    """Return a pack's number, but fail in one of several ways in pack 1."""
    if pack.index == 1:
        match kind:
            case "raise":
                raise ZeroDivisionError("no steps")
            case "user":
                raise UserError("discount is 2; allowed: a number from 0 to 1")
            case "awkward":
                raise AwkwardError("s0", "a1")
            case "result":
                return lambda: 1
            case "exit":
                sys.exit(3)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
    return pack.index


def sleep_long(pack: Pack, folder: Path) -> None:
    """Leave the process's id in a folder, then take very long."""
    (folder / f"{os.getpid()}").touch()
    time.sleep(60)


class Params(Frozen):
    """The parameters of a stage that takes very long."""

    steps: int


def run(params: Params, folder: str) -> dict[str, None]:
    """Run the long task on two processes."""
    packs.run(functools.partial(sleep_long, folder=Path(folder)), packs.cut(32, 8), workers=2)
    return {}


if __name__ == "__main__":
    sys.exit(stage.execute("markov_chain", Params, run, lambda results: "done", ["folder"]))
