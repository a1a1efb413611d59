"""The machines on which the same bytes are asked for: this one in several ways, and emulated ones.

An emulated CPU is QEMU's user mode: the real program, the instructions of another processor. It has
no AVX-512, as every CPU that it knows here; where this one has, it is switched off in all libraries
that look for it by themselves.
"""

import os
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

from reprise.pipeline import packs

EMULATOR = "qemu-x86_64"
THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)  # fmt: skip
AVX_512 = ("F", "VL", "BW", "CD", "DQ")


class Machine(NamedTuple):
    """A way to run a program."""

    name: str
    environment: dict[str, str]
    emulated: str = ""
    """QEMU's name of the CPU; none runs natively."""
    one_cpu: bool = False
    """Whether it may use but one of the machine's CPUs."""

    def python(self, folder: Path) -> str:
        """Return the path of an interpreter on this machine, made in a folder if need be."""
        if not self.emulated:
            return sys.executable
        path = folder / "python"
        command = shlex.join([EMULATOR, "-cpu", self.emulated, sys.executable])
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
        return str(path)


def threads(number: int) -> dict[str, str]:
    """Return the environment that asks every library for a number of threads."""
    return dict.fromkeys(THREADS, str(number))


NATIVE = Machine("native", threads(1) | {packs.WORKERS: "1"}, one_cpu=True)
OTHERS = [
    Machine("native, 2 threads", threads(2) | {packs.WORKERS: "1"}),
    Machine("native, 2 workers", {packs.WORKERS: "2"}),
    Machine(
        "native, AVX-512 off",
        {
            packs.WORKERS: "1",
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + ",".join(f"-AVX512{part}" for part in AVX_512),
            "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
            "NUMBA_CPU_NAME": "haswell",
            "OPENBLAS_CORETYPE": "Haswell",
        },
    ),
    Machine("Haswell", {packs.WORKERS: "1"}, emulated="Haswell"),
    Machine("EPYC", {packs.WORKERS: "1"}, emulated="EPYC"),
]


def instructions() -> set[str]:
    """Return the names of this CPU's instruction sets as Linux has them."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return set(flags.partition(":")[2].split())


def available() -> int:
    """Return how many CPUs this process may use."""
    return len(os.sched_getaffinity(0))
