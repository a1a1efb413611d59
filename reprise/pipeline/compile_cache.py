"""Compiled programs, kept for a stage's next run.

TensorFlow's persistent cache writes the files to .reprise/programs/<stage>/<machine>/. TensorFlow
compares the program, but not its own version, XLA's flags or the CPU; the last folder is a digest
of these. TensorFlow names a file only when it is complete, so killing a stage does no harm.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import reprise

FOLDER = Path(".reprise/programs")
FLAGS = "TF_XLA_FLAGS"
MOST = 64  # files to keep for a stage, some megabytes each


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
    os.environ[FLAGS] = (
        f"--tf_xla_persistent_cache_directory={folder.absolute()} "
        "--tf_xla_persistent_cache_device_types=CPU"
    )
    try:
        yield
    finally:
        del os.environ[FLAGS]
        for path in sorted(folder.glob("*"), key=lambda path: path.stat().st_mtime)[:-MOST]:
            path.unlink(missing_ok=True)


def _machine() -> str:
    """Digest TensorFlow's version, XLA's flags and the CPU."""
    first, *_ = Path("/proc/cpuinfo").read_text().split("\n\n")
    cpu = [line for line in first.splitlines() if line.startswith(("model name", "flags"))]
    parts = [version("tensorflow"), *reprise.XLA_FLAGS, *cpu]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
