"""Finished packs on disk, so that a run that was interrupted goes on where it stopped.

One file a pack in .reprise/checkpoints/<stage>/. Its name is a digest of all that decides the
result, code included. A stage removes them when its results are written.
"""

import contextlib
import hashlib
import pickle
import shutil
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprise.pipeline import artifacts, tracking

if TYPE_CHECKING:
    from reprise.pipeline.packs import Pack, Task

FOLDER = Path(".reprise/checkpoints")
ROOT = Path(__file__).resolve().parents[2]
CODE = ["reprise/**/*.py", "stages/*.py", "environments/**/*", "data/inputs/*", "requirements.lock"]

_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


@contextlib.contextmanager
def while_running(stage: str) -> Iterator[None]:
    """Let a stage keep its packs; remove them at the end, unless something fails."""
    token = _folder.set(FOLDER / stage)
    try:
        yield
    finally:
        _folder.reset(token)
    shutil.rmtree(FOLDER / stage, ignore_errors=True)


def of(task: "Task") -> "Checkpoints | None":
    """Return the finished packs of a task, if a stage is running."""
    folder = _folder.get()
    return None if folder is None else Checkpoints(task, folder)


class Checkpoints:
    """The finished packs of one task."""

    def __init__(self, task: "Task", folder: Path) -> None:
        """Take a function, or a partial of one with arguments that show all their values."""
        function = getattr(task, "func", task)
        arguments = getattr(task, "args", ()), getattr(task, "keywords", {})
        self._folder = folder
        self._task = [f"{function.__qualname__} {arguments}".encode(), *code(ROOT)]

    def get(self, pack: "Pack") -> Any:
        """Return a pack's result; None if it is not there as it was written."""
        with contextlib.suppress(FileNotFoundError):
            content = self._path(pack).read_bytes()
            if content[:32] == _digest(content[32:]):
                return pickle.loads(content[32:])  # noqa: S301 ours
        return None

    def put(self, pack: "Pack", result: Any) -> None:
        """Write a pack's result."""
        content = pickle.dumps(result)
        artifacts.write(self._path(pack), _digest(content) + content)

    def _path(self, pack: "Pack") -> Path:
        return self._folder / _digest(repr(tuple(pack)).encode(), *self._task).hex()


def code(root: Path) -> Iterator[bytes]:
    """Yield the names and contents of all that a pack may run, the user's own modules too."""
    files = [path for pattern in CODE for path in sorted(root.glob(pattern))]
    named = [(path.relative_to(root).as_posix(), path) for path in files if path.suffix != ".pyc"]
    for name, path in [*named, *tracking.own_modules()]:
        if path.is_file():
            yield name.encode()
            yield path.read_bytes()


def _digest(*parts: bytes) -> bytes:
    """Return a digest of parts, each counted with its length."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.digest()
