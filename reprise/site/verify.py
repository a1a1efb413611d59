"""Check results, and DVC's cache, against dvc.lock.

DVC trusts a write-protected file of its cache, and what it copied from there: bytes that a disk or
a hand has changed would pass for a result. This reads every byte. `make verify` runs it, as
`python -m reprise.site.verify`. Exit codes: 0 the same; 1 not.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reprise.errors import PlainError


def cache(repo: Any) -> Iterator[Path]:
    """Yield each cached file that differs from its name's digest."""
    for path in sorted(Path(repo.cache.local.path).glob("??/*")):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "md5").hexdigest()
        if digest != path.parent.name + path.name.removesuffix(".dir"):
            yield path


def results(repo: Any) -> Iterator[Path]:
    """Yield each result that differs from DVC's lock file."""
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.db import HashFileDB

    db: Any = HashFileDB(repo.fs, "")  # empty: it remembers no digest
    for out in repo.index.outs:
        if out.hash_info and out.exists:
            *_, found = build(db, out.fs_path, out.fs, "md5", ignore=repo.dvcignore, dry_run=True)
            if found.hash_info != out.hash_info:
                yield Path(out.fs_path)


def refuse(*checks: Callable[[Any], Iterator[Path]]) -> None:
    """Raise PlainError if a check finds a file."""
    from dvc.exceptions import DvcException  # here, as it takes a second
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            names = [os.path.relpath(path) for check in checks for path in check(repo)]
    except DvcException as error:
        raise PlainError(" ".join(str(error).split())) from None
    if names:
        back = "`git checkout .` and `dvc checkout`, `dvc pull` or `dvc repro` bring back what is"
        raise PlainError(f"not what dvc.lock names: {', '.join(names)}; remove that, then {back}")


if __name__ == "__main__":
    try:
        refuse(cache, results)
    except PlainError as error:
        sys.exit(f"verify: {error}")
    print("the results, and DVC's cache, are what dvc.lock names")
