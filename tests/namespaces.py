"""Commands with mounts, or with a network, of their own, where the system allows that."""

import os
import subprocess
import sys
from pathlib import Path

from tests import loopback
from tests.repositories import environment

ROOT = [] if os.geteuid() == 0 else ["--map-root-user"]


def allowed(*kinds: str) -> bool:
    """Whether namespaces of these kinds can be made here."""
    done = subprocess.run(["unshare", *ROOT, *kinds, "true"], capture_output=True, check=False)
    return done.returncode == 0


MOUNTS = allowed("--mount")
WITHOUT_NETWORK = (
    ["unshare", *ROOT, "--net", sys.executable, loopback.__file__] if allowed("--net") else []
)
"""The beginning of a command that runs the rest with loopback as its only network."""


def alone(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder; what it mounts is seen by it alone."""
    return subprocess.run(
        ["unshare", *ROOT, "--mount", *command], cwd=folder, env=environment({}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
