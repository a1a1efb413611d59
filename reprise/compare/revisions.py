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
        self._hashes: dict[str, Any] = {}

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
        found: dict[str, list[str]] = {}
        for stage in self._every:
            found.setdefault(_name(stage), []).extend(self._path(out) for out in stage.outs)
        return found

    @cached_property
    def _every(self) -> list["Stage"]:
        from dvc.exceptions import DvcException

        try:
            return list(self._repo.index.stages)
        except DvcException as error:
            raise self._unreadable("pipeline", error) from None

    def changed(self, stage: str) -> list[str]:
        """Return what a stage depends on and what has changed since it ran, if that is known.

        Code, parameters and results of other stages, as `dvc status` names them; what waits in
        DVC's cache only is not looked at.

        Raises:
            PlainError: if DVC cannot read one of them.
        """
        from dvc.exceptions import DvcException

        mine = [each for each in self._every if _name(each) == stage and not each.frozen]
        try:
            found = [name for each in mine for name in self._moved(each)]
        except (DvcException, OSError) as error:
            raise self._unreadable(f"stage {stage}", error) from None
        return list(dict.fromkeys(found))

    def _moved(self, stage: "Stage") -> Iterator[str]:
        """Yield what a stage depends on and what is another than dvc.lock says."""
        from dvc.dependency import ParamsDependency

        if getattr(stage, "cmd_changed", False):
            yield "its command"
        for dep in stage.deps:
            path = self._path(dep)
            if isinstance(dep, ParamsDependency):
                for keys in dep.status().values():
                    yield from keys if isinstance(keys, Mapping) else [path]
            elif self._here(path) and (not dep.exists or dep.hash_info != self._hash(dep, path)):
                yield path

    def _here(self, path: str) -> bool:
        """Whether all results of stages that are a file, or in a folder, are out of the cache."""
        return all(there for out, there in self._there.items() if out.startswith(f"{path}/"))

    @cached_property
    def _there(self) -> dict[str, bool]:
        """Return by its path, with a slash at its end, whether each result is out of the cache."""
        return {f"{self._path(out)}/": out.exists for stage in self._every for out in stage.outs}

    def _hash(self, dep: Any, path: str) -> Any:
        if path not in self._hashes:
            self._hashes[path] = dep.get_hash()
        return self._hashes[path]

    def _path(self, file: Any) -> str:
        """Return a file's path from the root."""
        return self._repo.fs.relpath(file.fs_path, self._repo.root_dir)

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
        except OSError as error:
            raise MissingResult(f"it cannot be read: {error.strerror or error}") from None

    def _unreadable(self, what: str, error: object) -> PlainError:
        told = " ".join(str(error).split())
        return PlainError(f"{self.name}: DVC cannot read its {what}: {told}")


def root() -> Path:
    """Return the root of the repository in which the current directory is.

    Raises:
        UserError: if it is in none.
    """
    from dvc.exceptions import NotDvcRepoError
    from dvc.repo import Repo

    try:
        return Path(Repo.find_root())
    except NotDvcRepoError:
        raise UserError(f"{Path.cwd()} is in no DVC repository; run in a clone of one") from None


def revision(name: str) -> Revision:
    """Return a revision by name, as seen from the root; `workspace` is the working tree.

    Raises:
        UserError: if there is no such revision, or no repository here.
    """
    from dvc.exceptions import NotDvcRepoError
    from dvc.fs import GitFileSystem
    from dvc.repo import Repo
    from dvc.scm import RevError, resolve_rev
    from scmrepo.git import Git

    repo = Repo(str(root()))
    if name == WORKSPACE:
        return Revision(name, None, repo)
    if not isinstance(scm := repo.scm, Git):
        raise UserError(f"revision {name!r} is asked for where there is no git; run in a clone")
    try:
        commit = resolve_rev(scm, name or "(none)")
        scm.resolve_commit(commit)
    except (RevError, AttributeError):  # the latter of what is no commit, such as HEAD:README.md
        raise UserError(_unknown(name, scm)) from None
    inside = os.path.relpath(repo.root_dir, scm.root_dir)
    top = "/" if inside == "." else f"/{inside}"
    try:
        return Revision(name, commit, Repo(top, fs=GitFileSystem(scm=scm, rev=commit), scm=scm))
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
