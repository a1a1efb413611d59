"""Finished packs, kept until a stage has written its results.

Each pack is a file in .reprise/checkpoints/<stage>/. Its name is a digest of everything that
decides the result, including the code. A stage that succeeds removes them; after an interruption,
the next run uses them.
"""

import contextlib
import hashlib
import pickle
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from reprise.pipeline import artifacts

FOLDER = Path(".reprise/checkpoints")
ROOT = Path(__file__).resolve().parents[2]
CODE = ["reprise/**/*.py", "stages/*.py", "environments/**/*", "data/inputs/*", "requirements.lock"]

_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


@contextlib.contextmanager
def while_running(stage: str) -> Iterator[None]:
    """Keep a stage's packs until it succeeds."""
    token = _folder.set(FOLDER / stage)
    try:
        yield
    finally:
        _folder.reset(token)
    shutil.rmtree(FOLDER / stage, ignore_errors=True)


def resume(task: Callable[..., Any], packs: Iterable[Any]) -> tuple[dict, Callable[..., None]]:
    """Return the kept results, and a function that keeps another.

    The task is a function, or a partial of one with arguments that show their values in `repr`.
    Outside a stage nothing is kept.
    """
    if (folder := _folder.get()) is None:
        return {}, lambda pack, result: None
    function = getattr(task, "func", task).__qualname__
    arguments = getattr(task, "args", ()), getattr(task, "keywords", {})
    paths = (path for pattern in CODE for path in sorted(ROOT.glob(pattern)))
    code = [
        (path.relative_to(ROOT).as_posix(), path.read_bytes())
        for path in paths
        if path.is_file() and path.suffix != ".pyc"
    ]
    common = _digest(repr((function, arguments, code)).encode())
    files = {pack: folder / _digest(f"{tuple(pack)} {common}".encode()) for pack in packs}

    def keep(pack: Any, result: Any) -> None:
        content = pickle.dumps(result)
        artifacts.write(files[pack], _digest(content).encode() + content)

    results = {}
    for pack, file in files.items():
        content = file.read_bytes() if file.exists() else b""
        if content[:64] == _digest(content[64:]).encode():
            results[pack] = pickle.loads(content[64:])  # noqa: S301 our own file
    return results, keep


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
