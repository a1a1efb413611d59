"""A stage's notebook, executed on results that a test made."""

import shutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from reprise.pipeline import artifacts, notebooks
from tests import tiny


def executed(name: str, results: dict[str, Any], params: BaseModel, folder: Path) -> str:
    """Return the text of a notebook with its outputs.

    Args:
        name: of the stage.
        results: contents by file name.
        params: the stage's parameters that gave them.
        folder: where to write.
    """
    artifacts.write_all(folder / "data" / name, results)
    ledger = Path("data/claims", f"{name}.csv")
    (folder / "data/claims").mkdir(parents=True, exist_ok=True)
    shutil.copy(tiny.ROOT / ledger, folder / ledger)
    given = {
        "data": f"data/{name}",
        "params": params.model_dump(mode="json", warnings=False),
        "changed": [],
    }
    target = folder / "done.ipynb"
    source = tiny.ROOT / "notebooks" / f"{name}.ipynb"
    notebooks.execute(source, target, given | {"confidence": 0.95}, root=folder)
    return target.read_text(encoding="utf-8")
