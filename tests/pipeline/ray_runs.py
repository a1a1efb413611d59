"""Runs something on an engine and writes what came out, as a process of its own.

python -m tests.pipeline.ray_runs ENGINE ADDRESS WORK FOLDER
"""

import functools
import hashlib
import json
import os
import sys
import time
from pathlib import Path

from reprise.errors import PlainError
from reprise.pipeline import artifacts, execution, packs
from reprise.pipeline.execution import Execution
from tests import tiny
from tests.pipeline import pack_tasks

SECONDS = 1.5


def slowly(folder: Path, pack: packs.Pack) -> list[list[float]]:
    """Leave a note of the pack and of this process, take a while, and return the pack's draws."""
    (folder / f"{pack.index} {os.getpid()} {time.monotonic_ns()}").touch()
    time.sleep(SECONDS)
    return pack_tasks.draws(pack).tolist()


def work(name: str, folder: Path) -> object:
    """Return the digests of a tiny stage's results, or what many slow packs give."""
    if name == "slowly":
        return packs.run(functools.partial(slowly, folder), packs.cut(12, 2), label="slowly")
    results = tiny.stage(name).run(tiny.params(name))
    return {
        file: hashlib.sha256(artifacts.render(file, content)).hexdigest()
        for file, content in results.items()
    }


def main(engine: str, address: str, name: str, folder: Path) -> int:
    """Write result.json into a folder."""
    used = Execution.model_validate(
        {"engine": engine, "address": address or None, "workers": None if address else 2}
    )
    try:
        with execution.used(used):
            (folder / "result.json").write_text(json.dumps(work(name, folder)))
    except PlainError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4], folder=Path(sys.argv[4])))
