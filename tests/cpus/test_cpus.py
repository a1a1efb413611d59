"""Stages write the same bytes on every CPU, with any threads and workers.

`make test-cpus` runs this, and nothing else does: it takes minutes. Natively every stage runs. An
emulated CPU is QEMU's user mode: the real program, the instructions of another processor, ten times
slower; so each kind of program runs on one of them, and each library on both.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reprise.pipeline import execution
from tests import tiny

ROOT = tiny.ROOT
LIMIT = 60 * 60  # seconds, until a run is taken for hanging
LIBRARIES = ("OMP", "OPENBLAS", "NUMBA")
AVX_512 = ",".join(f"-AVX512{part}" for part in ("F", "VL", "BW", "CD", "DQ"))
ON_BOTH = ["claims", "reporting"]  # statistics, and figures
# Programs of XLA, one with real actions; kernels of Numba; linear algebra.
ON_HASWELL = ["partial_observability", "policy_search", "mdp_solving", *ON_BOTH]
ON_EPYC = ["dqn_ablations", "pendulum_swing_up", "exploration", "markov_chain", *ON_BOTH]


class Machine(NamedTuple):
    """A way to run a program: its environment, stages, emulated CPU and CPUs."""

    environment: dict[str, str]
    stages: list[str] = tiny.STAGES
    emulated: str = ""  # QEMU's name of the CPU; none runs natively
    one_cpu: bool = False


def threads(number: int) -> dict[str, str]:
    """Return the environment that asks every library for a number of threads."""
    keys = [f"{library}_NUM_THREADS" for library in LIBRARIES]
    keys += [f"TF_NUM_{kind}OP_THREADS" for kind in ("INTER", "INTRA")]
    return dict.fromkeys(keys, str(number)) | {execution.WORKERS: "1"}


# Where this CPU has AVX-512, it is switched off in all libraries that look for it by themselves.
WITHOUT_AVX_512 = {
    execution.WORKERS: "1",
    "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={AVX_512}",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "NUMBA_CPU_NAME": "haswell",
    "OPENBLAS_CORETYPE": "Haswell",
}
MACHINES = {
    "Haswell": Machine({execution.WORKERS: "1"}, ON_HASWELL, "Haswell"),  # the longest first
    "EPYC": Machine({execution.WORKERS: "1"}, ON_EPYC, "EPYC"),
    "native": Machine(threads(1), one_cpu=True),
    "2 threads, 2 workers": Machine(threads(2) | {execution.WORKERS: "2"}),
    "AVX-512 off": Machine(WITHOUT_AVX_512),
}

Run = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """What each machine printed, by stage; as many at a time as CPUs."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        begun = {n: pool.submit(run, n, tmp_path_factory.mktemp("run")) for n in MACHINES}
        yield {name: future.result() for name, future in begun.items()}


def run(name: str, folder: Path) -> Run:
    """Run a machine's stages, and print each when it is done."""
    machine, python = MACHINES[name], sys.executable
    for copied in ("data", "notebooks"):
        ignored = shutil.ignore_patterns("*.npz")
        shutil.copytree(ROOT / copied, folder / copied, symlinks=True, ignore=ignored)
    (folder / "extra").mkdir()
    for file in ("params.yaml", "dvc.yaml", "extra/dvc.yaml"):
        shutil.copyfile(ROOT / file, folder / file)
    if machine.emulated:
        command = shlex.join(["qemu-x86_64", "-cpu", machine.emulated, python])
        (folder / "python").write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        (folder / "python").chmod(0o755)
        python = str(folder / "python")
    environment = os.environ | machine.environment | {"PYTHONPATH": str(ROOT)}
    environment.pop("TF_XLA_FLAGS", None)  # each CPU compiles for itself
    pinned = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))] * machine.one_cpu
    command = [*pinned, "timeout", str(LIMIT), python, "-m", "tests.cpus.hashes", python]
    found = {}
    with (folder / "stderr").open("w+") as stderr, subprocess.Popen(
        [*command, *machine.stages], cwd=folder, env=environment, stdout=subprocess.PIPE,
        stderr=stderr, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        for line in process.stdout:
            told = json.loads(line)
            found[told.get("stage", "cpu")] = told
            print(f"{name}: {told.get('stage', told)}  ({told.get('seconds', 0)} s)")
        code = process.wait()
        stderr.seek(0)
        said = [line for line in stderr if "TCG doesn't support" not in line]
    assert code == 0, f"{name} ended with {code}:\n{''.join(said[-30:])}"
    return found


@pytest.mark.parametrize(
    ("machine", "stage"),
    [(name, stage) for name in MACHINES if name != "native" for stage in MACHINES[name].stages],
)
def test_a_stage_writes_the_bytes_that_it_writes_natively(runs, machine: str, stage: str):
    expected, found = runs["native"][stage]["files"], runs[machine][stage]["files"]
    assert expected
    assert list(found) == list(expected)
    other = [file for file in expected if found[file] != expected[file]]
    assert not other, f"{stage} on {machine} writes other bytes into {other}"


def test_the_emulated_cpus_are_taken_for_what_they_are(runs):
    assert runs["Haswell"]["cpu"]["llvm"] == "haswell"
    assert runs["EPYC"]["cpu"]["llvm"] == "znver1"


def test_the_executed_notebook_is_the_committed_one(runs):
    """It reads the committed results: so these were drawn as any of the machines draws them."""
    for machine, found in runs.items():
        for file, digest in found["reporting"]["files"].items():
            committed = (ROOT / "data" / "reporting" / file).read_bytes()
            assert digest == hashlib.sha256(committed).hexdigest(), machine


def test_avx_512_is_present_in_one_run_and_not_in_the_others(runs):
    if " avx512f" not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        pytest.skip("THIS CPU HAS NO AVX-512: what it would change here could not be tried")
    used = {machine: found["cpu"]["numpy"] for machine, found in runs.items()}
    assert used.pop("native") in {"X86_V4", "AVX512_ICL", "AVX512_SPR"}
    for name in ("AVX-512 off", "Haswell", "EPYC"):
        assert used[name] == "X86_V3", name
