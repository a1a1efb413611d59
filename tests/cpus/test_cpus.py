"""Every stage writes the same bytes on every CPU, with any number of threads and workers.

`make test-cpus` runs this, and nothing else does: it takes minutes.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reprise.pipeline.progress import duration
from tests import tiny
from tests.cpus import machines
from tests.cpus.machines import NATIVE, OTHERS, Machine
from tests.tiny import ROOT

LIMIT = 60 * 60  # seconds, until runs are taken for hanging
STAGES = tiny.STAGES

Run = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """What each machine printed, by its name and the stage; as many at a time as CPUs."""
    latest = time.monotonic() + LIMIT
    with ThreadPoolExecutor(machines.available()) as pool:
        begun = {
            machine.name: pool.submit(run, machine, tmp_path_factory.mktemp("run"), latest)
            for machine in (NATIVE, *OTHERS)
        }
        yield {name: future.result() for name, future in begun.items()}


def run(machine: Machine, folder: Path, latest: float) -> Run:
    """Run all stages on a machine, and say of each when it is done."""
    for name in ("data", "notebooks"):
        ignored = shutil.ignore_patterns("*.npz")
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=ignored)
    (folder / "extra").mkdir()
    for name in ("params.yaml", "dvc.yaml", "extra/dvc.yaml"):
        shutil.copyfile(ROOT / name, folder / name)
    python = machine.python(folder)
    environment = os.environ | machine.environment | {"PYTHONPATH": str(ROOT)}
    environment.pop("TF_XLA_FLAGS", None)  # each CPU compiles for itself
    start, found = time.monotonic(), {}
    with (folder / "stderr").open("w+") as stderr:
        command = [python, "-m", "tests.cpus.hashes", python]
        if machine.one_cpu:
            command = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), *command]
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
        with ThreadPoolExecutor(1) as watch, process:
            watch.submit(end, process, latest)
            assert process.stdout
            for line in process.stdout:
                told = json.loads(line)
                found[told.get("stage", "cpu")] = told
                if "stage" in told:
                    print(f"{machine.name}: {told['stage']}  ({duration(told['seconds'])})")
        stderr.seek(0)
        said = [line for line in stderr if "TCG doesn't support" not in line]
    took = duration(time.monotonic() - start)
    print(f"{machine.name}: {found.get('cpu')}, exit code {process.returncode}  ({took})")
    assert process.returncode == 0, f"{machine.name} failed after {took}:\n{''.join(said[-30:])}"
    return found


def end(process: subprocess.Popen, latest: float) -> None:
    """Wait for a process, and end it when it is too late."""
    try:
        process.wait(max(0, latest - time.monotonic()))
    except subprocess.TimeoutExpired:
        print(f"\nended after {duration(LIMIT)}", file=sys.stderr)
        process.kill()


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("machine", [machine.name for machine in OTHERS])
def test_a_stage_writes_the_bytes_that_it_writes_natively(runs, machine: str, stage: str):
    expected, found = runs[NATIVE.name][stage]["files"], runs[machine][stage]["files"]
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
    if "avx512f" not in machines.instructions():
        pytest.skip("THIS CPU HAS NO AVX-512: what it would change here could not be tried")
    used = {machine: found["cpu"]["numpy"] for machine, found in runs.items()}
    assert used.pop(NATIVE.name) in {"X86_V4", "AVX512_ICL", "AVX512_SPR"}
    for name in ("native, AVX-512 off", "Haswell", "EPYC"):
        assert used[name] == "X86_V3", name
