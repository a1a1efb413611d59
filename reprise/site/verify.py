"""Check results, and DVC's cache, against dvc.lock.

DVC trusts a write-protected file of its cache, and what it copied from there: bytes that a disk or
a hand has changed would pass for a result. This reads every byte. `make verify` runs it, as
`python -m reprise.site.verify`. Exit codes: 0 the same; 1 not.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprise.errors import PlainError, UserError

if TYPE_CHECKING:
    from dvc.repo import Repo


def cache(repo: "Repo") -> Iterator[Path]:
    """Yield each cached file that differs from its name's digest."""
    for path in sorted(Path(repo.cache.local.path).glob("??/*")):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "md5").hexdigest()
        if digest != path.parent.name + path.name.removesuffix(".dir"):
            yield path


def results(repo: "Repo") -> Iterator[Path]:
    """Yield each result that differs from DVC's lock file."""
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.db import HashFileDB

    database: Any = HashFileDB(repo.fs, "")  # empty: it remembers no digest
    for out in repo.index.outs:
        if out.hash_info and out.exists:
            read = {"ignore": repo.dvcignore, "dry_run": True}
            *_, found = build(database, out.fs_path, out.fs, "md5", **read)
            if found.hash_info != out.hash_info:
                yield Path(out.fs_path)


def require_root() -> None:
    """Raise UserError unless the current directory is a repository's root."""
    if not Path(".dvc").is_dir():
        raise UserError(f"{Path.cwd()} has no .dvc; run from the repository's root")


def refuse(*checks: Callable[["Repo"], Iterator[Path]]) -> None:
    """Raise PlainError if a check finds a file."""
    from dvc.exceptions import DvcException  # here, as it takes a second
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            paths = [path for check in checks for path in check(repo)]
    except DvcException as error:
        raise PlainError(" ".join(str(error).split())) from None
    if paths:
        here = Path.cwd()
        names = [str(p.relative_to(here) if p.is_relative_to(here) else p) for p in paths]
        raise PlainError(
            f"not what dvc.lock names: {', '.join(names)}; remove that, then `git checkout .` "
            "and `dvc checkout`, `dvc pull` or `dvc repro` bring back what is"
        )


def main() -> int:
    """Check everything, print the answer, return the exit code."""
    try:
        refuse(cache, results)
    except PlainError as error:
        print(f"verify: {error}", file=sys.stderr)
        return error.exit_code
    print("the results, and DVC's cache, are what dvc.lock names")
    return 0


if __name__ == "__main__":
    sys.exit(main())
