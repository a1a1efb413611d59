"""Keeps the results of packs that are done, so that a long run that was interrupted goes on.

One .npz file a pack in .reprise/kept/, whose name is made of all that decides the result, code
included, and of a digest of what it holds: what was cut off or changed is not taken for a result.
They are kept while a stage is executed, and forgotten when its results are written.
"""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprise.errors import UserError
from reprise.pipeline import artifacts, tracking

if TYPE_CHECKING:
    from reprise.pipeline.packs import Pack

FOLDER = Path(".reprise/kept")
ROOT = Path(__file__).resolve().parents[2]
CODE = ("reprise/**/*.py", "stages/*.py", "environments/**/*", "requirements.lock")


class Kept:
    """The packs of one run that are done."""

    def __init__(self, name: str, decides: Mapping[str, Any], folder: Path) -> None:
        """Look for nothing yet.

        Args:
            name: the stage's.
            decides: what decides its packs' results beside code, as JSON has it.
            folder: where they are kept.
        """
        self._folder = folder / name
        self._key = _digest(json.dumps(decides, sort_keys=True).encode(), *code(ROOT))

    def get(self, pack: "Pack") -> Any:
        """Return a pack's result, arrays by name; None if it is not there as it was written."""
        for path in self._files(pack):
            try:
                arrays = artifacts.read_npz(path)
            except UserError:
                continue
            if path.stem.endswith(f"-{_digest(path.read_bytes())}"):
                return arrays
        return None

    def put(self, pack: "Pack", arrays: Any) -> None:
        """Keep a pack's result."""
        content = artifacts.render_npz("a pack", arrays)
        path = self._folder / f"{self._of(pack)}-{_digest(content)}.npz"
        artifacts.write_bytes(path, content)

    def _files(self, pack: "Pack") -> list[Path]:
        return sorted(self._folder.glob(f"{self._of(pack)}-*.npz"))

    def _of(self, pack: "Pack") -> str:
        place = json.dumps([pack.index, pack.first, pack.size, pack.variant]).encode()
        return _digest(self._key.encode(), place)


_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


@contextlib.contextmanager
def while_running(name: str) -> Iterator[None]:
    """Keep a stage's packs inside, and forget them at the end, unless something fails."""
    token = _folder.set(FOLDER)
    try:
        yield
    finally:
        _folder.reset(token)
    shutil.rmtree(FOLDER / name, ignore_errors=True)


def of(name: str, decides: Mapping[str, Any]) -> Kept | None:
    """Return what is kept of a stage, if one is executed; see `Kept`."""
    folder = _folder.get()
    return None if folder is None else Kept(name, decides, folder)


def code(root: Path) -> Iterable[bytes]:
    """Yield the names and contents of all that a stage may run, the user's own modules too."""
    files = [path for pattern in CODE for path in sorted(root.glob(pattern))]
    named = [(path.relative_to(root).as_posix(), path) for path in files if path.suffix != ".pyc"]
    for name, path in [*named, *tracking.own_modules()]:
        if path.is_file():
            yield name.encode()
            yield path.read_bytes()


def _digest(*parts: bytes) -> str:
    """Return a digest of parts, each counted with its length."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()[:32]
