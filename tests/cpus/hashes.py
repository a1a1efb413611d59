"""Runs stages with tiny parameters and prints a hash of every file that each would write.

`python -m tests.cpus.hashes PYTHON`, natively or under an emulator, where params.yaml, dvc.yaml,
data/ and notebooks/ are; PYTHON starts the kernels of notebooks, as an emulated process starts a
native one.
Prints JSON, a line for each stage as it is done; the first says what the CPU is taken for.
"""

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from reprise.pipeline import artifacts, parameters
from stages import report, reporting
from tests import tiny
from tests.cpus import sections

NOTEBOOK = "markov_chain"
READERS = ("approximate_q_learning",)  # of dqn_training's tiny results
TINY = (tiny.CHANGES | tiny.OTHERS).keys()


def order() -> list[str]:
    """Return all stages; those that read committed results come before any is replaced."""
    return sorted(tiny.STAGES, key=lambda name: (name in TINY, name in READERS))


def cpu() -> dict[str, str]:
    """Return what the CPU is taken for by LLVM, and what NumPy computes with."""
    found = np.lib.introspect.opt_func_info(func_name="^exp$", signature="d")
    used = next(iter(found["exp"].values()))["current"]
    return {"llvm": str(llvm.get_host_cpu_name()), "numpy": used}


def results(name: str) -> Mapping[str, Any]:
    """Return what a stage makes, by file name."""
    if name == reporting.NAME:
        return reporting.run(parameters.load(name, reporting.Params), NOTEBOOK)
    if name == report.NAME:
        return report.run(parameters.load(name, report.Params), "extra")
    return tiny.stage(name).run(tiny.params(name, sections.section))


def hashes() -> Iterator[dict[str, Any]]:
    """Yield for each stage its name, the CPU time it took and its files' hashes."""
    for name in order():
        start = time.process_time()
        contents = results(name)
        artifacts.write_all(Path("data", name), contents)  # another stage may read them
        files = {
            file: hashlib.sha256(artifacts.render(file, content)).hexdigest()
            for file, content in contents.items()
        }
        yield {"stage": name, "seconds": round(time.process_time() - start, 1), "files": files}


if __name__ == "__main__":
    sys.executable = sys.argv[1]
    print(json.dumps(cpu()), flush=True)
    for line in hashes():
        print(json.dumps(line), flush=True)
