"""Revisions of this repository, read through DVC: parameters, stages, results.

DVC checks nothing out. It reads a revision's files from git, and cached results from its cache.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprise.errors import PlainError, UserError, closest

if TYPE_CHECKING:
    from dvc.stage import Stage

WORKSPACE = "workspace"
ABSENT: Any = object()  # the value of a parameter that a revision lacks


class MissingResult(PlainError):
    """A result that a revision lacks; the message gives the reason."""


class Revision:
    """One revision: `workspace`, a branch, a tag, a commit or the name of an experiment."""

    def __init__(self, name: str) -> None:
        """Find a revision of the repository in the current directory.

        Raises:
            UserError: if there is no such revision.
        """
        from dvc.exceptions import NotDvcRepoError
        from dvc.repo import Repo
        from dvc.scm import NoSCMError, RevError, resolve_rev

        self.name = name
        self.commit: str | None = None
        """The full hash; None for the workspace."""
        self._hashes: dict[str, Any] = {}
        self._repo = Repo(str(root()))
        if name == WORKSPACE:
            return
        scm: Any = self._repo.scm
        try:
            self.commit = str(resolve_rev(scm, name or "(none)"))
            scm.resolve_commit(self.commit)
        except NoSCMError:
            raise UserError(f"revision {name!r} needs git; run in a clone") from None
        except (RevError, AttributeError):  # the latter of a file, such as HEAD:README.md
            raise UserError(f"revision {name!r} is unknown; {_hint(name, scm)}") from None
        try:
            self._repo = Repo(self._repo.root_dir, rev=self.commit)
        except NotDvcRepoError:
            raise UserError(f"revision {name!r} is older than its DVC repository") from None

    def __str__(self) -> str:
        if self.commit is None or self.commit.startswith(self.name):
            return self.name
        return f"{self.name} ({self.commit[:7]})"

    @cached_property
    def params(self) -> dict[str, Any]:
        """Return all parameters as nested mappings; PlainError if DVC cannot read them."""
        with self._reading("parameters"):  # as dvc.api.params_show, which parses dvc.yaml again
            files: Any = self._repo.params.show(on_error="raise").get("", {}).get("data", {})
        return {key: value for file in files.values() for key, value in file["data"].items()}

    @cached_property
    def stages(self) -> dict[str, list[str]]:
        """Return the paths of each stage's results; PlainError if DVC cannot read the pipeline."""
        found: dict[str, list[str]] = {}
        for stage in self._stages:
            found.setdefault(_name(stage), []).extend(self._path(out) for out in stage.outs)
        return found

    def stale(self, stages: Collection[str]) -> dict[str, list[str]]:
        """Return what changed since a stage ran, for those of some stages where anything did.

        This is `dvc status`, which works in the workspace only; PlainError as above.
        """
        found: dict[str, dict[str, None]] = {}  # inside, sets that keep the order
        for stage in self._stages:
            if (name := _name(stage)) in stages and not stage.frozen:
                with self._reading(f"stage {name}"):
                    found.setdefault(name, {}).update(dict.fromkeys(self._changes(stage)))
        return {name: list(changes) for name, changes in found.items() if changes}

    def read(self, path: str) -> bytes:
        """Return the content of a file; MissingResult if the revision or DVC's cache lacks it."""
        files = self._repo.dvcfs
        try:
            with files.open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            cached = files.exists(path)
            why = "its content is not in DVC's cache" if cached else "not written or not committed"
            raise MissingResult(why) from None
        except OSError as error:
            raise MissingResult(f"it cannot be read: {error.strerror or error}") from None

    @cached_property
    def _stages(self) -> list["Stage"]:
        with self._reading("pipeline"):
            return list(self._repo.index.stages)

    def _changes(self, stage: "Stage") -> Iterator[str]:
        """Yield each input of a stage that differs from dvc.lock."""
        from dvc.dependency import ParamsDependency

        if getattr(stage, "cmd_changed", False):
            yield "its command"
        for dep in stage.deps:
            path = self._path(dep)
            if isinstance(dep, ParamsDependency):  # its own status() parses params.yaml each time
                locked: Any = dep.hash_info.value or {}
                for key in dep.params or locked:
                    if locked.get(key, ABSENT) != _at(self.params, key):
                        yield key
            elif not any(f"{out}/".startswith(f"{path}/") for out in self._cached_only):
                if path not in self._hashes:  # many stages share an input
                    self._hashes[path] = dep.get_hash() if dep.exists else None
                if self._hashes[path] != dep.hash_info:
                    yield path

    @cached_property
    def _cached_only(self) -> list[str]:
        """Return the results that are no files here: a folder that lacks one is not changed."""
        outs = (out for stage in self._stages for out in stage.outs)
        return [self._path(out) for out in outs if not out.exists]

    def _path(self, file: Any) -> str:
        return self._repo.fs.relpath(file.fs_path, self._repo.root_dir)

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        from dvc.exceptions import DvcException

        try:
            yield
        except (DvcException, OSError) as error:
            why = " ".join(str(error).split())
            raise PlainError(f"{self.name}: DVC cannot read its {what}: {why}") from None


def root() -> Path:
    """Return the root of the repository around the current directory; UserError if none is."""
    from dvc.exceptions import NotDvcRepoError
    from dvc.repo import Repo

    try:
        return Path(Repo.find_root())
    except NotDvcRepoError:
        raise UserError(f"{Path.cwd()} is in no DVC repository; run in a clone of one") from None


def _hint(name: str, scm: Any) -> str:
    from dvc.repo.experiments.utils import exp_refs

    known = [WORKSPACE, "HEAD", *scm.list_branches(), *scm.list_tags()]
    meant = closest(name, [*known, *(ref.name for ref in exp_refs(scm) if ref.name)])
    return f"did you mean {meant}?" if meant else "allowed: a branch, tag, commit or experiment"


def _at(values: Any, key: str) -> Any:
    """Return the value at a dotted name."""
    for part in key.split("."):
        values = values.get(part, ABSENT) if isinstance(values, dict) else ABSENT
    return values


def _name(stage: "Stage") -> str:
    """Return a stage's name without its file and without the item of a foreach or a matrix."""
    return stage.addressing.rpartition(":")[2].partition("@")[0]
