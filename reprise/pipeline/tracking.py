"""Refusal of user modules that DVC does not see.

DVC sees the files below a stage's deps. requirements.lock, a dep, pins the installed modules.
"""

import site
import sys
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path

from ruamel.yaml import YAML

from reprise.errors import UserError

PIPELINES = (Path("dvc.yaml"), Path("extra/dvc.yaml"))
INSTALLED = {
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    *site.getsitepackages(),
    site.getusersitepackages(),
}


def check(stage: str, before: Collection[str]) -> None:
    """Check that DVC sees the modules of a stage.

    A stage in no dvc.yaml may load anything; `before` names the modules that the stage did not
    load. A UserError names the module, and how to declare it.
    """
    for pipeline in filter(Path.exists, PIPELINES):
        entry = YAML(typ="safe", pure=True).load(pipeline)["stages"].get(stage)
        deps = [place for dep in (entry or {}).get("deps", ()) for place in _places(Path(dep))]
        for name, path in own_modules() if entry else ():
            seen = any(place.is_relative_to(dep) for place in _places(path) for dep in deps)
            if name not in before and not seen:
                here = Path.cwd()
                shown = path.relative_to(here) if path.is_relative_to(here) else path
                raise UserError(
                    f"the module {name} is {shown}, which DVC does not see: it is below no dep of "
                    f"{stage} in {pipeline}; allowed: a file in environments/, or one that you add "
                    "to these deps"
                )


def own_modules() -> Iterator[tuple[str, Path]]:
    """Yield each loaded module of the user or the project."""
    installed = tuple(f"{place}/" for folder in INSTALLED for place in _places(Path(folder)))
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__dict__", {}).get("__file__")
        if file and not f"{file}".startswith(installed):
            path = Path(file)
            if not str(path.resolve()).startswith(installed):
                yield name, path


def _places(path: Path) -> set[Path]:
    """Return where a path is, and where its links lead."""
    return {path.absolute(), path.resolve()}
