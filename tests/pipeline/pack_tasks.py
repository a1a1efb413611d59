"""Tasks for the tests of packs, and a stage of slow packs, which worker processes can import."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from ruamel.yaml import YAML

from reprise import seeds
from reprise.hyperparameters import Frozen
from reprise.pipeline import artifacts, packs, stage
from reprise.pipeline.packs import Pack


def draws(pack: Pack) -> np.ndarray:
    """Return random numbers of each seed of a pack, float [N, 3]."""
    return np.stack([seeds.generator(7, "training", seed).normal(size=3) for seed in pack.seeds])


def slow_at_first(pack: Pack) -> tuple[int, int]:
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


PACKS = 6
ALL = {"draws": np.array([draws(pack) for pack in packs.cut(2 * PACKS, 2)])}
EXPECTED = artifacts.render("draws.npz", ALL)
ENVIRONMENT = {key: os.environ[key] for key in os.environ if key != "REPRISE_WORKERS"} | {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "0123456789abcdef" * 4,
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Run:
    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self.folder, self.process = folder, process

    def begun(self) -> list[tuple[int, int]]:
        """Return packs and their processes, in the order in which they began."""
        found = [tuple(map(int, path.name.split())) for path in (self.folder / "begun").iterdir()]
        return [(pack, process) for pack, process, _ in sorted(found, key=lambda note: note[2])]

    def wait(self, packs: int) -> list[tuple[int, int]]:
        deadline = time.monotonic() + 60
        while len(self.begun()) < packs:
            assert time.monotonic() < deadline, self.process.poll()
            time.sleep(0.02)
        return self.begun()

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def result(self) -> bytes:
        _, said = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, said
        return (self.folder / "data/slow/draws.npz").read_bytes()


@contextlib.contextmanager
def started(
    folder: Path, engine: str = "processes", address: str | None = None, seconds: float = 0.5
) -> Iterator[Run]:
    """Start the stage in a process group of its own; in the end it is over."""
    (folder / "begun").mkdir(parents=True, exist_ok=True)
    execution = {"engine": engine, "address": address, "workers": None if address else 2}
    sections = {"execution": execution, "slow": {"packs": PACKS, "seconds": seconds}}
    YAML().dump(sections, folder / "params.yaml")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.pack_tasks", str(folder / "begun")],
        cwd=folder, env=ENVIRONMENT, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A shell's background job ignores SIGINT, and so would whatever the tests start in it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        yield Run(folder, process)
    finally:
        process.kill()
        process.communicate()


def gone(processes: list[psutil.Process], seconds: float = 5) -> bool:
    return not psutil.wait_procs(processes, timeout=seconds)[1]


if __name__ == "__main__":
    sys.exit(stage.execute("slow", Params, run, lambda results: "done", ["folder"]))
