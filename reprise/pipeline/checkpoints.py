"""Finished packs, kept for an interrupted stage's next run.

One file a pack in .reprise/checkpoints/<stage>/. Its name is a digest of all that decides the
result, code included. A stage removes them when its results are written.
"""

import contextlib
import hashlib
import pickle
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from reprise.pipeline import artifacts, tracking

FOLDER = Path(".reprise/checkpoints")
ROOT = Path(__file__).resolve().parents[2]
CODE = ["reprise/**/*.py", "stages/*.py", "environments/**/*", "data/inputs/*", "requirements.lock"]

_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


@contextlib.contextmanager
def while_running(stage: str) -> Iterator[None]:
    """Let a stage keep its packs until it ends well."""
    token = _folder.set(FOLDER / stage)
    try:
        yield
    finally:
        _folder.reset(token)
    shutil.rmtree(FOLDER / stage, ignore_errors=True)


def files(task: Callable[..., Any], packs: Iterable[tuple[Any, ...]]) -> list[Path]:
    """Return the packs' files; none outside a stage.

    The task is a function, or a partial of one with arguments that show all their values.
    """
    if (folder := _folder.get()) is None:
        return []
    function = getattr(task, "func", task).__qualname__
    arguments = getattr(task, "args", ()), getattr(task, "keywords", {})
    common = hashlib.sha256(repr((function, arguments, list(code(ROOT)))).encode()).hexdigest()
    each = (f"{tuple(pack)} {common}" for pack in packs)
    return [folder / hashlib.sha256(text.encode()).hexdigest() for text in each]


def read(file: Path) -> Any:
    """Return a pack's result; None unless it is whole."""
    with contextlib.suppress(FileNotFoundError):
        content = file.read_bytes()
        if content[:32] == hashlib.sha256(content[32:]).digest():
            return pickle.loads(content[32:])  # noqa: S301 ours
    return None


def write(file: Path, result: Any) -> None:
    """Write a pack's result, after its checksum."""
    content = pickle.dumps(result)
    artifacts.write(file, hashlib.sha256(content).digest() + content)


def code(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the code of all first-party and user modules."""
    paths = [path for pattern in CODE for path in sorted(root.glob(pattern))]
    named = [(path.relative_to(root).as_posix(), path) for path in paths if path.suffix != ".pyc"]
    for name, path in [*named, *tracking.own_modules()]:
        if path.is_file():
            yield name, path.read_bytes()
