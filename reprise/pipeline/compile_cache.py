"""Compiled programs of a stage, kept on disk for its next run.

TensorFlow's persistent cache writes the files, in .reprise/programs/<stage>/<machine>/. The last
folder's name is a digest of TensorFlow's version, XLA's flags and the CPU, which decide the
compiled code together with the program; TensorFlow itself compares the program. A file that is not
whole would make the stage fail, so each has a checksum, and a run first removes those that differ.
"""

import contextlib
import hashlib
import json
import os
import platform
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
    """Let this process and its workers share a stage's compiled programs, also with later runs.

    The user's own flags for TensorFlow take precedence.
    """
    if FLAGS in os.environ:
        yield
        return
    folder = FOLDER / stage / _machine()
    for other in set((FOLDER / stage).glob("*")) - {folder}:
        shutil.rmtree(other, ignore_errors=True)
    sums = _sums(folder)
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
            kept = {path.name: sums.get(path.name) or _sum(path) for path in found[-MOST:]}
            artifacts.write(folder / SUMS, kept)


def _sums(folder: Path) -> dict[str, str]:
    """Return the checksums of a folder's whole files; remove all other files."""
    try:
        kept = dict(json.loads((folder / SUMS).read_text()))
    except (OSError, ValueError, TypeError):
        kept = {}
    found = {path.name: _sum(path) for path in folder.glob("*.pb")}
    for name in found:
        if kept.get(name) != found[name]:
            (folder / name).unlink(missing_ok=True)
    return {name: kept[name] for name in found if kept.get(name) == found[name]}


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def _machine() -> str:
    """Return a digest of the versions, the flags and the CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        lines = [platform.processor()]
    cpu = [line for line in lines if line.startswith(("model name", "flags"))] or lines
    parts = [version("tensorflow"), platform.machine(), *reprise.XLA_FLAGS, *cpu]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
