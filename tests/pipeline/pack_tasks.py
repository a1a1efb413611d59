"""Tasks for the tests of packs, and a stage of slow packs, which worker processes can import."""

import functools
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from reprise import seeds
from reprise.hyperparameters import Frozen
from reprise.pipeline import packs, stage
from reprise.pipeline.packs import Pack


def draws(pack: Pack) -> np.ndarray:
    """Return random numbers of each seed of a pack, float [N, 3]."""
    return np.stack([seeds.generator(7, "training", seed).normal(size=3) for seed in pack.seeds])


def slow_at_first(pack: Pack) -> tuple[int, int]:
    """Return a pack's number and its process; the first pack takes longest."""
    time.sleep(0.5 if pack.index == 0 else 0)
    return pack.index, os.getpid()


def fail(pack: Pack, error: Exception) -> object:
    raise error


def slowly(folder: Path, seconds: float, pack: Pack) -> np.ndarray:
    """Write a note of the pack and the process into a folder, take a while, return the draws."""
    (folder / f"{pack.index} {os.getpid()} {time.monotonic_ns()}").touch()
    time.sleep(seconds)
    return draws(pack)


class Params(Frozen):
    """The parameters of a stage of slow packs."""

    packs: int
    seconds: float


def run(params: Params, folder: str) -> dict[str, Any]:
    slow = functools.partial(slowly, Path(folder), params.seconds)
    return {"draws.npz": {"draws": np.array(packs.run(slow, packs.cut(2 * params.packs, 2)))}}


if __name__ == "__main__":
    sys.exit(stage.execute("slow", Params, run, lambda results: "done", ["folder"]))
