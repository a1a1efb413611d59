"""What a revision of this repository holds, read through DVC: parameters, stages, their results.

A revision is the workspace or whatever DVC resolves: a branch, a tag, a commit, the name of an
experiment. Nothing is checked out; what DVC caches is read from its cache.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprise.errors import PlainError, UserError, closest

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc.stage import Stage
    from scmrepo.git import Git

WORKSPACE = "workspace"
PARAMS = "params.yaml"


class MissingResult(PlainError):
    """A result that a revision does not have; the message says why."""


class Revision:
    """A revision, and how to read it."""

    def __init__(self, name: str, commit: str | None, repo: "Repo") -> None:
        self.name = name
        self.commit = commit
        """Its full hash; None for the workspace."""
        self._repo = repo

    def __str__(self) -> str:
        if self.commit is None or self.commit.startswith(self.name):
            return self.name
        return f"{self.name} ({self.commit[:7]})"

    @cached_property
    def params(self) -> dict[str, Any]:
        """Return its parameters by dotted name; those of files but params.yaml begin with the file.

        Raises:
            PlainError: if DVC cannot read them.
        """
        from dvc.exceptions import DvcException

        try:
            shown = self._repo.params.show()
        except DvcException as error:
            raise self._unreadable("parameters", error) from None
        found: dict[str, Any] = {}
        for path, file in shown.get("", {}).get("data", {}).items():
            if "error" in file:
                raise self._unreadable(path, file["error"])
            assert "data" in file
            start = "" if path == PARAMS else f"{path}:"
            found |= {f"{start}{key}": value for key, value in _leaves(file["data"])}
        return found

    @cached_property
    def stages(self) -> dict[str, list[str]]:
        """Return for each stage the paths that it writes, from the root, in the pipeline's order.

        Raises:
            PlainError: if DVC cannot read the pipeline.
        """
        from dvc.exceptions import DvcException

        try:
            every = list(self._repo.index.stages)
        except DvcException as error:
            raise self._unreadable("pipeline", error) from None
        found: dict[str, list[str]] = {}
        for stage in every:
            found.setdefault(_name(stage), []).extend(
                self._repo.fs.relpath(out.fs_path, self._repo.root_dir) for out in stage.outs
            )
        return found

    def read(self, path: str) -> bytes:
        """Return what a file holds.

        Raises:
            MissingResult: if the revision does not have it, or DVC's cache does not.
        """
        files = self._repo.dvcfs
        try:
            with files.open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            if files.exists(path):
                raise MissingResult("its content is not in DVC's cache") from None
            raise MissingResult("never written, or not committed") from None

    def _unreadable(self, what: str, error: object) -> PlainError:
        told = " ".join(str(error).split())
        return PlainError(f"{self.name}: DVC cannot read its {what}: {told}")


def revision(name: str) -> Revision:
    """Return a revision by name; `workspace` is the working tree.

    Raises:
        UserError: if there is no such revision, or no repository here.
    """
    from dvc.exceptions import NotDvcRepoError
    from dvc.fs import GitFileSystem
    from dvc.repo import Repo
    from dvc.scm import RevError, resolve_rev
    from scmrepo.git import Git

    try:
        repo = Repo()
    except NotDvcRepoError:
        raise UserError(f"{Path.cwd()} is in no DVC repository; run in a clone of one") from None
    if name == WORKSPACE:
        return Revision(name, None, repo)
    if not isinstance(scm := repo.scm, Git):
        raise UserError(f"revision {name!r} is asked for where there is no git; run in a clone")
    try:
        commit = resolve_rev(scm, name)
    except RevError:
        raise UserError(_unknown(name, scm)) from None
    inside = os.path.relpath(repo.root_dir, scm.root_dir)
    root = "/" if inside == "." else f"/{inside}"
    try:
        return Revision(name, commit, Repo(root, fs=GitFileSystem(scm=scm, rev=commit), scm=scm))
    except NotDvcRepoError:
        raise UserError(f"revision {name!r} is older than its DVC repository") from None


def _unknown(name: str, scm: "Git") -> str:
    from dvc.repo.experiments.utils import exp_refs

    experiments = [ref.name for ref in exp_refs(scm) if ref.name]
    known = [WORKSPACE, "HEAD", *scm.list_branches(), *scm.list_tags(), *experiments]
    meant = closest(name, known)
    hint = f"did you mean {meant}?" if meant else "allowed: a branch, tag, commit or experiment"
    return f"revision {name!r} is unknown; {hint}"


def _name(stage: "Stage") -> str:
    """Return a stage's name without its file, and without the item of a foreach or a matrix."""
    return stage.addressing.rpartition(":")[2].partition("@")[0]


def _leaves(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield each value by its dotted name; a list is one value, as is an empty mapping."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*keys, str(key)))
    else:
        yield ".".join(keys), value
