"""Compiled programs, kept for a stage's next run.

TensorFlow's persistent cache writes the files, in .reprise/programs/<stage>/<machine>/. TensorFlow
compares the program, but not its version, XLA's flags or the CPU: their digest is the last folder.
A file that is not whole would make the stage fail, so each has a checksum.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import reprise
from reprise.pipeline import artifacts

FOLDER = Path(".reprise/programs")
FLAGS = "TF_XLA_FLAGS"
SUMS = "sums.json"
MOST = 64  # files kept for a stage, some megabytes each


@contextlib.contextmanager
def used(stage: str) -> Iterator[None]:
    """Share compiled programs with workers and later runs.

    The user's own flags for TensorFlow take precedence.
    """
    if FLAGS in os.environ:
        yield
        return
    folder = FOLDER / stage / _machine()
    for other in set((FOLDER / stage).glob("*")) - {folder}:
        shutil.rmtree(other, ignore_errors=True)
    kept = {}
    with contextlib.suppress(OSError, ValueError, TypeError):
        kept = dict(json.loads((folder / SUMS).read_text()))
    for path in folder.glob("*.pb"):
        if _sum(path) != kept.get(path.name):
            path.unlink(missing_ok=True)
            kept.pop(path.name, None)
    os.environ[FLAGS] = (
        f"--tf_xla_persistent_cache_directory={folder.absolute()} "
        "--tf_xla_persistent_cache_device_types=CPU"
    )
    try:
        yield
    finally:
        del os.environ[FLAGS]
        found = sorted(folder.glob("*.pb"), key=lambda path: path.stat().st_mtime)
        for path in found[:-MOST]:
            path.unlink(missing_ok=True)
        if found:
            sums = {path.name: kept.get(path.name) or _sum(path) for path in found[-MOST:]}
            artifacts.write(folder / SUMS, sums)


def _sum(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes()).hexdigest()


def _machine() -> str:
    """Return a digest of versions, flags and CPU."""
    first, *_ = Path("/proc/cpuinfo").read_text().split("\n\n")
    cpu = [line for line in first.splitlines() if line.startswith(("model name", "flags"))]
    parts = [version("tensorflow"), *reprise.XLA_FLAGS, *cpu]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
