"""Commands with mounts, or with a network, of their own, where the system allows that."""

import os
import subprocess
from pathlib import Path

from tests.repositories import environment

ROOT = [] if os.geteuid() == 0 else ["--map-root-user"]


def allowed(*kinds: str) -> bool:
    """Whether namespaces of these kinds can be made here."""
    done = subprocess.run(["unshare", *ROOT, *kinds, "true"], capture_output=True, check=False)
    return done.returncode == 0


MOUNTS = allowed("--mount")


def alone(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder; what it mounts is seen by it alone."""
    return subprocess.run(
        ["unshare", *ROOT, "--mount", *command], cwd=folder, env=environment({}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
