"""What tests of stages share: trained results, and their bytes."""

import os
import pickle
from typing import Any

import pytest

from reprise.pipeline import artifacts
from tests import tiny


def rendered(results: dict[str, Any]) -> dict[str, bytes]:
    """Return results as the bytes of their files."""
    return {name: artifacts.render(name, content) for name, content in results.items()}


def trained(name: str, factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a stage gives for its tiny parameters, trained once in a session of tests."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # which the processes of a session share
    kept = folder / f"{name}.pickle"
    if not kept.exists():
        artifacts.write(kept, pickle.dumps(tiny.run(name)))
    return pickle.loads(kept.read_bytes())  # noqa: S301 ours
