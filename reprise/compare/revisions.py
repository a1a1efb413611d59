"""Revisions of this repository: parameters, stages, results.

DVC reads a revision's files from git and cached results from its cache. Nothing is checked out.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reprise.errors import PlainError, UserError, closest

WORKSPACE = "workspace"


class MissingResult(PlainError):
    """A result that a revision lacks, with the reason."""


class Revision:
    """The workspace, or a branch, tag, commit or experiment.

    `commit` is None for the workspace. `results` lists the paths of each stage's results. `stale`
    lists the inputs of each stale stage that have changed since it ran.
    """

    def __init__(self, name: str) -> None:
        """Read a revision of the current directory's repository.

        Raises:
            UserError: if there is no such revision or repository.
            PlainError: if DVC cannot read its parameters or its pipeline.
        """
        from dvc.exceptions import DvcException, NotDvcRepoError  # here, as DVC takes a second
        from dvc.repo import Repo

        for quiet in ("dvc", "dvc_objects", "dvc_data"):
            logging.getLogger(quiet).setLevel(logging.ERROR)
        self.name, self.commit = name, None
        self.results: dict[str, list[str]] = {}
        self.stale: dict[str, list[str]] = {}
        self._hashes: dict[str, Any] = {}
        try:
            self._repo = Repo()
            if name != WORKSPACE:
                self.commit = _commit(name, self._repo.scm)
                self._repo = Repo(self._repo.root_dir, rev=self.commit)
            # As dvc.api.params_show, which parses dvc.yaml again.
            files: Any = self._repo.params.show(on_error="raise").get("", {}).get("data", {})
            self.params = {k: v for file in files.values() for k, v in file["data"].items()}
            # Results that are only in the cache. A folder that lacks them has not changed.
            outs = [out for stage in self._repo.index.stages for out in stage.outs]
            self._cached_only = [self._path(out) for out in outs if not out.exists]
            for stage in self._repo.index.stages:  # all items of a foreach or a matrix are one
                key = stage.addressing.rpartition(":")[2].partition("@")[0]
                self.results.setdefault(key, []).extend(map(self._path, stage.outs))
                changes = [] if stage.frozen else self._changes(stage)
                if every := dict.fromkeys([*self.stale.get(key, []), *changes]):
                    self.stale[key] = list(every)
        except NotDvcRepoError:
            if self.commit:
                raise UserError(f"revision {name!r} has no DVC pipeline yet") from None
            raise UserError(f"{Path.cwd()} is not in a DVC repository; run in a clone") from None
        except (DvcException, OSError) as error:
            why = " ".join(str(error).split())
            raise PlainError(f"{name}: DVC cannot read its files: {why}") from None

    def __str__(self) -> str:
        if self.commit is None or self.commit.startswith(self.name):
            return self.name
        return f"{self.name} ({self.commit[:7]})"

    def read(self, path: str) -> bytes:
        """Read a file; MissingResult if the revision lacks it."""
        files, path = self._repo.dvcfs, f"/{path}"  # from the root, not the current directory
        try:
            with files.open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            cached = files.exists(path)
            why = "its content is not in DVC's cache" if cached else "not written or not committed"
            raise MissingResult(why) from None
        except OSError as error:
            raise MissingResult(f"it cannot be read: {error.strerror or error}") from None

    def _changes(self, stage: Any) -> Iterator[str]:
        """Yield inputs that differ from dvc.lock."""
        from dvc.dependency import ParamsDependency

        if getattr(stage, "cmd_changed", False):
            yield "its command"
        for dep in stage.deps:
            path = self._path(dep)
            if isinstance(dep, ParamsDependency):
                for keys in dep.workspace_status().values():
                    yield from keys if isinstance(keys, dict) else [path]
            elif not any(f"{out}/".startswith(f"{path}/") for out in self._cached_only):
                if path not in self._hashes:  # many stages share an input
                    self._hashes[path] = dep.get_hash() if dep.exists else None
                if self._hashes[path] != dep.hash_info:
                    yield path

    def _path(self, file: Any) -> str:
        return self._repo.fs.relpath(file.fs_path, self._repo.root_dir)


def _commit(name: str, scm: Any) -> str:
    from dvc.repo.experiments.utils import exp_refs
    from dvc.scm import NoSCMError, RevError, resolve_rev

    try:
        return str(scm.resolve_commit(resolve_rev(scm, name or "(none)")).hexsha)
    except NoSCMError:
        raise UserError(f"revision {name!r} needs git; run in a clone") from None
    except (RevError, AttributeError):  # the latter for a file, such as HEAD:README.md
        known = [WORKSPACE, "HEAD", *scm.list_branches(), *scm.list_tags()]
        meant = closest(name, [*known, *(ref.name for ref in exp_refs(scm) if ref.name)])
        hint = f"did you mean {meant}?" if meant else "allowed: a branch, tag, commit or experiment"
        raise UserError(f"revision {name!r} is unknown; {hint}") from None
