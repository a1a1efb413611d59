"""Execution of one notebook on its stage's results.

Reads params.yaml, data/inputs/chapter.yaml, notebooks/<notebook>.ipynb and the results that it
shows. Writes to data/reporting/:
    <notebook>.ipynb           the notebook with its outputs
    <notebook>.failed.ipynb    only if a cell fails: the outputs so far and the error, not in git

`python -m stages.reporting NOTEBOOK`. If a notebook fails, its last good execution stays: `persist`
in dvc.yaml keeps DVC from deleting it.
"""

import sys
from pathlib import Path
from typing import Any

from reprise.errors import UserError, closest
from reprise.hyperparameters import Frozen, Probability
from reprise.pipeline import notebooks, parameters, stage

NAME = "reporting"
FOLDER = stage.RESULTS / NAME
NOTEBOOKS = Path("notebooks")


class Params(Frozen):
    """The section of params.yaml."""

    confidence: Probability  # of the intervals that notebooks compute


def run(params: Params, notebook: str) -> dict[str, bytes]:
    """Execute a notebook with its stage's section of params.yaml."""
    source = NOTEBOOKS / f"{notebook}.ipynb"
    if not source.is_file():
        known = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
        meant = closest(notebook, known)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(known)}"
        raise UserError(f"no notebook {notebook!r} in {NOTEBOOKS}; {hint}")
    failed = FOLDER / f"{notebook}.failed.ipynb"
    executed, warned = notebooks.execute(source, given(params, notebook), Path.cwd(), failed)
    for line in warned:
        print(f"{NAME}@{notebook}: {line}", file=sys.stderr)
    return {source.name: executed}


def given(params: Params, notebook: str) -> dict[str, Any]:
    """Collect the parameters of a notebook."""
    stages = None if notebook == "claims" else parameters.sources(notebook)
    return {
        "data": f"{stage.RESULTS}/{notebook}",
        "params": section(notebook),
        "changed": parameters.changes(stages),
        "confidence": params.confidence,
    }


def section(name: str) -> dict[str, Any]:
    """Read a section, with its environment's time limits."""
    from reprise.environments.specification import with_limits

    sections = parameters.read()
    found = sections[name]
    played = sections.get(found.get("stage"), found)  # a study plays what it studies
    return with_limits(found, played["environment"]) if "environment" in played else found


def headline(results: dict[str, bytes]) -> str:
    """Name the executed notebook."""
    return f"executed data/{NAME}/{next(iter(results))}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline, arguments=("notebook",)))
