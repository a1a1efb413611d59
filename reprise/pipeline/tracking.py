"""Refuses to run a user's own modules, such as an environment's, that DVC does not see.

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
PLACE = "environments/"
INSTALLED = {
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    *site.getsitepackages(),
    site.getusersitepackages(),
}


def check(stage: str, before: Collection[str]) -> None:
    """Check that DVC would run the stage again if a loaded module changed.

    Args:
        stage: the name of a stage; one that is in no dvc.yaml may load anything.
        before: the names of the modules that the stage did not load.

    Raises:
        UserError: names the module, and how to declare it.
    """
    for pipeline in PIPELINES:
        stages = YAML(typ="safe", pure=True).load(pipeline) if pipeline.exists() else {}
        if entry := stages.get("stages", {}).get(stage):
            deps = [place for dep in entry.get("deps", []) for place in _places(Path(str(dep)))]
            break
    else:
        return
    for name, path in own_modules():
        if name in before or any(p.is_relative_to(dep) for p in _places(path) for dep in deps):
            continue
        raise UserError(
            f"the module {name} is {_shown(path)}, which DVC does not see: it is below no dep of "
            f"{stage} in {pipeline}; allowed: a file in {PLACE}, or one that you add to these deps"
        )


def own_modules() -> Iterator[tuple[str, Path]]:
    """Yield the name and file of each module that is loaded and not installed."""
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


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
