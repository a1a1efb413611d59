"""Refusal of user modules that DVC does not see.

DVC sees the files below a stage's deps. requirements.lock, a dep, pins the installed modules.
"""

import os
import site
import sys
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path

from ruamel.yaml import YAML

from reprise.errors import UserError

PIPELINES = (Path("dvc.yaml"), Path("extra/dvc.yaml"))


def _places(path: str | Path) -> tuple[str, str]:
    """Return where a path is, and where its links lead."""
    return f"{Path(path).absolute()}/", f"{Path(path).resolve()}/"


PATHS = map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib"))
FOLDERS = {*PATHS, *site.getsitepackages(), site.getusersitepackages()}
INSTALLED = tuple(place for folder in FOLDERS for place in _places(folder))


def check(stage: str, before: Collection[str]) -> None:
    """Check that DVC sees the modules of a stage.

    A stage in no dvc.yaml may load anything; `before` names the modules that the stage did not
    load. A UserError names the module, and how to declare it.
    """
    for pipeline in filter(Path.exists, PIPELINES):
        entry = YAML(typ="safe", pure=True).load(pipeline)["stages"].get(stage, {})
        deps = tuple(place for dep in entry.get("deps", ()) for place in _places(dep))
        for name, path in own_modules() if entry else ():
            if name not in before and not any(place.startswith(deps) for place in _places(path)):
                raise UserError(
                    f"the module {name} is {os.path.relpath(path)}, which DVC does not see: it is "
                    f"below no dep of {stage} in {pipeline}; allowed: a file in environments/, or "
                    "one that you add to these deps"
                )


def own_modules() -> Iterator[tuple[str, Path]]:
    """Yield each loaded module of the user or the project."""
    for name, module in sorted(sys.modules.items()):
        path = Path(getattr(module, "__dict__", {}).get("__file__") or os.__file__)
        if not f"{path}".startswith(INSTALLED) and not f"{path.resolve()}".startswith(INSTALLED):
            yield name, path
