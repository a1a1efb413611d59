"""What tests of stages share: trained results, and their bytes."""

import os
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from reprise.pipeline import artifacts, packs
from tests import tiny


def rendered(results: dict[str, Any]) -> dict[str, bytes]:
    """Return results as the bytes of their files."""
    return {name: artifacts.render(name, content) for name, content in results.items()}


def trained(name: str, factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a stage gives for its tiny parameters, trained once in a session of tests."""
    return recorded(name, factory)[0]


def recorded(name: str, factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[list[Any]]]:
    """Return a tiny stage's results, and what each of its runs of packs gave."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # which the processes of a session share
    kept = folder / f"{name}.pickle"
    if not kept.exists():
        artifacts.write(kept, pickle.dumps(recording(lambda: tiny.run(name))))
    return pickle.loads(kept.read_bytes())  # noqa: S301 ours


def recording(call: Callable[[], Any]) -> tuple[Any, list[list[Any]]]:
    """Return what a call gives, and what each run of packs in it gave."""
    kept: list[list[Any]] = []
    run = packs.run

    def remembering(*arguments: Any, **options: Any) -> list[Any]:
        kept.append(run(*arguments, **options))
        return kept[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packs, "run", remembering)
        return call(), kept
