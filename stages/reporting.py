"""Executes one notebook on the results, so that it can be read as it stands.

Reads: params.yaml, notebooks/<notebook>.ipynb and what that reads in data/.
Writes to data/reporting/:
    <notebook>.ipynb    the notebook with its outputs
    <notebook>.failed.ipynb    if a cell fails: as far as it came, with the error; git ignores it

`python -m stages.reporting NOTEBOOK`; dvc.yaml runs it once for each, and only where something that
it reads has changed. Where a notebook fails, the one that was executed before stays: dvc.yaml says
`persist`, so that DVC does not delete it first.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from reprise.errors import UserError, closest
from reprise.hyperparameters import Frozen, Probability
from reprise.pipeline import notebooks, parameters, stage

NAME = "reporting"
FOLDER = stage.RESULTS / NAME


class Params(Frozen):
    """The section of params.yaml: what a notebook needs, as its parameter: a key of params.yaml."""

    confidence: Probability
    notebooks: dict[str, dict[str, str]]


def run(params: Params, notebook: str) -> dict:
    """Execute a notebook with the path of its data and the values it asks for."""
    if notebook not in params.notebooks:
        hint = closest(notebook, params.notebooks)
        raise UserError(
            f"no notebook {notebook!r} in reporting.notebooks of params.yaml"
            + (
                f"; did you mean {hint!r}?"
                if hint
                else f"; there are {', '.join(params.notebooks)}"
            )
        )
    source = Path("notebooks", f"{notebook}.ipynb")
    values = {name: value(key) for name, key in params.notebooks[notebook].items()}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, source.name)
        warned = notebooks.execute(
            source, target, {"data": f"data/{notebook}", **values}, root=Path.cwd(),
            failed=FOLDER / f"{notebook}.failed.ipynb",
        )  # fmt: skip
        for line in warned:
            print(f"{NAME}@{notebook}: {line}", file=sys.stderr)
        return {source.name: target.read_bytes()}


def value(key: str) -> Any:
    """Return what params.yaml holds under a dotted key."""
    found: Any = parameters.read(Path("params.yaml"))
    for depth, part in enumerate(key.split(".")):
        if not isinstance(found, dict) or part not in found:
            before = ".".join(key.split(".")[:depth]) or "params.yaml"
            hint = closest(part, found) if isinstance(found, dict) else None
            raise UserError(
                f"reporting.notebooks names {key}, but {before} has no {part!r}"
                + (f"; did you mean {hint!r}?" if hint else "")
            )
        found = found[part]
    return registered(key) if found is None else found


def registered(key: str) -> Any:
    """Return what a null means: for a time limit, the environment's registered one."""
    from reprise.environments.specification import with_limits

    sections = parameters.read(Path("params.yaml"))
    name, *parts = key.split(".")
    section = sections[name]
    played = sections.get(section.get("stage"), section)  # a study's is that of what it studies
    found: Any = with_limits(section, played["environment"]) if "environment" in played else section
    for part in parts:
        found = found[part]
    return found


def headline(results: dict) -> str:
    """Return the stage in one line."""
    return f"executed data/{NAME}/{next(iter(results))}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline, arguments=("notebook",)))
