"""Says whether results are still those that dvc.lock names, in the workspace and in DVC's cache.

DVC takes a write-protected file of its cache for what its name says, and what it copied from there,
too: bytes that a disk or a hand has changed would pass for a result. Here every byte is read.

Used by `make verify`, as `python -m reprise.site.verify`. Exit codes: 0 they are; 1 not.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reprise.errors import PlainError, UserError

if TYPE_CHECKING:
    from dvc.repo import Repo

Check = Callable[["Repo"], Iterator[Path]]


class ChangedError(PlainError):
    """Files that do not hold what they should; the message names them and the way back."""


def cache(repo: "Repo") -> Iterator[Path]:
    """Yield each file of DVC's cache whose content is not what its name says."""
    folder = Path(repo.cache.local.path)
    for path in sorted(folder.glob("??/*")):
        if _digest(path) != path.parent.name + path.name.removesuffix(".dir"):
            yield path


def results(repo: "Repo") -> Iterator[Path]:
    """Yield each result that is not what a lock file of DVC's says; one that is missing is none."""
    for out in repo.index.outs:
        path = Path(out.fs_path)
        digest = _folder_digest if path.is_dir() else _digest
        if out.hash_info and path.exists() and digest(path, repo) != out.hash_info.value:
            yield path


def require_root() -> None:
    """Check that the current directory is a repository's root.

    Raises:
        UserError: if it is not.
    """
    if not Path(".dvc").is_dir():
        raise UserError(f"{Path.cwd()} has no .dvc; run from the repository's root")


def refuse(*checks: Check) -> None:
    """Check the repository of the current directory.

    Raises:
        ChangedError: if anything is not as it should be.
        PlainError: if DVC cannot read its own files.
    """
    from dvc.exceptions import DvcException  # here, as it takes a second
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            changed = [_relative(path) for check in checks for path in check(repo)]
    except DvcException as error:
        raise PlainError(" ".join(str(error).split())) from None
    if changed:
        raise ChangedError(
            f"not what dvc.lock names: {', '.join(changed)}; remove that, then `git checkout .` "
            "and `dvc checkout`, `dvc pull` or `dvc repro` bring back what is"
        )


def main() -> int:
    """Check everything, say so, return the exit code."""
    try:
        refuse(cache, results)
    except PlainError as error:
        print(f"verify: {error}", file=sys.stderr)
        return error.exit_code
    print("the results, and DVC's cache, are what dvc.lock names")
    return 0


def _digest(path: Path, _: object = None) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _folder_digest(path: Path, repo: "Repo") -> str | None:
    """Return what DVC calls a folder: the digest of a list of its files and theirs."""
    from dvc_data.hashfile.hash_info import HashInfo
    from dvc_data.hashfile.tree import Tree

    tree = Tree()
    for name in repo.dvcignore.find(repo.fs, str(path)):
        tree.add(Path(name).relative_to(path).parts, None, HashInfo("md5", _digest(Path(name))))
    tree.digest()
    return tree.hash_info.value if tree.hash_info else None


def _relative(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


if __name__ == "__main__":
    sys.exit(main())
