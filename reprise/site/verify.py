"""Check that the results and DVC's cache match dvc.lock.

DVC does not read a write-protected file of its cache again, so it misses a change by a failing disk
or by hand. `make verify` reads every byte. Exit codes: 0 all match; 1 some do not.
"""

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.logger import set_loggers_level
from dvc.repo import Repo
from dvc_data.hashfile.hash import file_md5
from dvc_data.hashfile.state import StateNoop

from reprise.errors import PlainError


@contextlib.contextmanager
def repository() -> Iterator[Any]:
    """Open DVC's repository; an error of DVC becomes a PlainError."""
    try:
        with set_loggers_level(logging.WARNING), Repo() as repo:
            yield repo
    except DvcException as error:
        cause = f": {error.__cause__}" if error.__cause__ else ""
        raise PlainError(" ".join(f"{error}{cause}".split())) from None


def cache(repo: Any) -> Iterator[str]:
    """Yield each cached file that does not match its name."""
    for path in sorted(Path(repo.cache.local.path).glob("??/*")):
        if file_md5(str(path), repo.fs) != path.parent.name + path.name.removesuffix(".dir"):
            yield repo.fs.relpath(str(path))


def results(repo: Any) -> Iterator[str]:
    """Yield each result that does not match dvc.lock."""
    repo.cache.local.state = StateNoop()  # forgets the digests that DVC has stored
    for out in repo.index.outs:
        if out.hash_info and out.exists and out.changed_checksum():
            yield str(out)


def check(*sources: Callable[[Any], Iterator[str]]) -> None:
    """Raise PlainError if a source yields a file."""
    with repository() as repo:
        if names := ", ".join(name for source in sources for name in source(repo)):
            restore = "`git checkout .` and `dvc checkout`, `dvc pull` or `dvc repro` restores it"
            raise PlainError(f"does not match dvc.lock: {names}; delete it, then {restore}")


if __name__ == "__main__":
    try:
        check(cache, results)
    except PlainError as error:
        sys.exit(f"verify: {error}")
    print("all results and DVC's cache match dvc.lock")
